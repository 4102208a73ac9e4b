//! The time of a service day, and of its sessions.

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

use crate::activity::Activity;

/// One row of `service_day_time`, without its vehicle.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    missing_docs,
    reason = "the columns of `service_day_time`, described there"
)]
pub struct DayTime {
    pub service_day: Date,
    pub started_at: UnixMicroseconds,
    pub ended_at: UnixMicroseconds,
    pub active_seconds: f64,
    pub still_seconds: f64,
    pub is_rest: bool,
}

/// The fields of a session that a day needs.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the columns of `session`, described there")]
pub struct SessionSpan {
    pub kind: Activity,
    pub started_at: UnixMicroseconds,
    pub ended_at: UnixMicroseconds,
    pub seconds: f64,
    pub odometer_start_km: Option<f64>,
    pub odometer_end_km: Option<f64>,
}
