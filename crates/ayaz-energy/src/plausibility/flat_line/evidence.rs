//! Evidence that contradicts a repeated value.

use super::{MOVING_KMH, Watched};
use crate::plausibility::buffer::{Buffer, Trail};
use crate::plausibility::config::FlatLineConfig;
use crate::sample::Sample;

/// Relative voltage swing at which the current must change.
const VOLTAGE_SWING: f64 = 0.02;

/// Swing of the accelerator, %.
const ACCELERATOR_SWING_PERCENT: f64 = 30.0;

/// A slower repeated speed is standing, or creeping on a coarse scale, km/h.
const SPEED_MIN_KMH: f64 = 3.0;

/// Relative difference at which distances contradict each other; and the absolute one, km, for
/// odometers in steps of 1 km, 0.1 km and less, and for positions.
const DISTANCE_SHARE: f64 = 1.0 / 3.0;
const ODOMETER_KM: [f64; 3] = [1.1, 0.15, 0.05];
const POSITION_KM: f64 = 0.15;

/// No vehicle on a road is faster, km/h.
const SPEED_MAX_KMH: f64 = 160.0;

const KM_PER_DEGREE: f64 = 111.2;

/// Whether the samples from `first` to the newest contradict that the value is the same in all.
pub(super) fn contradicts(
    trail: &Trail,
    buffer: &Buffer,
    first: u64,
    watched: Watched,
    value: f64,
    config: &FlatLineConfig,
) -> Option<bool> {
    let end = trail.end();
    if watched == Watched::Speed {
        let (a, b) = (trail.entry(buffer, first)?, trail.entry(buffer, end - 1)?);
        let hours = trail.at(end - 1)?.saturating_sub(trail.at(first)?) as f64 / 3.6e9;
        let km = value.abs() * hours;
        if drove_otherwise(&a.sample, &b.sample, km, hours).unwrap_or(false) {
            return Some(true);
        }
        if value.abs() < SPEED_MIN_KMH || is_coarse(value) {
            return Some(false);
        }
    }
    let mut seen = Seen::default();
    for (_, sample) in trail.samples(buffer, first, end) {
        seen.add(sample);
    }
    let swing_watts = config.power_swing_kw * 1e3;
    let moves = seen.traction.swing() >= swing_watts
        || seen.accelerator.swing() >= ACCELERATOR_SWING_PERCENT
        || seen.speed_rise.min(seen.speed_fall) >= config.speed_swing_kmh;
    Some(match watched {
        Watched::Speed => {
            seen.traction.swing() >= swing_watts
                || (seen.traction.count == 0 && seen.power.swing() >= 2.0 * swing_watts)
        }
        Watched::Current => {
            moves || seen.voltage.swing() >= VOLTAGE_SWING * seen.voltage.highest[0].abs()
        }
        Watched::Voltage => moves || seen.current.swing() >= config.current_swing_amperes,
    })
}

/// Whether odometer or position show another distance than `km`.
fn drove_otherwise(a: &Sample, b: &Sample, km: f64, hours: f64) -> Option<bool> {
    let km_max = 1.1 + SPEED_MAX_KMH * hours;
    if let (Some(a), Some(b)) = (a.odometer_km, b.odometer_km) {
        let driven = b - a;
        // An odometer that does not advance may be stuck itself, and one that jumps is wrong.
        if driven <= 0.0 || driven > km_max {
            return Some(false);
        }
        let resolution = if is_multiple(a, 1.0) && is_multiple(b, 1.0) {
            ODOMETER_KM[0]
        } else if is_multiple(a, 0.1) && is_multiple(b, 0.1) {
            ODOMETER_KM[1]
        } else {
            ODOMETER_KM[2]
        };
        return Some((driven - km).abs() > DISTANCE_SHARE * driven.max(km) + resolution);
    }
    let north = b.latitude_degrees? - a.latitude_degrees?;
    let east =
        (b.longitude_degrees? - a.longitude_degrees?) * a.latitude_degrees?.to_radians().cos();
    // The way may be longer than the straight line, never shorter.
    let moved = north.hypot(east) * KM_PER_DEGREE;
    Some(moved > km * (1.0 + DISTANCE_SHARE) + POSITION_KM && moved <= km_max)
}

/// Whether a scale of 0.1 km/h or coarser explains that a speed repeats.
fn is_coarse(kmh: f64) -> bool {
    is_multiple(kmh, 0.1)
}

fn is_multiple(value: f64, unit: f64) -> bool {
    let units = value / unit;
    (units - units.round()).abs() < 1e-4
}

/// The three highest and lowest values.
#[derive(Debug, Clone, Copy)]
struct Extremes {
    highest: [f64; 3],
    lowest: [f64; 3],
    count: u32,
}

impl Default for Extremes {
    fn default() -> Self {
        Self {
            highest: [f64::NEG_INFINITY; 3],
            lowest: [f64::INFINITY; 3],
            count: 0,
        }
    }
}

impl Extremes {
    fn add(&mut self, value: Option<f64>) {
        let Some(mut high) = value else { return };
        let mut low = high;
        self.count += 1;
        for place in &mut self.highest {
            (*place, high) = (place.max(high), place.min(high));
        }
        for place in &mut self.lowest {
            (*place, low) = (place.min(low), place.max(low));
        }
    }

    /// From the third lowest to the third highest; 0 with fewer than six.
    fn swing(&self) -> f64 {
        if self.count < 6 {
            return 0.0;
        }
        self.highest[2] - self.lowest[2]
    }
}

/// The values of a window: traction, accelerator and voltage only while moving, power and current
/// only while unplugged.
#[derive(Debug, Clone, Default)]
struct Seen {
    traction: Extremes,
    accelerator: Extremes,
    voltage: Extremes,
    current: Extremes,
    power: Extremes,
    speeds: [Option<f64>; 2],
    speed_lowest: Option<f64>,
    speed_highest: Option<f64>,
    speed_rise: f64,
    speed_fall: f64,
}

impl Seen {
    fn add(&mut self, sample: &Sample) {
        if !sample.is_plugged_in() {
            self.current.add(sample.pack_current_amperes);
            self.power.add(crate::integrate::power_watts(sample));
        }
        let Some(kmh) = sample.speed_kmh else { return };
        if kmh.abs() >= MOVING_KMH {
            self.traction.add(sample.traction_power_watts);
            self.accelerator.add(sample.accelerator_percent);
            self.voltage.add(sample.pack_voltage_volts);
        }
        let [before_last, last] = self.speeds;
        self.speeds = [last, Some(kmh)];
        let (Some(a), Some(b)) = (before_last, last) else {
            return;
        };
        let median = a.max(b).min(a.min(b).max(kmh));
        let lowest = self.speed_lowest.map_or(median, |kmh| kmh.min(median));
        let highest = self.speed_highest.map_or(median, |kmh| kmh.max(median));
        (self.speed_lowest, self.speed_highest) = (Some(lowest), Some(highest));
        self.speed_rise = self.speed_rise.max(median - lowest);
        self.speed_fall = self.speed_fall.max(highest - median);
    }
}
