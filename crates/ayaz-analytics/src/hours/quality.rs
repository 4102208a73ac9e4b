//! How far the readings of an hour are to be trusted: gaps in their sequence, and what is doubted.

use std::collections::BTreeMap;

use ayaz_model::{Signal, UnixMicroseconds};
use ayaz_store::analytics::{DoubtedStretch, HourSequence, Sample};
use jiff::civil::Date;

use crate::interval::INTERVAL_MICROSECONDS_MAX;
use crate::plausibility::{Check, Doubts};

/// Most stretches of an hour; what comes over it extends the last one, so that a hostile source does
/// not make a row of each reading.
const STRETCHES_MAX: usize = 500;

/// The check that doubts a reading's time, by its name in reports.
const CLOCK_STEP: &str = "clock_step";

/// Of one hour.
#[derive(Debug, Clone, Default)]
pub(super) struct Quality {
    sequences: BTreeMap<(Date, i64), Sequence>,
    stretches: Vec<Stretch>,
    /// Readings with a wrong time, by the number of their run.
    left_out: BTreeMap<usize, LeftOut>,
}

/// Readings of one run that were recorded with a wrong time.
#[derive(Debug, Clone)]
struct LeftOut {
    boot_id: i64,
    started_at: UnixMicroseconds,
    ended_at: UnixMicroseconds,
    readings: i64,
    sequences: (i64, i64),
}

#[derive(Debug, Clone)]
struct Sequence {
    readings: i64,
    readings_doubted: i64,
    readings_out_of_order: i64,
    min: i64,
    max: i64,
    last: i64,
}

#[derive(Debug, Clone)]
struct Stretch {
    boot_id: i64,
    started_at: UnixMicroseconds,
    ended_at: UnixMicroseconds,
    readings: i64,
    sequences: (i64, i64),
    doubts: Doubts,
    /// Whether a reading without doubts came after it.
    is_over: bool,
}

impl Sequence {
    const NONE: Self = Self {
        readings: 0,
        readings_doubted: 0,
        readings_out_of_order: 0,
        min: i64::MAX,
        max: i64::MIN,
        last: i64::MIN,
    };

    fn add(&mut self, sample: &Sample, doubted: bool) {
        self.readings += 1;
        self.readings_doubted += i64::from(doubted);
        self.min = self.min.min(sample.sequence);
        self.max = self.max.max(sample.sequence);
    }
}

impl Quality {
    /// Takes the next sample, in the order of time.
    pub(super) fn add(&mut self, sample: &Sample, day: Date, doubts: Doubts) {
        let doubted = !doubts.is_none();
        let sequence = self.sequence(sample, day);
        sequence.add(sample, doubted);
        sequence.readings_out_of_order += i64::from(sample.sequence < sequence.last);
        sequence.last = sample.sequence;
        if doubted {
            self.doubt(sample, doubts);
        } else if let Some(last) = self.stretches.last_mut()
            && last.boot_id == sample.boot_id
        {
            last.is_over = true;
        }
    }

    /// Takes a sample that was recorded with a wrong time; `run` tells which belong together.
    pub(super) fn leave_out(&mut self, sample: &Sample, day: Date, run: usize) {
        self.sequence(sample, day).add(sample, true);
        let at = sample.recorded_at;
        let left_out = self.left_out.entry(run).or_insert(LeftOut {
            boot_id: sample.boot_id,
            started_at: at,
            ended_at: at,
            readings: 0,
            sequences: (sample.sequence, sample.sequence),
        });
        left_out.ended_at = at;
        left_out.readings += 1;
        widen(&mut left_out.sequences, sample);
    }

    fn sequence(&mut self, sample: &Sample, day: Date) -> &mut Sequence {
        let key = (day, sample.boot_id);
        self.sequences.entry(key).or_insert(Sequence::NONE)
    }

    fn doubt(&mut self, sample: &Sample, doubts: Doubts) {
        let at = sample.recorded_at;
        let full = self.stretches.len() >= STRETCHES_MAX;
        if let Some(last) = self.stretches.last_mut()
            && (full || last.goes_on(sample, doubts))
        {
            last.ended_at = at;
            last.readings += 1;
            widen(&mut last.sequences, sample);
            return;
        }
        self.stretches.push(Stretch {
            boot_id: sample.boot_id,
            started_at: at,
            ended_at: at,
            readings: 1,
            sequences: (sample.sequence, sample.sequence),
            doubts,
            is_over: false,
        });
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.sequences.len() * size_of::<((Date, i64), Sequence)>()
            + self.stretches.len() * size_of::<Stretch>()
            + self.left_out.len() * size_of::<(usize, LeftOut)>()
    }

    pub(super) fn into_rows(
        self,
        hour: UnixMicroseconds,
    ) -> (Vec<HourSequence>, Vec<DoubtedStretch>) {
        let sequences = self
            .sequences
            .into_iter()
            .map(|((day, boot_id), of)| HourSequence {
                hour,
                service_day: day,
                boot_id,
                readings: of.readings,
                readings_doubted: of.readings_doubted,
                readings_out_of_order: of.readings_out_of_order,
                sequence_min: of.min,
                sequence_max: of.max,
            });
        let stretches = self.stretches.into_iter().map(|of| DoubtedStretch {
            hour,
            boot_id: of.boot_id,
            started_at: of.started_at,
            ended_at: of.ended_at,
            readings: of.readings,
            sequence_min: of.sequences.0,
            sequence_max: of.sequences.1,
            checks: of.doubts.checks().map(Check::name).collect(),
            signals: of.doubts.signals().iter().map(Signal::name).collect(),
            whole_row: of.doubts.whole_row(),
        });
        let left_out = self.left_out.into_values().map(|of| DoubtedStretch {
            hour,
            boot_id: of.boot_id,
            started_at: of.started_at,
            ended_at: of.ended_at,
            readings: of.readings,
            sequence_min: of.sequences.0,
            sequence_max: of.sequences.1,
            checks: vec![CLOCK_STEP],
            signals: Vec::new(),
            whole_row: true,
        });
        (sequences.collect(), stretches.chain(left_out).collect())
    }
}

fn widen(sequences: &mut (i64, i64), sample: &Sample) {
    sequences.0 = sequences.0.min(sample.sequence);
    sequences.1 = sequences.1.max(sample.sequence);
}

impl Stretch {
    fn goes_on(&self, sample: &Sample, doubts: Doubts) -> bool {
        let pause = sample.recorded_at.0.saturating_sub(self.ended_at.0);
        !self.is_over
            && self.boot_id == sample.boot_id
            && self.doubts == doubts
            && pause <= INTERVAL_MICROSECONDS_MAX
    }
}
