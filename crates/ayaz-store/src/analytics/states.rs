//! What a finished hour hands to its neighbours: rows of `refreshed_hour`, described in its
//! migration.

use ayaz_model::UnixMicroseconds;

/// A trip without a number that had not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenTrip {
    /// Its first moving sample.
    pub started_at: UnixMicroseconds,
    /// Its last moving sample so far.
    pub moved_at: UnixMicroseconds,
}

/// What a finished hour was worked out from, beside its own readings, and what it leaves to the
/// next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourState {
    /// Start of the hour.
    pub hour: UnixMicroseconds,
    /// Good readings in the hour.
    pub readings: i64,
    /// Good readings before the hour on which the plausibility of its first ones depends. Readings
    /// are only ever added, so that the same number means the same readings.
    pub readings_before: i64,
    /// Good readings after the hour on which its last interval, or the plausibility of its last
    /// readings, depends.
    pub readings_after: i64,
    /// Those of `readings_before` that were left out for their time: the sum of a hash of each.
    pub doubted_before: i64,
    /// The same of `readings_after`.
    pub doubted_after: i64,
    /// The trip without a number that might go on after the hour.
    pub open_trip: Option<OpenTrip>,
    /// Whether that trip went on after the hour.
    pub open_trip_continued: bool,
}

/// What is known of hours before they are worked out again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownHours {
    /// Of the hours, of the one before and of the one after them; an hour that was never worked out, or
    /// had no readings, has none.
    pub states: Vec<HourState>,
    /// Since the first of the hours was worked out, only readings from this instant on were told of in
    /// it; `None` is not known. Readings are seen before they are told of, if ingest commits between
    /// [`take_over`](super::queue::take_over) and the refresh. So whoever keeps a copy of an hour must not
    /// let a later one end before an earlier one: then what an earlier one lacks is told before the end
    /// of all copies that lack it.
    pub changed_from: Option<UnixMicroseconds>,
}
