//! The temperature outside: Astana's months, warm and cold spells, day and night.
//!
//! A pure function of seed and time, so buses can ask for instants in any order. Monthly means and mean
//! minima are those of published climate tables. The deviation from day to day is assumed: 6 K in January
//! and 3.5 K in July, with a correlation of 0.8 to the next day.

use std::f64::consts::TAU;

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

use crate::local_time::{DAY_SECONDS, day_number};
use crate::noise::{hash, normal};

mod spell;

pub use spell::Spell;

/// Mean of each month, °C, January first.
const MONTH_MEAN_CELSIUS: [f64; 12] = [
    -14.0, -14.0, -6.0, 6.0, 13.0, 19.0, 20.0, 18.0, 12.0, 4.0, -6.0, -12.0,
];

/// Mean of the daily minima of each month, °C.
const MONTH_MINIMUM_CELSIUS: [f64; 12] = [
    -18.0, -18.0, -11.0, 0.0, 7.0, 12.0, 15.0, 12.0, 6.0, -1.0, -9.0, -16.0,
];

/// The city's records; simulated temperatures stay between them.
const RECORDS_CELSIUS: (f64, f64) = (-51.6, 41.6);

/// Correlation of the anomalies of neighbouring days.
const PERSISTENCE: f64 = 0.8;

/// How many days before have an effect on an anomaly: 0.8²⁴ is half a percent.
const MEMORY_DAYS: i64 = 24;

/// Solar time at 71.43° east is ahead of UTC by this, s. Weather follows solar time.
const SOLAR_OFFSET_SECONDS: f64 = 71.43 / 15.0 * 3600.0;

/// How long the temperature changes before a cold snap and after it, h.
const SNAP_EDGE_HOURS: f64 = 12.0;

/// Some days at a given temperature instead of a random one. It may be a warm one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColdSnap {
    /// The first local day.
    pub from: Date,
    /// How many days.
    pub days: u32,
    /// Mean temperature, °C. The difference of day and night is half of the usual one.
    pub temperature_celsius: f32,
}

/// A whole autumn and winter within some days: the temperature falls linearly, and nights are a little
/// colder.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cooling {
    from: UnixMicroseconds,
    to: UnixMicroseconds,
    first_celsius: f64,
    last_celsius: f64,
}

impl Cooling {
    /// Half of the difference between day and night, K.
    const DAILY_KELVIN: f64 = 2.0;

    fn celsius(&self, at: UnixMicroseconds, days: f64) -> f64 {
        let length = self.to.seconds_since(self.from).max(1.0);
        let share = (at.seconds_since(self.from) / length).clamp(0.0, 1.0);
        let mean = self.first_celsius + (self.last_celsius - self.first_celsius) * share;
        mean + Self::DAILY_KELVIN * (TAU * (days - 15.0 / 24.0)).cos()
    }
}

/// The weather of one simulation.
#[derive(Debug, Clone, PartialEq)]
pub struct Climate {
    seed: u64,
    cooling: Option<Cooling>,
    spells: Vec<Spell>,
    cold_snap: Option<ColdSnap>,
    constant_celsius: Option<f32>,
}

impl Climate {
    /// Random weather from a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            cooling: None,
            spells: Vec::new(),
            cold_snap: None,
            constant_celsius: None,
        }
    }

    /// The same weather with a cold snap.
    #[must_use]
    pub fn with_cold_snap(mut self, cold_snap: ColdSnap) -> Self {
        self.cold_snap = Some(cold_snap);
        self
    }

    /// A temperature that falls linearly from one value to another, °C, between two instants, with a small
    /// difference between day and night. So a few days contain all temperature bands of a winter.
    pub fn falling(
        from: UnixMicroseconds,
        to: UnixMicroseconds,
        first_celsius: f64,
        last_celsius: f64,
    ) -> Self {
        Self {
            cooling: Some(Cooling {
                from,
                to,
                first_celsius,
                last_celsius,
            }),
            ..Self::new(0)
        }
    }

    /// Given weather: spells in the order of time. Before the first one begins, its weather holds too.
    pub fn in_spells(spells: Vec<Spell>) -> Self {
        Self {
            spells,
            ..Self::new(0)
        }
    }

    /// Always the same temperature, °C, limited to the city's records.
    pub fn constant(temperature_celsius: f32) -> Self {
        Self {
            constant_celsius: Some(temperature_celsius),
            ..Self::new(0)
        }
    }

    /// Temperature of the air outside, °C, limited to the city's records.
    pub fn exterior_temperature_celsius(&self, at: UnixMicroseconds) -> f32 {
        let days = (at.0 as f64 / 1e6 + SOLAR_OFFSET_SECONDS) / DAY_SECONDS as f64;
        let temperature = match (self.constant_celsius, &self.cooling) {
            (Some(constant), _) => f64::from(constant),
            (None, Some(cooling)) => cooling.celsius(at, days),
            (None, None) if !self.spells.is_empty() => spell::celsius(&self.spells, at, days),
            (None, None) => self.random_celsius(days),
        };
        temperature.clamp(RECORDS_CELSIUS.0, RECORDS_CELSIUS.1) as f32
    }

    /// Random temperature, °C; `days` are solar days since 1970 with fraction.
    fn random_celsius(&self, days: f64) -> f64 {
        let mean = month_value(&MONTH_MEAN_CELSIUS, days);
        let swing = mean - month_value(&MONTH_MINIMUM_CELSIUS, days);
        // Warmest at 15 h.
        let daily = swing * (TAU * (days - 15.0 / 24.0)).cos();
        let drawn = mean + daily + self.anomaly_kelvin(days, mean);
        match self.cold_snap {
            None => drawn,
            Some(snap) => {
                let weight = snap.weight(days);
                let spell = f64::from(snap.temperature_celsius) + daily / 2.0;
                drawn * (1.0 - weight) + spell * weight
            }
        }
    }

    fn anomaly_kelvin(&self, days: f64, month_mean_celsius: f64) -> f64 {
        let deviation = (4.9 - 0.07 * month_mean_celsius).clamp(3.0, 7.0);
        let from_noon = days - 0.5;
        let day = from_noon.floor();
        let weight = smooth_step(from_noon - day);
        let day = day as i64;
        let anomaly = self.day_anomaly(day) * (1.0 - weight) + self.day_anomaly(day + 1) * weight;
        deviation * anomaly
    }

    /// An AR(1) process with standard deviation 1, written as a sum.
    fn day_anomaly(&self, day: i64) -> f64 {
        let sum = (0..MEMORY_DAYS).rev().fold(0.0, |sum, back| {
            sum * PERSISTENCE + normal(hash(&[self.seed, (day - back) as u64]))
        });
        sum * (1.0 - PERSISTENCE * PERSISTENCE).sqrt()
    }
}

impl ColdSnap {
    /// 1 during the cold snap, 0 far from it, smooth between.
    fn weight(&self, days: f64) -> f64 {
        let edge = SNAP_EDGE_HOURS / 24.0;
        let first = day_number(self.from) as f64;
        let end = first + f64::from(self.days);
        let into = smooth_step(((days - first) / edge + 1.0).clamp(0.0, 1.0));
        let out = smooth_step(((end - days) / edge + 1.0).clamp(0.0, 1.0));
        into * out
    }
}

/// The value of a monthly table at a day, linear between the middles of the months.
fn month_value(table: &[f64; 12], days: f64) -> f64 {
    let months = (days / 365.2425).rem_euclid(1.0) * 12.0 - 0.5;
    let month = months.floor();
    let weight = months - month;
    let index = (month as i64).rem_euclid(12) as usize;
    table[index] * (1.0 - weight) + table[(index + 1) % 12] * weight
}

/// Rises from 0 to 1 with slope 0 at both ends.
fn smooth_step(x: f64) -> f64 {
    x * x * (3.0 - 2.0 * x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local_time::{day_number as day_of, instant};
    use jiff::civil::date;

    /// Mean over the days of a month of ten years.
    fn month_mean(climate: &Climate, month: i8) -> f64 {
        let mut sum = 0.0;
        let mut count = 0.0;
        for year in 2015..2025 {
            let first = day_of(date(year, month, 1));
            for hour in 0..28 * 24 {
                let at = instant(first + hour / 24, (hour % 24) as f64);
                sum += f64::from(climate.exterior_temperature_celsius(at));
                count += 1.0;
            }
        }
        sum / count
    }

    #[test]
    fn months_have_the_means_of_the_table() {
        let climate = Climate::new(3);
        for month in 1..=12 {
            let expected = MONTH_MEAN_CELSIUS[month as usize - 1];
            let got = month_mean(&climate, month);
            assert!(
                (got - expected).abs() < 3.5,
                "month {month}: {got} instead of {expected}"
            );
        }
    }

    #[test]
    fn the_temperature_is_smooth_and_afternoons_are_warmer() {
        let climate = Climate::new(5);
        let mut warmer = 0;
        for day in 19_700..20_100 {
            let at = |hour| f64::from(climate.exterior_temperature_celsius(instant(day, hour)));
            warmer += i32::from(at(15.0) > at(3.0));
            for minute in 0..24 * 60 {
                let hour = f64::from(minute) / 60.0;
                assert!(
                    (at(hour + 1.0 / 60.0) - at(hour)).abs() < 0.15,
                    "day {day} at {hour}"
                );
            }
        }
        assert!(warmer > 350, "{warmer} of 400 afternoons");
    }

    #[test]
    fn a_cold_snap_has_the_given_temperature_and_ends() {
        let from = date(2025, 1, 10);
        let snap = ColdSnap {
            from,
            days: 3,
            temperature_celsius: -38.0,
        };
        let climate = Climate::new(1).with_cold_snap(snap);
        let plain = Climate::new(1);
        for hour in 0..72 {
            let at = instant(day_of(from) + hour / 24, (hour % 24) as f64);
            let temperature = climate.exterior_temperature_celsius(at);
            assert!((-41.0..-35.0).contains(&temperature), "{at}: {temperature}");
        }
        for day in [-1, 4] {
            let at = instant(day_of(from) + day, 0.0);
            let (with, without) = (
                climate.exterior_temperature_celsius(at),
                plain.exterior_temperature_celsius(at),
            );
            assert!((with - without).abs() < 1e-3, "{at}");
        }
    }
}
