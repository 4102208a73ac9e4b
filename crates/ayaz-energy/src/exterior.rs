//! Exterior temperature by hour, of a vehicle and of a fleet.

use std::collections::BTreeMap;

use ayaz_model::{UnixMicroseconds, VehicleNumber};

use crate::activity::Activity;
use crate::buckets::Bucket;

/// 0 °C, K.
pub const ZERO_CELSIUS_KELVIN: f64 = 273.15;

/// The exterior temperature over some time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Exterior {
    /// Its integral, K·s.
    pub kelvin_seconds: f64,
    /// The time it covers, s.
    pub seconds: f64,
}

impl Exterior {
    /// Its mean, °C; `None` if it was not measured.
    pub fn mean_celsius(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.kelvin_seconds / self.seconds - ZERO_CELSIUS_KELVIN)
    }
}

/// By hour.
pub type Exteriors = BTreeMap<UnixMicroseconds, Exterior>;

/// The temperature that a vehicle measured on trips, by hour. While it is parked, it may measure
/// the air of a hall. `buckets` are in the order of the table.
pub fn exterior_on_trips(buckets: &[Bucket]) -> Exteriors {
    let mut hours = Exteriors::new();
    for bucket in buckets {
        if bucket.activity == Activity::Trip {
            let hour = hours.entry(bucket.hour).or_default();
            hour.kelvin_seconds += bucket.energy.exterior_kelvin_seconds;
            hour.seconds += bucket.energy.exterior_seconds;
        }
    }
    hours.retain(|_, exterior| exterior.seconds > 0.0);
    hours
}

/// The changes to the stored hours of a vehicle.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExteriorChanges {
    /// Hours that have no measurement any more.
    pub gone: Vec<UnixMicroseconds>,
    /// Hours with another measurement.
    pub changed: Exteriors,
}

impl ExteriorChanges {
    /// The changes from the stored hours to the new ones.
    pub fn between(before: &Exteriors, now: &Exteriors) -> Self {
        let gone = before.keys().filter(|hour| !now.contains_key(hour));
        let changed = now
            .iter()
            .filter(|(hour, exterior)| before.get(hour) != Some(exterior));
        Self {
            gone: gone.copied().collect(),
            changed: changed.map(|(hour, exterior)| (*hour, *exterior)).collect(),
        }
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.changed.is_empty()
    }
}

/// A vehicle's exterior temperature in one hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VehicleExterior {
    /// The vehicle.
    pub vehicle: VehicleNumber,
    /// What it measured on trips.
    pub exterior: Exterior,
}

/// The fleet's temperature: a row of `fleet_hour`, without its key.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "the columns of `fleet_hour`")]
pub struct FleetExterior {
    pub vehicles: i64,
    pub exterior_median_celsius: f64,
}

/// One row of `exterior_doubt`, without its hour.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "the columns of `exterior_doubt`")]
pub struct ExteriorFlag {
    pub vehicle: VehicleNumber,
    pub exterior_mean_celsius: f64,
    pub exterior_median_celsius: f64,
    pub deviation_kelvin: f64,
}
