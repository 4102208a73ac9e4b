//! Energy, distance and time of one hour and activity.

use std::sync::Arc;

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

use crate::activity::Activity;
use crate::ends::{Ends, FirstLast};
use crate::energy::Energy;

/// One row of `energy_bucket`, without its vehicle and number.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    missing_docs,
    reason = "the columns of `energy_bucket`, described there"
)]
pub struct Bucket {
    pub hour: UnixMicroseconds,
    pub service_day: Date,
    pub activity: Activity,
    pub stretch_started_at: Option<UnixMicroseconds>,
    pub drive_cycle: Option<i64>,
    pub trip_started_at: Option<UnixMicroseconds>,
    pub plugged_in: bool,
    pub charging_station: Option<Arc<str>>,
    pub route: Option<Arc<str>>,
    pub band_celsius: Option<i16>,
    pub started_at: UnixMicroseconds,
    pub ended_at: UnixMicroseconds,
    pub intervals: i64,
    pub energy: Energy,
    pub ends: Ends,
}

impl Bucket {
    /// Removes the exterior temperature, because the fleet contradicts it.
    pub fn flag_exterior(&mut self) {
        let energy = &mut self.energy;
        energy.exterior_kelvin_seconds = 0.0;
        energy.exterior_seconds = 0.0;
        self.ends.exterior_celsius = FirstLast::default();
        self.band_celsius = None;
    }
}
