//! Readings that were recorded while the device's clock was wrong.
//!
//! A device numbers its readings, and the numbers go on whatever its clock does. So readings whose
//! times contradict their numbers are found, what explains the most time is believed, and the rest enters
//! no sum and no session, and `flagged_span` names it. Times are not corrected.
//!
//! Three stages, each a function of the one before, and the first of the readings of an hour alone:
//!
//! - [`runs`]: an hour's readings in the order of their numbers, cut where time does not go on. Nearly
//!   every hour is one run. Runs are kept (`clock_run`), so that no readings are read again.
//! - [`choice`]: which runs of a boot contradict each other, among those of an hour and of
//!   [`HORIZON_MICROSECONDS`] before and after it, and which of them are flagged.
//! - [`LeftOut`]: what [`hours`](crate::hours) leaves out.
//!
//! An hour remembers with its runs what it left out. When the runs of an hour change, the choice is made
//! anew for all hours within the horizon, and those are worked out again for which it is another: so it
//! comes to rest where every hour leaves out what all runs, and thereby all readings, say.
//!
//! This ends: to work out an hour again does not change its runs, which follow from its readings alone. So it
//! corrects what that one hour left out, and makes no other hour wrong. Readings that arrive have at most
//! the hours within the horizon of theirs worked out again, once each.

pub mod choice;
pub mod runs;

pub use runs::ClockRun;

use std::collections::BTreeMap;

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::{DAY_MICROSECONDS, HOUR_MICROSECONDS};

use crate::hours::HoursOutcome;
use crate::sample::Sample;

/// How far before and after an hour runs are looked at, µs. Of a clock that is off by more, the time
/// that it should show is not among them; if it is off by years, ingest says so.
pub const HORIZON_MICROSECONDS: i64 = DAY_MICROSECONDS;

/// Time that goes back by up to so much, µs, is jitter of how the device stamps its readings, or its
/// clock being adjusted: neighbours change places, which harms no sum.
pub const JITTER_MICROSECONDS: i64 = 5_000_000;

/// Longest time for which one number stands in a series that goes on, µs.
pub const PER_NUMBER_MICROSECONDS: i64 = 60_000_000;

/// Most numbers that may be missing within a segment, and between two readings that are called adjacent.
pub const NUMBERS_MISSING_MAX: i64 = 60;

/// Readings of one run that are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    boot_id: i64,
    sequences: (i64, i64),
    times: (UnixMicroseconds, UnixMicroseconds),
}

/// Readings that were recorded with a wrong time, in hours that are being worked out and around them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeftOut {
    parts: Vec<Part>,
}

impl LeftOut {
    /// The number of the run that holds the sample, if it is left out.
    pub fn find(&self, sample: &Sample) -> Option<usize> {
        self.parts.iter().position(|part| {
            part.boot_id == sample.boot_id
                && (part.sequences.0..=part.sequences.1).contains(&sample.sequence)
                && (part.times.0..=part.times.1).contains(&sample.recorded_at)
        })
    }

    /// How much memory it takes.
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

/// What is known of the clock around hours that are being worked out.
#[derive(Debug)]
pub struct Clock {
    from: UnixMicroseconds,
    to: UnixMicroseconds,
    /// As the hours were worked out, sorted by hour.
    known: Vec<ClockRun>,
    left_out: LeftOut,
}

impl Clock {
    /// From where and up to where runs are needed to work out `count` hours from `from`.
    pub fn needs(from: UnixMicroseconds, count: usize) -> (UnixMicroseconds, UnixMicroseconds) {
        let to = from.plus(count as i64 * HOUR_MICROSECONDS);
        // What changes for an hour on the horizon depends on what is on its own.
        let reach = 2 * HORIZON_MICROSECONDS;
        (from.plus(-reach), to.plus(reach))
    }

    /// `known` are the runs of [`needs`](Self::needs), as the hours were worked out last.
    pub fn new(from: UnixMicroseconds, count: usize, known: Vec<ClockRun>) -> Self {
        let to = from.plus(count as i64 * HOUR_MICROSECONDS);
        let left_out = LeftOut::of(known.iter().filter(|run| is_near(run, from, to)));
        Self {
            from,
            to,
            known,
            left_out,
        }
    }

    /// What the hours should leave out, for all that is known.
    pub fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// Completes what the hours come to, if they left out the right readings. If not, which is known
    /// only by their runs, they are to be worked out once more, from all of their readings: when those and
    /// the runs are the same as before, [`left_out`](Self::left_out) is right.
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
        let left_out = LeftOut::of(runs.iter().filter(|run| is_near(run, from, to)));
        if left_out != self.left_out {
            self.left_out = left_out;
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

/// Whether readings of the run may be read to work out the hours: within reach before them, and up to
/// an hour and reach after them while a trip is open.
fn is_near(run: &ClockRun, from: UnixMicroseconds, to: UnixMicroseconds) -> bool {
    from.plus(-HOUR_MICROSECONDS) <= run.hour && run.hour < to.plus(2 * HOUR_MICROSECONDS)
}

/// Sets `doubted_from` of all runs in the hours from `from` up to and without `to`.
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
