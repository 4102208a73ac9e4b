//! Data quality of an hour: gaps in sequence numbers, and flags.

use std::collections::BTreeMap;

use ayaz_model::{Signal, UnixMicroseconds};
use jiff::civil::Date;

use crate::hours::{FlaggedSpan, HourSequence};
use crate::interval::INTERVAL_MICROSECONDS_MAX;
use crate::plausibility::{Check, Flags};
use crate::sample::Sample;

/// Most spans of an hour; further ones extend the last one. A hostile source must not make a row of
/// each reading.
const SPANS_MAX: usize = 500;

/// Ranges of 16 and 32 bit counters, after which they restart at 0.
const COUNTS: [i64; 2] = [1 << 16, 1 << 32];

/// Of one hour.
#[derive(Debug, Clone, Default)]
pub(super) struct Quality {
    sequences: BTreeMap<(Date, i64), Sequence>,
    spans: Vec<OpenSpan>,
    /// Readings with a wrong time, by the index of their run.
    excluded: BTreeMap<usize, Excluded>,
}

/// Readings of one run that were recorded with a wrong time.
#[derive(Debug, Clone)]
struct Excluded {
    boot_id: i64,
    started_at: UnixMicroseconds,
    ended_at: UnixMicroseconds,
    readings: i64,
    sequences: (i64, i64),
}

#[derive(Debug, Clone)]
struct Sequence {
    readings: i64,
    readings_flagged: i64,
    readings_out_of_order: i64,
    min: i64,
    max: i64,
    last: i64,
    /// Offset that is added to numbers, for the counter's wraps before.
    wrap_offset: i64,
}

#[derive(Debug, Clone)]
struct OpenSpan {
    boot_id: i64,
    started_at: UnixMicroseconds,
    ended_at: UnixMicroseconds,
    readings: i64,
    sequences: (i64, i64),
    flags: Flags,
    /// Whether a reading without flags came after it.
    is_over: bool,
}

impl Sequence {
    const NONE: Self = Self {
        readings: 0,
        readings_flagged: 0,
        readings_out_of_order: 0,
        min: i64::MAX,
        max: i64::MIN,
        last: i64::MIN,
        wrap_offset: 0,
    };

    fn add(&mut self, number: i64, flagged: bool) {
        self.readings += 1;
        self.readings_flagged += i64::from(flagged);
        self.min = self.min.min(number);
        self.max = self.max.max(number);
    }

    /// The number of the next reading in the order of time, corrected for wraps of the counter.
    fn number(&mut self, sequence: i64) -> i64 {
        let before = self.last.saturating_sub(self.wrap_offset);
        let highest = before.max(sequence);
        let Some(count) = COUNTS.into_iter().find(|count| highest < *count) else {
            return sequence.saturating_add(self.wrap_offset);
        };
        let (is_low, is_high) = (|it| it < count / 4, |it| it >= count / 4 * 3);
        if is_high(before) && is_low(sequence) {
            self.wrap_offset = self.wrap_offset.saturating_add(count);
        } else if is_low(before) && is_high(sequence) && self.wrap_offset >= count {
            // A number from before the wrap, which clock jitter has put after it.
            return sequence.saturating_add(self.wrap_offset - count);
        }
        sequence.saturating_add(self.wrap_offset)
    }
}

impl Quality {
    /// Adds the next sample, in the order of time.
    pub(super) fn add(&mut self, sample: &Sample, day: Date, flags: Flags) {
        let flagged = !flags.is_none();
        let sequence = self.sequence(sample, day);
        let number = sequence.number(sample.sequence);
        sequence.add(number, flagged);
        sequence.readings_out_of_order += i64::from(number < sequence.last);
        sequence.last = number;
        if flagged {
            self.flag(sample, flags);
        } else if let Some(last) = self.spans.last_mut()
            && last.boot_id == sample.boot_id
        {
            last.is_over = true;
        }
    }

    /// Adds a sample that was recorded with a wrong time; `run` groups them.
    pub(super) fn exclude(&mut self, sample: &Sample, day: Date, run: usize) {
        self.sequence(sample, day).add(sample.sequence, true);
        let at = sample.recorded_at;
        let excluded = self.excluded.entry(run).or_insert(Excluded {
            boot_id: sample.boot_id,
            started_at: at,
            ended_at: at,
            readings: 0,
            sequences: (sample.sequence, sample.sequence),
        });
        excluded.ended_at = at;
        excluded.readings += 1;
        widen(&mut excluded.sequences, sample);
    }

    fn sequence(&mut self, sample: &Sample, day: Date) -> &mut Sequence {
        let key = (day, sample.boot_id);
        self.sequences.entry(key).or_insert(Sequence::NONE)
    }

    fn flag(&mut self, sample: &Sample, flags: Flags) {
        let at = sample.recorded_at;
        let full = self.spans.len() >= SPANS_MAX;
        if let Some(last) = self.spans.last_mut()
            && (full || last.continues(sample, flags))
        {
            last.ended_at = at;
            last.readings += 1;
            widen(&mut last.sequences, sample);
            return;
        }
        self.spans.push(OpenSpan {
            boot_id: sample.boot_id,
            started_at: at,
            ended_at: at,
            readings: 1,
            sequences: (sample.sequence, sample.sequence),
            flags,
            is_over: false,
        });
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.sequences.len() * size_of::<((Date, i64), Sequence)>()
            + self.spans.len() * size_of::<OpenSpan>()
            + self.excluded.len() * size_of::<(usize, Excluded)>()
    }

    pub(super) fn into_rows(self, hour: UnixMicroseconds) -> (Vec<HourSequence>, Vec<FlaggedSpan>) {
        let sequences = self
            .sequences
            .into_iter()
            .map(|((day, boot_id), of)| HourSequence {
                hour,
                service_day: day,
                boot_id,
                readings: of.readings,
                readings_flagged: of.readings_flagged,
                readings_out_of_order: of.readings_out_of_order,
                sequence_min: of.min,
                sequence_max: of.max,
            });
        let spans = self.spans.into_iter().map(|of| FlaggedSpan {
            hour,
            boot_id: of.boot_id,
            started_at: of.started_at,
            ended_at: of.ended_at,
            readings: of.readings,
            sequence_min: of.sequences.0,
            sequence_max: of.sequences.1,
            checks: of.flags.checks().map(Check::name).collect(),
            signals: of.flags.signals().iter().map(Signal::name).collect(),
            whole_row: of.flags.whole_row(),
        });
        let excluded = self.excluded.into_values().map(|of| FlaggedSpan {
            hour,
            boot_id: of.boot_id,
            started_at: of.started_at,
            ended_at: of.ended_at,
            readings: of.readings,
            sequence_min: of.sequences.0,
            sequence_max: of.sequences.1,
            checks: vec![Check::ClockStep.name()],
            signals: Vec::new(),
            whole_row: true,
        });
        (sequences.collect(), spans.chain(excluded).collect())
    }
}

fn widen(sequences: &mut (i64, i64), sample: &Sample) {
    sequences.0 = sequences.0.min(sample.sequence);
    sequences.1 = sequences.1.max(sample.sequence);
}

impl OpenSpan {
    fn continues(&self, sample: &Sample, flags: Flags) -> bool {
        let pause = sample.recorded_at.0.saturating_sub(self.ended_at.0);
        !self.is_over
            && self.boot_id == sample.boot_id
            && self.flags == flags
            && pause <= INTERVAL_MICROSECONDS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lowest and highest number, and how many are out of order, of readings in this order.
    fn numbers(sequences: impl IntoIterator<Item = i64>) -> (i64, i64, i64) {
        let mut quality = Quality::default();
        for (second, sequence) in (0..).zip(sequences) {
            let mut sample = Sample::bare(UnixMicroseconds(second * 1_000_000), 1, None);
            sample.sequence = sequence;
            quality.add(&sample, Date::constant(2026, 1, 1), Flags::default());
        }
        let (rows, _) = quality.into_rows(UnixMicroseconds(0));
        let row = &rows[0];
        (
            row.sequence_min,
            row.sequence_max,
            row.readings_out_of_order,
        )
    }

    #[test]
    fn numbers_are_corrected_for_counter_wraps() {
        let wrapped = |from: i64, count: i64, readings: i64| {
            (from..from + readings).map(move |number| number % count)
        };
        for count in COUNTS {
            let from = count - 100;
            assert_eq!(numbers(wrapped(from, count, 300)), (from, from + 299, 0));
        }
        // At 100 Hz, several times an hour.
        assert_eq!(numbers(wrapped(0, 1 << 16, 200_000)), (0, 199_999, 0));
        // Neighbours that change places around the wrap.
        let jitter = [65_533, 65_534, 0, 65_535, 1, 2];
        assert_eq!(numbers(jitter), (65_533, 65_538, 1));
        // Numbers that pass these limits without a wrap, and numbers without order.
        let passing = (1 << 16) - 5..(1 << 16) + 5;
        assert_eq!(
            numbers(passing.clone()),
            (passing.start, passing.end - 1, 0)
        );
        assert_eq!(numbers([40_000, 10, 20]), (10, 40_000, 1));
        assert_eq!(numbers([i64::MAX, 0, i64::MAX]), (0, i64::MAX, 1));
    }
}
