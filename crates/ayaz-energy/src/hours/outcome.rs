//! What hours come to.

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use jiff::civil::Date;

use crate::buckets::Bucket;
use crate::clock::ClockRun;

/// Which hours beside the refreshed ones are no longer right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Neighbours {
    /// The hour before.
    pub before: bool,
    /// The hour after.
    pub after: bool,
}

/// What hours come to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HoursOutcome {
    /// All buckets, sorted by hour.
    pub buckets: Vec<Bucket>,
    /// Of every hour that has readings.
    pub states: Vec<HourState>,
    /// What each boot numbered in each hour.
    pub sequences: Vec<HourSequence>,
    /// What is flagged, sorted by hour.
    pub flagged_spans: Vec<FlaggedSpan>,
    /// By what the clock is judged, sorted by hour.
    pub clock_runs: Vec<ClockRun>,
    /// Which hours beside these are no longer right.
    pub neighbours: Neighbours,
    /// Hours, near or not, of which other readings have a wrong time than when they were worked out.
    pub clock_changed: Vec<UnixMicroseconds>,
}

impl HoursOutcome {
    /// Which hours beside those from `from` up to and without `to`, which were worked out, are no longer
    /// right.
    pub fn outdated_hours(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> Vec<UnixMicroseconds> {
        let before = from.plus(-HOUR_MICROSECONDS);
        let neighbours = [
            self.neighbours.before.then_some(before),
            self.neighbours.after.then_some(to),
        ];
        let of_clock = self.clock_changed.iter().copied();
        neighbours.into_iter().flatten().chain(of_clock).collect()
    }
}

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

/// One row of `hour_sequence`, without its vehicle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of `hour_sequence`")]
pub struct HourSequence {
    pub hour: UnixMicroseconds,
    pub service_day: Date,
    pub boot_id: i64,
    pub readings: i64,
    pub readings_flagged: i64,
    pub readings_out_of_order: i64,
    pub sequence_min: i64,
    pub sequence_max: i64,
}

/// One row of `flagged_span`, without its vehicle and number.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of `flagged_span`")]
pub struct FlaggedSpan {
    pub hour: UnixMicroseconds,
    pub boot_id: i64,
    pub started_at: UnixMicroseconds,
    pub ended_at: UnixMicroseconds,
    pub readings: i64,
    pub sequence_min: i64,
    pub sequence_max: i64,
    pub checks: Vec<&'static str>,
    pub signals: Vec<&'static str>,
    pub whole_row: bool,
}
