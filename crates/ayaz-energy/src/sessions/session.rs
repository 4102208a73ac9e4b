//! Sessions, and the bands of trips.

use std::sync::Arc;

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

use crate::activity::Activity;
use crate::ends::Ends;
use crate::energy::Energy;

/// One row of `session`, without its vehicle and number.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the columns of `session`, described there")]
pub struct Session {
    pub kind: Activity,
    pub started_at: UnixMicroseconds,
    pub ended_at: UnixMicroseconds,
    pub block_started_at: UnixMicroseconds,
    pub service_day: Date,
    pub drive_cycle: Option<i64>,
    pub trip_started_at: Option<UnixMicroseconds>,
    pub route: Option<Arc<str>>,
    pub charging_station: Option<Arc<str>>,
    pub plugged_in_share: f64,
    pub intervals: i64,
    pub energy: Energy,
    pub ends: Ends,
    /// Bands of a trip; empty for other kinds.
    pub bands: Vec<TripBand>,
}

/// One row of `trip_band`, without the key of its trip.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the columns of `trip_band`, described there")]
pub struct TripBand {
    pub band_celsius: Option<i16>,
    pub route: Option<Arc<str>>,
    pub intervals: i64,
    pub energy: Energy,
}
