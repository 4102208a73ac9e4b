//! Which runs of a boot contradict each other, and which of them are flagged.
//!
//! In the order of their numbers, runs without a break between them are joined to segments. If time
//! goes back from one segment to a later one, one of them is wrong. The choice explains the most
//! time: the time of the kept segments, plus the time of flagged segments that exactly fill a gap
//! between kept ones (a clock that was set back and right again ran on in between). Two neighbours
//! that overlap may both be kept if the clock was set back for good. Then the earlier one is
//! flagged from the start of the later one.
//!
//! **Numbers without order** lose no data. Nothing is flagged
//!
//! - if numbers repeat (a device that restarts its count without a new boot, or two devices with
//!   the same boot);
//! - if time goes back more often than once in [`READINGS_PER_STEP_MIN`] readings;
//! - in segments that are neither enclosed by kept numbers nor adjacent to them (numbers of two
//!   counts that have not met yet).

use ayaz_model::UnixMicroseconds;

use super::{JITTER_MICROSECONDS, NUMBERS_MISSING_MAX, PER_NUMBER_MICROSECONDS};
use crate::clock::ClockRun;

/// Fewest readings for each step back of the clock. With fewer, the numbers show no order.
pub const READINGS_PER_STEP_MIN: i64 = 16;

/// Most segments that are compared; more have no order.
pub const SEGMENTS_MAX: usize = 512;

/// Whether times never contradict numbers. Runs are of one boot, sorted by number.
pub fn is_in_order(runs: &[ClockRun]) -> bool {
    let mut latest = UnixMicroseconds(i64::MIN);
    let mut number = i64::MIN;
    runs.iter().all(|run| {
        let continues = run.started_at.0 >= latest.0.saturating_sub(JITTER_MICROSECONDS)
            && run.sequence_first >= number;
        latest = latest.max(run.ended_at);
        number = number.max(run.sequence_last);
        continues
    })
}

/// From which instant each run is flagged. Runs are of one boot, sorted by number.
pub fn flagged(runs: &[ClockRun]) -> Vec<Option<UnixMicroseconds>> {
    let mut flagged = vec![None; runs.len()];
    let Some(segments) = segments(runs) else {
        return flagged;
    };
    for (segment, from) in segments.iter().zip(choose(&segments)) {
        let Some(from) = from else { continue };
        let runs = runs.iter().zip(&mut flagged);
        for (run, doubted_from) in runs.skip(segment.runs.0).take(segment.runs.1) {
            if run.ended_at >= from {
                *doubted_from = Some(from.max(run.started_at));
            }
        }
    }
    flagged
}

/// Runs that follow each other in number and time.
#[derive(Debug, Clone)]
struct Segment {
    first: i64,
    last: i64,
    started_at: i64,
    ended_at: i64,
    readings: i64,
    /// Index of its first run, and how many it has.
    runs: (usize, usize),
    /// Its numbers are missing within an earlier segment.
    enclosed: bool,
    /// Its times contradict those of another segment.
    contradicted: bool,
}

impl Segment {
    fn new(run: &ClockRun, index: usize, enclosed: bool) -> Self {
        Self {
            first: run.sequence_first,
            last: run.sequence_last,
            started_at: run.started_at.0,
            ended_at: run.ended_at.0,
            readings: run.readings,
            runs: (index, 1),
            enclosed,
            contradicted: false,
        }
    }

    fn continues(&self, run: &ClockRun) -> bool {
        let numbers = run.sequence_first.saturating_sub(self.last);
        let pause = run.started_at.0.saturating_sub(self.ended_at);
        let usual = self.step().min(Self::new(run, 0, false).step());
        !self.enclosed
            && (0..=NUMBERS_MISSING_MAX).contains(&numbers)
            && pause >= -JITTER_MICROSECONDS
            && pause <= per_number(usual).saturating_mul(numbers.max(1))
    }

    /// Mean time from one number to the next, µs; 0 if there is only one.
    fn step(&self) -> i64 {
        self.span() / self.last.saturating_sub(self.first).max(1)
    }

    fn add(&mut self, run: &ClockRun) {
        self.last = self.last.max(run.sequence_last);
        self.started_at = self.started_at.min(run.started_at.0);
        self.ended_at = self.ended_at.max(run.ended_at.0);
        self.readings = self.readings.saturating_add(run.readings);
        self.runs.1 += 1;
    }

    fn span(&self) -> i64 {
        self.ended_at.saturating_sub(self.started_at)
    }

    /// Whether the numbers or times of a later segment contradict this one.
    fn contradicts(&self, later: &Self) -> bool {
        later.is_before(self.last, self.ended_at)
    }

    fn is_before(&self, last: i64, ended_at: i64) -> bool {
        self.first < last || self.started_at < ended_at.saturating_sub(JITTER_MICROSECONDS)
    }

    fn is_adjacent(&self, later: &Self) -> bool {
        later.first.saturating_sub(self.last) <= NUMBERS_MISSING_MAX
    }
}

/// Longest time for one number in a series without a break: twice the usual time, because a parked
/// device reports seldom.
fn per_number(usual: i64) -> i64 {
    PER_NUMBER_MICROSECONDS.max(usual.saturating_mul(2))
}

/// `None` if nothing is flagged: there is no contradiction, or the numbers have no order.
fn segments(runs: &[ClockRun]) -> Option<Vec<Segment>> {
    let mut segments: Vec<Segment> = Vec::new();
    // The segment with the highest number until here, and its readings with those of enclosed
    // segments.
    let mut highest: Option<(usize, i64)> = None;
    for (index, run) in runs.iter().enumerate() {
        if let Some((owner, readings)) = &mut highest
            && run.sequence_first < segments[*owner].last
        {
            *readings = readings.saturating_add(run.readings);
            let numbers = run.sequence_last.saturating_sub(run.sequence_first);
            let owner = &segments[*owner];
            let room = owner.last.saturating_sub(owner.first).saturating_add(1);
            // A few readings may have been missing there. More do not fit, unless numbers repeat.
            if run.sequence_last > owner.last || numbers >= NUMBERS_MISSING_MAX || *readings > room
            {
                return None;
            }
            segments.push(Segment::new(run, index, true));
            continue;
        }
        match segments.last_mut() {
            Some(last) if last.continues(run) => last.add(run),
            _ => segments.push(Segment::new(run, index, false)),
        }
        let newest = segments.len() - 1;
        let readings = segments[newest].readings;
        highest = Some((newest, readings));
    }
    let pairs = segments.windows(2);
    let steps = pairs.filter(|pair| pair[0].contradicts(&pair[1])).count() as i64;
    let readings = segments.iter().map(|segment| segment.readings);
    let readings = readings.fold(0, i64::saturating_add);
    let has_order =
        segments.len() <= SEGMENTS_MAX && readings >= steps.saturating_mul(READINGS_PER_STEP_MIN);
    if steps == 0 || !has_order {
        return None;
    }
    mark_contradicted(&mut segments);
    Some(segments)
}

fn mark_contradicted(segments: &mut [Segment]) {
    let (mut last, mut ended_at) = (i64::MIN, i64::MIN);
    for segment in segments.iter_mut() {
        segment.contradicted = segment.is_before(last, ended_at);
        last = last.max(segment.last);
        ended_at = ended_at.max(segment.ended_at);
    }
    let (mut first, mut started_at) = (i64::MAX, i64::MAX);
    for segment in segments.iter_mut().rev() {
        segment.contradicted |= segment.last > first
            || segment.ended_at.saturating_sub(JITTER_MICROSECONDS) > started_at;
        first = first.min(segment.first);
        started_at = started_at.min(segment.started_at);
    }
}

/// The best choice of segments that ends with this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Best {
    /// Time explained, µs.
    explained: i64,
    readings: i64,
    /// The segment before it.
    before: Option<usize>,
}

/// From which instant each segment is flagged.
fn choose(segments: &[Segment]) -> Vec<Option<UnixMicroseconds>> {
    let mut best: Vec<Option<Best>> = Vec::with_capacity(segments.len());
    let mut may_be_first = true;
    for (index, segment) in segments.iter().enumerate() {
        let own = |explained: i64, readings: i64, before| Best {
            explained: explained.saturating_add(segment.span()),
            readings: readings.saturating_add(segment.readings),
            before,
        };
        let mut found = may_be_first.then(|| own(0, 0, None));
        let mut between = Between::default();
        for before in (0..index).rev() {
            let link = link(&segments[before], segment, &between);
            if let (Some(of), Some(explained)) = (best[before], link) {
                let candidate = own(
                    of.explained.saturating_add(explained),
                    of.readings,
                    Some(before),
                );
                found = found.max(Some(candidate));
            }
            if !segments[before].contradicted {
                break;
            }
            between.add(&segments[before]);
        }
        best.push(found);
        may_be_first &= segment.contradicted;
    }
    // The last kept segment: every segment behind it is contradicted.
    let first = segments.iter().rposition(|segment| !segment.contradicted);
    let ends = (first.unwrap_or(0)..segments.len()).rev();
    let end = ends.max_by_key(|index| best.get(*index).copied().flatten());
    let mut kept = Vec::new();
    let mut next = end;
    while let Some(index) = next {
        kept.push(index);
        next = best[index].and_then(|best| best.before);
    }
    kept.reverse();
    flags(segments, &kept)
}

/// The time between two kept segments that they explain, µs; `None` if only one of them can be
/// kept.
fn link(before: &Segment, after: &Segment, between: &Between) -> Option<i64> {
    if after.first < before.last {
        return None;
    }
    let pause = after.started_at.saturating_sub(before.ended_at);
    if pause < -JITTER_MICROSECONDS {
        let partly = after.started_at > before.started_at && before.is_adjacent(after);
        return partly.then_some(pause);
    }
    Some(between.filled_span(after.first.saturating_sub(before.last), pause))
}

/// Flagged segments between two kept ones.
#[derive(Debug, Default)]
struct Between {
    span: i64,
    /// From the first to the last, by their own clock (µs), and in numbers.
    elapsed: i64,
    numbers: i64,
    /// Number and time of the first.
    first: Option<(i64, i64)>,
}

impl Between {
    /// Adds the segment before those already added.
    fn add(&mut self, segment: &Segment) {
        if let Some((number, started_at)) = self.first {
            let pause = started_at.saturating_sub(segment.ended_at).max(0);
            let numbers = number.saturating_sub(segment.last).max(0);
            self.elapsed = self.elapsed.saturating_add(pause);
            self.numbers = self.numbers.saturating_add(numbers);
        }
        self.first = Some((segment.first, segment.started_at));
        self.span = self.span.saturating_add(segment.span());
        self.elapsed = self.elapsed.saturating_add(segment.span());
        let numbers = segment.last.saturating_sub(segment.first);
        self.numbers = self.numbers.saturating_add(numbers);
    }

    /// The time that they measured, if it fills the gap between the kept segments.
    fn filled_span(&self, numbers: i64, pause: i64) -> i64 {
        let more = pause.saturating_sub(self.elapsed);
        let missing = numbers.saturating_sub(self.numbers).max(1);
        let per_number = per_number(self.elapsed / self.numbers.max(1));
        let fits = more >= -JITTER_MICROSECONDS && more <= per_number.saturating_mul(missing);
        if fits { self.span } else { 0 }
    }
}

/// Flags all segments but `kept`, and the ends of kept ones that overlap. `kept` is sorted.
fn flags(segments: &[Segment], kept: &[usize]) -> Vec<Option<UnixMicroseconds>> {
    let mut flags = vec![None; segments.len()];
    let (Some(&first), Some(&last)) = (kept.first(), kept.last()) else {
        return flags;
    };
    // Segments outside of all kept numbers are flagged only if they are adjacent to them.
    let at_start = first > 0 && segments[first - 1].is_adjacent(&segments[first]);
    let at_end = last + 1 < segments.len() && segments[last].is_adjacent(&segments[last + 1]);
    let from = if at_start { 0 } else { first };
    let end = if at_end { segments.len() } else { last + 1 };
    for index in from..end {
        if kept.binary_search(&index).is_err() {
            flags[index] = Some(UnixMicroseconds(segments[index].started_at));
        }
    }
    for pair in kept.windows(2) {
        let (before, after) = (&segments[pair[0]], &segments[pair[1]]);
        if after.started_at < before.ended_at.saturating_sub(JITTER_MICROSECONDS) {
            flags[pair[0]] = Some(UnixMicroseconds(after.started_at));
        }
    }
    flags
}
