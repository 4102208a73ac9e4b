//! The outcome of hours.

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use jiff::civil::Date;

use crate::buckets::Bucket;
use crate::clock::ClockRun;

/// Which neighbours of the refreshed hours are outdated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Neighbours {
    /// The hour before.
    pub before: bool,
    /// The hour after.
    pub after: bool,
}

/// The outcome of hours.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HoursOutcome {
    /// All buckets, sorted by hour.
    pub buckets: Vec<Bucket>,
    /// The state of every hour that has readings.
    pub states: Vec<HourState>,
    /// The sequence numbers of each boot and hour.
    pub sequences: Vec<HourSequence>,
    /// Flagged spans, sorted by hour.
    pub flagged_spans: Vec<FlaggedSpan>,
    /// Runs for the clock check, sorted by hour.
    pub clock_runs: Vec<ClockRun>,
    /// Which neighbours of these hours are outdated.
    pub neighbours: Neighbours,
    /// Hours, near or far, that now have to exclude other readings for a wrong time.
    pub clock_changed: Vec<UnixMicroseconds>,
}

impl HoursOutcome {
    /// The outdated hours other than those from `from` to before `to`, which were refreshed.
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

/// A trip without a number that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenTrip {
    /// Its first moving sample.
    pub started_at: UnixMicroseconds,
    /// Its last moving sample yet.
    pub moved_at: UnixMicroseconds,
}

/// What a finished hour used beside its own readings, and what it passes on to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourState {
    /// Start of the hour.
    pub hour: UnixMicroseconds,
    /// Good readings in the hour.
    pub readings: i64,
    /// Good readings before the hour that the checks of its first ones use. Readings are only
    /// added, so the same number means the same readings.
    pub readings_before: i64,
    /// Good readings after the hour that its last interval, or the checks of its last readings,
    /// use.
    pub readings_after: i64,
    /// Those of `readings_before` that were excluded for their time: the sum of a hash of each.
    pub doubted_before: i64,
    /// The same of `readings_after`.
    pub doubted_after: i64,
    /// The trip without a number that may continue after the hour.
    pub open_trip: Option<OpenTrip>,
    /// Whether that trip continued after the hour.
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
