//! Lists the readings that each fault changed.

use ayaz_model::{ReadingKey, SignalSet, UnixMicroseconds};

use crate::faults::{DataFaultKind, DataFaultPlan};

/// Readings of one boot with consecutive sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingRange {
    /// Their boot.
    pub boot_id: u32,
    /// Sequence number of the first one.
    pub first: u64,
    /// Sequence number of the last one, inclusive.
    pub last: u64,
}

impl ReadingRange {
    /// Whether a reading is in the range.
    pub fn contains(&self, key: &ReadingKey) -> bool {
        key.boot_id == self.boot_id && (self.first..=self.last).contains(&key.sequence)
    }
}

/// A data fault that happened, with its readings.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthDataFault {
    /// The kind of fault.
    pub kind: DataFaultKind,
    /// The signals that are wrong in at least one of the readings. Empty if only time, identity or
    /// delivery are wrong.
    pub signals: SignalSet,
    /// True time of the first of the readings.
    pub from: UnixMicroseconds,
    /// True time of the last of the readings.
    pub until: UnixMicroseconds,
    /// Exactly the readings that differ from those of a healthy device, by the identity with which they
    /// are sent. Lost readings have the identity that they would have.
    pub readings: Vec<ReadingRange>,
}

/// Faults by the number of their plan.
#[derive(Debug, Clone, Default)]
pub(crate) struct FaultLog {
    faults: Vec<Option<TruthDataFault>>,
}

impl FaultLog {
    /// Records that a planned fault changed a reading.
    pub(crate) fn note(
        &mut self,
        (number, plan): (usize, &DataFaultPlan),
        key: ReadingKey,
        taken_at: UnixMicroseconds,
        signals: SignalSet,
    ) {
        if self.faults.len() <= number {
            self.faults.resize(number + 1, None);
        }
        let fault = self.faults[number].get_or_insert_with(|| TruthDataFault {
            kind: plan.fault.kind(),
            signals: SignalSet::EMPTY,
            from: taken_at,
            until: taken_at,
            readings: Vec::new(),
        });
        fault.until = taken_at;
        for signal in signals.iter() {
            fault.signals.insert(signal);
        }
        match fault.readings.last_mut() {
            Some(range) if range.boot_id == key.boot_id && range.last + 1 == key.sequence => {
                range.last = key.sequence;
            }
            _ => fault.readings.push(ReadingRange {
                boot_id: key.boot_id,
                first: key.sequence,
                last: key.sequence,
            }),
        }
    }

    /// The faults that happened.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &TruthDataFault> {
        self.faults.iter().flatten()
    }
}
