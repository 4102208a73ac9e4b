//! What is kept of an hour to judge the clock by.

use ayaz_model::UnixMicroseconds;

/// One row of `clock_run`, without its vehicle and position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of `clock_run`, described there")]
pub struct ClockRun {
    pub hour: UnixMicroseconds,
    pub boot_id: i64,
    pub readings: i64,
    pub sequence_first: i64,
    pub sequence_last: i64,
    pub started_at: UnixMicroseconds,
    pub ended_at: UnixMicroseconds,
    pub doubted_from: Option<UnixMicroseconds>,
}
