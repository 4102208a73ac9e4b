//! How warm the cabin was compared with its set-point, and whether it was heated.

use super::Merge;
use crate::activity::CONDITIONING_WATTS_MIN;
use crate::exterior::ZERO_CELSIUS_KELVIN;
use crate::interval::Interval;
use crate::sample::Sample;

/// What counts as near a set-point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comfort {
    /// Largest difference from the set-point that is near it, K.
    pub cabin_tolerance_kelvin: f64,
}

impl Default for Comfort {
    fn default() -> Self {
        Self {
            cabin_tolerance_kelvin: 3.0,
        }
    }
}

/// Sums of the cabin.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(
    missing_docs,
    reason = "see `energy_bucket`; the units are in the names"
)]
pub struct Cabin {
    pub kelvin_seconds: f64,
    pub seconds: f64,
    pub setpoint_seconds: f64,
    pub near_seconds: f64,
    pub cold_seconds: f64,
    pub heating_seconds: f64,
}

impl Cabin {
    /// A set-point is a state: the value of the first sample holds for the interval.
    pub(super) fn add(&mut self, interval: &Interval<'_>, comfort: Comfort) {
        let kelvin = |s: &Sample| {
            let celsius = s.cabin_temperature_celsius;
            celsius.map(|celsius| celsius + ZERO_CELSIUS_KELVIN)
        };
        if let Some(kelvin_seconds) = interval.integral(kelvin) {
            self.kelvin_seconds += kelvin_seconds;
            self.seconds += interval.seconds;
        }
        let first = interval.first;
        let cabin = first.cabin_temperature_celsius;
        if let Some((cabin, setpoint)) = cabin.zip(first.cabin_setpoint_celsius) {
            self.setpoint_seconds += interval.seconds;
            if (cabin - setpoint).abs() <= comfort.cabin_tolerance_kelvin {
                self.near_seconds += interval.seconds;
            } else if cabin < setpoint {
                self.cold_seconds += interval.seconds;
            }
        }
        if is_heated(interval) {
            self.heating_seconds += interval.seconds;
        }
    }
}

impl Merge for Cabin {
    fn merge(&mut self, other: &Self) {
        self.kelvin_seconds += other.kelvin_seconds;
        self.seconds += other.seconds;
        self.setpoint_seconds += other.setpoint_seconds;
        self.near_seconds += other.near_seconds;
        self.cold_seconds += other.cold_seconds;
        self.heating_seconds += other.heating_seconds;
    }
}

/// Whether the cabin is heated, by electricity or fuel.
fn is_heated(interval: &Interval<'_>) -> bool {
    let joules = |value: fn(&Sample) -> Option<f64>| interval.integral(value).unwrap_or(0.0);
    let electric = joules(|s| s.cabin_heater_power_watts) + joules(|s| s.heat_pump_power_watts);
    electric >= CONDITIONING_WATTS_MIN * interval.seconds
        || interval
            .integral(|s| s.fuel_heater_rate_litres_per_hour)
            .is_some_and(|litres| litres > 0.0)
}
