//! Start and end of a session, and its block.

use ayaz_model::UnixMicroseconds;

use crate::activity::Activity;

/// The columns of `session` that define where blocks begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of `session`, described there")]
pub struct SessionHead {
    pub started_at: UnixMicroseconds,
    pub number: i32,
    pub ended_at: UnixMicroseconds,
    pub kind: Activity,
    pub block_started_at: UnixMicroseconds,
    pub drive_cycle: Option<i64>,
}
