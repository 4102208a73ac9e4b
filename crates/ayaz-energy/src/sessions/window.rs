//! In which time sessions are to be worked out again, once hours have changed.

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::{DAY_MICROSECONDS, HOUR_MICROSECONDS};

/// Over a longer time without a sample of it nothing goes on: no stay, and no trip, be the bus silent
/// or on a plug, µs.
pub const GAP_MICROSECONDS_MAX: i64 = DAY_MICROSECONDS;

/// What has gone on for so long at the beginning of a UTC day is cut there, µs.
pub const LONG_MICROSECONDS: i64 = 3 * DAY_MICROSECONDS;

/// So long after the hours that changed, a cut is as it was: there is a sample less than
/// [`GAP_MICROSECONDS_MAX`] after the day's edge, and a bound that was moved into the
/// [`LONG_MICROSECONDS`] before that edge lies no longer than that after the hours, µs.
pub const CUT_REACH_MICROSECONDS: i64 = LONG_MICROSECONDS + 2 * GAP_MICROSECONDS_MAX;

/// The time in which sessions are to be worked out again: from the start of the block before the
/// hours that changed up to the first block after them that begins where it began, whatever has
/// changed. `None` is where no block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// Sessions that begin before this stay.
    pub from: Option<UnixMicroseconds>,
    /// Whether the block that begins there was cut off from the one before it.
    pub is_cut_before: bool,
    /// Whether that block holds a trip that went on after a plug with the key on, on which it may have
    /// been cut: its first trip then belongs to what is before.
    pub is_on_trip: bool,
    /// Sessions that begin after this stay.
    pub to: Option<UnixMicroseconds>,
    /// When the first of those begins, if it was cut off from the last one of the window.
    pub goes_on_at: Option<UnixMicroseconds>,
}

impl Window {
    /// The hours whose buckets are needed, if those from `from` up to and without `to` changed.
    pub fn hours(
        self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> (UnixMicroseconds, UnixMicroseconds) {
        let first = self.from.map_or(from, |at| at.hour().min(from));
        let end = self
            .to
            .map_or(to, |at| at.hour().plus(HOUR_MICROSECONDS).max(to));
        (first, end)
    }

    /// Whether what begins then is worked out again.
    pub fn holds(self, started_at: UnixMicroseconds) -> bool {
        self.from.is_none_or(|from| started_at >= from) && self.to.is_none_or(|to| started_at <= to)
    }
}
