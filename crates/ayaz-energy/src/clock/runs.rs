//! An hour's readings in the order of their numbers, cut where time and numbers disagree.
//!
//! Sorted by time, readings of a clock that was set back mix with those of hours before. Sorted by
//! number, they follow the readings that were measured before them. So a run ends where
//!
//! - time goes back by more than [`JITTER_MICROSECONDS`]: the clock was set back, or numbers have no
//!   order;
//! - time advances by more than the numbers explain: the clock was set forward, or the device
//!   slept;
//! - numbers are missing: readings were lost, or a wrong clock put them in another hour.
//!
//! The latter two are common, so only the largest [`GAPS_MAX`] of each end a run.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ayaz_model::UnixMicroseconds;

use super::choice::READINGS_PER_STEP_MIN;
use super::{JITTER_MICROSECONDS, NUMBERS_MISSING_MAX, PER_NUMBER_MICROSECONDS};
use crate::sample::Sample;

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

/// Most gaps in time that end runs, for each hour and boot; the same limit holds for gaps in the
/// numbers.
pub const GAPS_MAX: usize = 8;

/// Most runs of an hour and boot. Numbers with more have no order.
pub const RUNS_MAX: usize = 32;

/// Most runs of an hour. The clock of a device whose boot changes more often is not checked.
pub const RUNS_PER_HOUR_MAX: usize = 64;

/// Most readings of an hour, 16 MB. The clock of a device with more is not checked.
const READINGS_MAX: usize = 1_000_000;

/// A gap is at least this many times the mean distance of two readings in the hour.
const GAP_TO_MEAN: i64 = 4;

/// Number and time, µs.
type Stamp = (i64, i64);

/// Makes runs of readings, hour by hour.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    hour: Option<UnixMicroseconds>,
    boots: BTreeMap<i64, Vec<Stamp>>,
    readings: usize,
    runs: Vec<ClockRun>,
}

impl Runs {
    /// Adds the next reading, in the order of time.
    pub fn push(&mut self, sample: &Sample) {
        let at = sample.recorded_at;
        if self.hour != Some(at.hour()) {
            self.end_hour();
            self.hour = Some(at.hour());
        }
        self.readings += 1;
        // More boots would give more runs than are checked, and a list for each reading.
        if self.boots.len() > RUNS_PER_HOUR_MAX {
            self.readings = READINGS_MAX + 1;
        }
        if self.readings > READINGS_MAX {
            self.boots.clear();
            return;
        }
        let stamps = self.boots.entry(sample.boot_id).or_default();
        stamps.push((sample.sequence, at.0));
    }

    /// Approximate memory use.
    pub fn bytes(&self) -> usize {
        let boots = self
            .boots
            .values()
            .map(|stamps| size_of_val(stamps.as_slice()));
        boots.sum::<usize>() + size_of_val(self.runs.as_slice())
    }

    /// The runs of all hours, in the order of hour, boot and number.
    pub fn finish(mut self) -> Vec<ClockRun> {
        self.end_hour();
        self.runs
    }

    fn end_hour(&mut self) {
        let boots = std::mem::take(&mut self.boots);
        self.readings = 0;
        let Some(hour) = self.hour else { return };
        let first = self.runs.len();
        for (boot_id, mut stamps) in boots {
            let runs = split(&mut stamps).unwrap_or_default();
            self.runs.extend(runs.into_iter().map(|run| ClockRun {
                hour,
                boot_id,
                ..run
            }));
            if self.runs.len() - first > RUNS_PER_HOUR_MAX {
                self.runs.truncate(first);
                return;
            }
        }
    }
}

/// The runs of one boot; `None` if its numbers have no order.
fn split(stamps: &mut [Stamp]) -> Option<Vec<ClockRun>> {
    let usual_pause = usual(stamps, |(_, at)| *at);
    if !stamps.is_sorted() {
        stamps.sort_unstable();
    }
    let per_number = PER_NUMBER_MICROSECONDS.max(usual_pause);
    let mut numbers_max = usual(stamps, |(number, _)| *number);
    // A few readings do not show what is usual: some may have a wrong time.
    if stamps.len() < READINGS_PER_STEP_MIN as usize {
        numbers_max = numbers_max.min(NUMBERS_MISSING_MAX);
    }
    // Start indexes of the runs.
    let mut starts = vec![0];
    let (mut pauses, mut gaps) = (Largest::default(), Largest::default());
    let (mut number, mut latest) = *stamps.first()?;
    for (index, &(next, at)) in stamps.iter().enumerate().skip(1) {
        let pause = at.saturating_sub(latest);
        let numbers = next.saturating_sub(number);
        number = next;
        if pause < -JITTER_MICROSECONDS {
            starts.push(index);
            latest = at;
            if starts.len() > RUNS_MAX {
                return None;
            }
            continue;
        }
        latest = latest.max(at);
        if pause > per_number.saturating_mul(numbers.max(1)) {
            pauses.add(pause, index);
        }
        if numbers > numbers_max {
            gaps.add(numbers, index);
        }
    }
    starts.extend(pauses.indexes());
    starts.extend(gaps.indexes());
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).copied().chain([stamps.len()]);
    let parts = starts.iter().copied().zip(ends);
    let runs = parts.filter_map(|(start, end)| run(stamps.get(start..end)?));
    Some(runs.collect()).filter(|runs: &Vec<ClockRun>| runs.len() <= RUNS_MAX)
}

/// The longest usual step from one reading to the next, in the given order.
fn usual(stamps: &[Stamp], pick: fn(&Stamp) -> i64) -> i64 {
    let ends = stamps.first().zip(stamps.last());
    let span = ends.map_or(0, |(first, last)| pick(last).saturating_sub(pick(first)));
    let mean = span / (stamps.len() as i64 - 1).max(1);
    mean.max(1).saturating_mul(GAP_TO_MEAN)
}

/// The largest gaps; of equal ones the first.
#[derive(Debug, Clone, Default)]
struct Largest {
    gaps: Vec<(i64, Reverse<usize>)>,
}

impl Largest {
    fn add(&mut self, gap: i64, index: usize) {
        let gap = (gap, Reverse(index));
        let place = self.gaps.partition_point(|known| *known > gap);
        if place < GAPS_MAX {
            self.gaps.truncate(GAPS_MAX - 1);
            self.gaps.insert(place.min(self.gaps.len()), gap);
        }
    }

    fn indexes(self) -> impl Iterator<Item = usize> {
        self.gaps.into_iter().map(|(_, Reverse(index))| index)
    }
}

fn run(stamps: &[Stamp]) -> Option<ClockRun> {
    let times = || stamps.iter().map(|(_, at)| UnixMicroseconds(*at));
    Some(ClockRun {
        hour: UnixMicroseconds(0),
        boot_id: 0,
        readings: stamps.len() as i64,
        sequence_first: stamps.first()?.0,
        sequence_last: stamps.last()?.0,
        started_at: times().min()?,
        ended_at: times().max()?,
        doubted_from: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A series: first number, first second, step in seconds, readings.
    type Series = (i64, i64, i64, i64);
    /// First and last number, first and last second, readings.
    type Run = (i64, i64, i64, i64, i64);

    fn runs(series: &[Series]) -> Vec<Run> {
        let mut stamps: Vec<(i64, i64)> = series
            .iter()
            .flat_map(|&(number, second, step, readings)| {
                (0..readings).map(move |n| (second + n * step, number + n))
            })
            .collect();
        stamps.sort_unstable();
        let mut runs = Runs::default();
        for (second, number) in stamps {
            let mut sample = Sample::bare(UnixMicroseconds(second * 1_000_000), 1, None);
            sample.sequence = number;
            runs.push(&sample);
        }
        let second = |at: UnixMicroseconds| at.0 / 1_000_000;
        let runs = runs.finish();
        let line = |r: &ClockRun| {
            let (from, to) = (second(r.started_at), second(r.ended_at));
            (r.sequence_first, r.sequence_last, from, to, r.readings)
        };
        runs.iter().map(line).collect()
    }

    #[test]
    fn readings_in_order_are_one_run() {
        assert_eq!(runs(&[(7, 0, 1, 3600)]), [(7, 3606, 0, 3599, 3600)]);
        // Every 20 s while parked, then every second.
        let night = runs(&[(0, 0, 20, 90), (90, 1800, 1, 1800)]);
        assert_eq!(night, [(0, 1889, 0, 3599, 1890)]);
        // Every five minutes, and then all with the same number.
        assert_eq!(runs(&[(0, 0, 300, 12)]), [(0, 11, 0, 3300, 12)]);
        let same: Vec<Series> = (0..60).map(|n| (0, n * 60, 1, 1)).collect();
        assert_eq!(runs(&same), [(0, 0, 0, 3540, 60)]);
    }

    #[test]
    fn a_clock_set_back_and_corrected_makes_three_runs() {
        // At second 1800 it is set back by 20 minutes, for 10 minutes.
        let found = runs(&[(0, 0, 1, 1800), (1800, 600, 1, 600), (2400, 2400, 1, 1200)]);
        assert_eq!(
            found,
            [
                (0, 1799, 0, 1799, 1800),
                (1800, 2399, 600, 1199, 600),
                (2400, 3599, 2400, 3599, 1200),
            ]
        );
        // Its readings are in another hour: the rest has a hole.
        let found = runs(&[(0, 0, 1, 1800), (2400, 2400, 1, 1200)]);
        assert_eq!(
            found,
            [(0, 1799, 0, 1799, 1800), (2400, 3599, 2400, 3599, 1200)]
        );
    }

    #[test]
    fn a_sleeping_device_has_few_runs_and_numbers_without_order_have_none() {
        let naps: Vec<Series> = (0..30).map(|n| (n * 30, n * 120, 1, 30)).collect();
        assert_eq!(runs(&naps).len(), 1 + GAPS_MAX);
        let garbage: Vec<Series> = (0..3600).map(|n| (n * 7919 % 3607, n, 1, 1)).collect();
        assert_eq!(runs(&garbage), []);
        let boots = (0..100).map(|n| {
            let mut sample = Sample::bare(UnixMicroseconds(n * 1_000_000), n, None);
            sample.sequence = n;
            sample
        });
        let mut runs = Runs::default();
        boots.for_each(|sample| runs.push(&sample));
        assert_eq!(runs.finish(), []);
    }
}
