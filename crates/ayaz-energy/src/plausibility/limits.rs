//! Quantities that are compared with their neighbours, and how far they may change. Module
//! `rate_of_change` gives the reasons for the numbers.

use ayaz_model::Signal;

use super::config::RateOfChangeConfig;
use crate::sample::Sample;

/// Neighbours further apart are not compared; no window is wider to either side, µs.
pub(super) const SIDE_MICROSECONDS: i64 = 60_000_000;

/// The same for quantities that change quickly.
const QUICK_SIDE_MICROSECONDS: i64 = 6_000_000;

pub(super) const SPEED: usize = 0;
pub(super) const VOLTAGE: usize = 8;
pub(super) const COOLANT: usize = 9;
pub(super) const POSITION: usize = 10;
/// Number of quantities with one value, and of all.
const SCALARS: usize = 10;
pub(super) const QUANTITIES: usize = 11;

pub(super) const SOC: usize = 1;
pub(super) const EXTERIOR: usize = 2;
pub(super) const CABIN: usize = 3;
pub(super) const BATTERY: usize = 4;
pub(super) const CELL_MIN: usize = 5;
pub(super) const CELL_MAX: usize = 6;
pub(super) const ODOMETER: usize = 7;

/// The signals of the quantities with one value.
pub(super) const SIGNALS: [Signal; SCALARS] = [
    Signal::speed_kmh,
    Signal::soc_percent,
    Signal::exterior_temperature_celsius,
    Signal::cabin_temperature_celsius,
    Signal::battery_temperature_celsius,
    Signal::cell_temperature_min_celsius,
    Signal::cell_temperature_max_celsius,
    Signal::odometer_km,
    Signal::pack_voltage_volts,
    Signal::coolant_temperature_celsius,
];

fn scalar(sample: &Sample, quantity: usize) -> Option<f64> {
    match quantity {
        SPEED => sample.speed_kmh,
        SOC => sample.soc_percent,
        EXTERIOR => sample.exterior_temperature_celsius,
        CABIN => sample.cabin_temperature_celsius,
        BATTERY => sample.battery_temperature_celsius,
        CELL_MIN => sample.cell_temperature_min_celsius,
        CELL_MAX => sample.cell_temperature_max_celsius,
        ODOMETER => sample.odometer_km,
        VOLTAGE => sample.pack_voltage_volts,
        COOLANT => sample.coolant_temperature_celsius,
        _ => None,
    }
}

/// A quantity's value; for a scalar, the second number is 0.
pub(super) fn value(sample: &Sample, quantity: usize) -> Option<[f64; 2]> {
    if quantity == POSITION {
        return Some([sample.latitude_degrees?, sample.longitude_degrees?]);
    }
    Some([scalar(sample, quantity)?, 0.0])
}

/// How far a value may change: down and up at once, down and up in each second.
#[derive(Debug, Clone, Copy)]
struct Limit {
    down: f64,
    up: f64,
    down_per_second: f64,
    up_per_second: f64,
}

impl Limit {
    const fn even(at_once: f64, per_second: f64) -> Self {
        Self {
            down: at_once,
            up: at_once,
            down_per_second: per_second,
            up_per_second: per_second,
        }
    }
}

/// A car that starts, and one that brakes as hard as its tyres allow.
const SPEED_STEP: Limit = Limit {
    down: 15.0,
    up: 10.0,
    down_per_second: 36.0,
    up_per_second: 15.0,
};

const POSITION_METRES_PER_SECOND: f64 = 45.0;
const DEGREE_METRES: f64 = 111_200.0;

/// The limits of all quantities.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    scalars: [Limit; SCALARS],
    position_m: f64,
}

impl Limits {
    pub(super) fn new(config: &RateOfChangeConfig) -> Self {
        let temperature = Limit::even(config.temperature_kelvin, 0.2);
        Self {
            scalars: [
                Limit::even(config.speed_kmh, 12.0),
                Limit::even(config.soc_percent, 1.0 / 30.0),
                temperature,
                Limit::even(config.cabin_temperature_kelvin, 0.3),
                temperature,
                temperature,
                temperature,
                Limit {
                    down: 0.1,
                    up: 1.1,
                    down_per_second: 0.0,
                    up_per_second: 0.045,
                },
                Limit::even(20.0, 0.0),
                Limit::even(config.coolant_temperature_kelvin, 2.0),
            ],
            position_m: config.position_m,
        }
    }

    /// Whether the vehicle can have changed from the earlier value to the later one.
    pub(super) fn agree(&self, quantity: usize, a: [f64; 2], b: [f64; 2], seconds: f64) -> bool {
        if quantity == POSITION {
            return self.positions_agree(a, b, seconds);
        }
        let relative = if quantity == VOLTAGE {
            0.3 * a[0].abs().max(b[0].abs())
        } else {
            0.0
        };
        within(b[0] - a[0], self.scalars[quantity], relative, seconds)
    }

    /// Whether a change is possible at once. Most are, and this costs no division.
    pub(super) fn is_small(&self, quantity: usize, a: [f64; 2], b: [f64; 2]) -> bool {
        let change = (b[0] - a[0]).abs();
        match self.scalars.get(quantity) {
            Some(limit) => change <= limit.down && change <= limit.up,
            None => (change + (b[1] - a[1]).abs()) * DEGREE_METRES <= self.position_m,
        }
    }

    fn positions_agree(&self, a: [f64; 2], b: [f64; 2], seconds: f64) -> bool {
        let north = (b[0] - a[0]) * DEGREE_METRES;
        let mut east = (b[1] - a[1]).abs();
        if east > 180.0 {
            east = 360.0 - east;
        }
        let mut east = east * DEGREE_METRES;
        let limit = self.position_m + POSITION_METRES_PER_SECOND * seconds;
        // Computes the cosine only where it matters.
        if north.abs() + east > limit {
            east *= ((a[0] + b[0]) / 2.0).to_radians().cos();
        }
        north.abs().max(east) <= limit && north * north + east * east <= limit * limit
    }
}

fn within(change: f64, limit: Limit, relative: f64, seconds: f64) -> bool {
    -(limit.down + relative + limit.down_per_second * seconds) <= change
        && change <= limit.up + relative + limit.up_per_second * seconds
}

pub(super) fn side(quantity: usize) -> i64 {
    if quantity == SPEED || quantity == VOLTAGE {
        QUICK_SIDE_MICROSECONDS
    } else {
        SIDE_MICROSECONDS
    }
}

/// Seconds from one to the other, never negative.
pub(super) fn seconds(earlier: i64, later: i64) -> f64 {
    later.saturating_sub(earlier).max(0) as f64 / 1e6
}

/// Whether a vehicle can have changed its speed by this much and kept it, km/h.
pub(super) fn can_step(kmh: f64, seconds: f64) -> bool {
    within(kmh, SPEED_STEP, 0.0, seconds)
}
