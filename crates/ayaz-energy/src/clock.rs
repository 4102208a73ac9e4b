//! Readings that were recorded while the device's clock was wrong.
//!
//! A device numbers its readings, and the numbers grow whatever its clock does. So times that
//! contradict the numbers show a wrong clock. The explanation that covers the most time is
//! accepted. The other readings enter no sum and no session, and `flagged_span` lists them. Times
//! are not corrected.
//!
//! Three stages, each a function of the one before. Only the first looks at readings, those of one
//! hour:
//!
//! - [`runs`]: an hour's readings in the order of their numbers, cut where time and numbers
//!   disagree. Nearly every hour is one run. Runs are stored (`clock_run`), so readings need not be
//!   read again.
//! - [`choice`]: which runs of a boot contradict each other, and which of them are flagged. It
//!   looks at the runs of an hour and of [`HORIZON_MICROSECONDS`] before and after it.
//! - [`Excluded`]: the readings that [`hours`](crate::hours) excludes.
//!
//! The stored runs of an hour also record which readings it excludes. When the runs of an hour
//! change, the choice is made again for all hours within the horizon, and the hours for which it
//! differs are refreshed again. In the end, every hour excludes what the runs of all readings
//! imply.
//!
//! This ends: a refresh of an hour does not change its runs, because they depend on its readings
//! alone. So it corrects what this hour excludes, and makes no other hour wrong. New readings cause
//! at most one more refresh of each hour within the horizon.

pub mod choice;
pub mod runs;

pub use runs::ClockRun;

use std::collections::BTreeMap;

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::{DAY_MICROSECONDS, HOUR_MICROSECONDS};

use crate::hours::HoursOutcome;
use crate::sample::Sample;

/// How far before and after an hour runs are compared, µs. A clock that is off by more is not
/// found: the readings with the right time are not among them. If it is off by years, ingest
/// reports it.
pub const HORIZON_MICROSECONDS: i64 = DAY_MICROSECONDS;

/// Time that goes back by at most this, µs, is jitter of the time stamps or a small clock
/// adjustment. Neighbours change places, which harms no sum.
pub const JITTER_MICROSECONDS: i64 = 5_000_000;

/// Longest time between two numbers of a series without a break, µs.
pub const PER_NUMBER_MICROSECONDS: i64 = 60_000_000;

/// Most numbers that may be missing within a segment, and between two adjacent segments.
pub const NUMBERS_MISSING_MAX: i64 = 60;

/// The readings of one run that are excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    boot_id: i64,
    sequences: (i64, i64),
    times: (UnixMicroseconds, UnixMicroseconds),
}

/// Readings that were recorded with a wrong time, in the hours of a refresh and around them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Excluded {
    parts: Vec<Part>,
}

impl Excluded {
    /// The index of the run that holds the sample, if it is excluded.
    pub fn find(&self, sample: &Sample) -> Option<usize> {
        self.parts.iter().position(|part| {
            part.boot_id == sample.boot_id
                && (part.sequences.0..=part.sequences.1).contains(&sample.sequence)
                && (part.times.0..=part.times.1).contains(&sample.recorded_at)
        })
    }

    /// Memory use.
    pub fn bytes(&self) -> usize {
        size_of_val(self.parts.as_slice())
    }

    fn of<'a>(runs: impl Iterator<Item = &'a ClockRun>) -> Self {
        let part = |run: &ClockRun| {
            Some(Part {
                boot_id: run.boot_id,
                sequences: (run.sequence_first, run.sequence_last),
                times: (run.doubted_from?, run.ended_at),
            })
        };
        Self {
            parts: runs.filter_map(part).collect(),
        }
    }
}

/// Clock runs around the hours of a refresh, and the readings that they exclude.
#[derive(Debug)]
pub struct Clock {
    from: UnixMicroseconds,
    to: UnixMicroseconds,
    /// The stored runs, sorted by hour.
    known: Vec<ClockRun>,
    excluded: Excluded,
}

impl Clock {
    /// The time range of the runs that a refresh of `count` hours from `from` needs.
    pub fn needs(from: UnixMicroseconds, count: usize) -> (UnixMicroseconds, UnixMicroseconds) {
        let to = from.plus(count as i64 * HOUR_MICROSECONDS);
        // A change for an hour on the horizon depends on the runs within its own horizon.
        let reach = 2 * HORIZON_MICROSECONDS;
        (from.plus(-reach), to.plus(reach))
    }

    /// `known` are the stored runs of [`needs`](Self::needs).
    pub fn new(from: UnixMicroseconds, count: usize, known: Vec<ClockRun>) -> Self {
        let to = from.plus(count as i64 * HOUR_MICROSECONDS);
        let excluded = Excluded::of(known.iter().filter(|run| is_near(run, from, to)));
        Self {
            from,
            to,
            known,
            excluded,
        }
    }

    /// What the hours have to exclude, by the runs known now.
    pub fn excluded(&self) -> &Excluded {
        &self.excluded
    }

    /// Completes the outcome, if the hours excluded the right readings. Only their new runs show
    /// this. `None` means: compute the hours again from all of their readings. If readings and runs
    /// are still the same then, [`excluded`](Self::excluded) is right.
    pub fn resolve(&mut self, mut outcome: HoursOutcome) -> Option<HoursOutcome> {
        let (from, to) = (self.from, self.to);
        let is_own = |run: &ClockRun| from <= run.hour && run.hour < to;
        let mut runs: Vec<ClockRun> = self
            .known
            .iter()
            .filter(|run| !is_own(run))
            .copied()
            .collect();
        runs.append(&mut outcome.clock_runs);
        runs.sort_by_key(|run| run.hour);
        judge(
            &mut runs,
            from.plus(-HORIZON_MICROSECONDS),
            to.plus(HORIZON_MICROSECONDS),
        );
        let excluded = Excluded::of(runs.iter().filter(|run| is_near(run, from, to)));
        if excluded != self.excluded {
            self.excluded = excluded;
            return None;
        }
        let others = |runs: &[ClockRun]| -> Vec<ClockRun> {
            runs.iter().filter(|run| !is_own(run)).copied().collect()
        };
        let changed = others(&runs).into_iter().zip(others(&self.known));
        outcome.clock_changed = changed
            .filter(|(now, then)| now.doubted_from != then.doubted_from)
            .map(|(now, _)| now.hour)
            .collect();
        outcome.clock_changed.dedup();
        outcome.clock_runs = runs.into_iter().filter(|run| is_own(run)).collect();
        Some(outcome)
    }
}

/// Whether a refresh of the hours may read readings of this run: within reach before them, and up
/// to an hour and reach after them while a trip is open.
fn is_near(run: &ClockRun, from: UnixMicroseconds, to: UnixMicroseconds) -> bool {
    from.plus(-HOUR_MICROSECONDS) <= run.hour && run.hour < to.plus(2 * HOUR_MICROSECONDS)
}

/// Sets `doubted_from` of all runs in the hours from `from` to before `to`.
fn judge(runs: &mut [ClockRun], from: UnixMicroseconds, to: UnixMicroseconds) {
    let mut boots: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (index, run) in runs.iter_mut().enumerate() {
        boots.entry(run.boot_id).or_default().push(index);
        if from <= run.hour && run.hour < to {
            run.doubted_from = None;
        }
    }
    for indexes in boots.values_mut() {
        indexes.sort_by_key(|index| {
            let run = &runs[*index];
            (
                run.sequence_first,
                run.started_at,
                run.sequence_last,
                run.hour,
            )
        });
        let all: Vec<ClockRun> = indexes.iter().map(|index| runs[*index]).collect();
        if choice::is_in_order(&all) {
            continue;
        }
        let mut hours: Vec<UnixMicroseconds> = all.iter().map(|run| run.hour).collect();
        hours.sort_unstable();
        hours.dedup();
        for hour in hours.into_iter().filter(|hour| from <= *hour && *hour < to) {
            let within = |run: &&ClockRun| (run.hour.0 - hour.0).abs() <= HORIZON_MICROSECONDS;
            let window: Vec<ClockRun> = all.iter().filter(within).copied().collect();
            let flagged = choice::flagged(&window);
            let places = indexes.iter().filter(|index| within(&&runs[**index]));
            let places: Vec<usize> = places.copied().collect();
            for (index, doubted_from) in places.into_iter().zip(flagged) {
                if runs[index].hour == hour {
                    runs[index].doubted_from = doubted_from;
                }
            }
        }
    }
}
