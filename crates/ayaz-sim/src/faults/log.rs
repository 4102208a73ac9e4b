//! Notes which readings a fault changed.

use ayaz_model::{ReadingKey, SignalSet, UnixMicroseconds};

use crate::faults::{DataFaultKind, DataFaultPlan};

/// Readings of one boot with consecutive sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingRange {
    /// The boot that they name.
    pub boot_id: u32,
    /// The first.
    pub first: u64,
    /// The last, which belongs to them.
    pub last: u64,
}

impl ReadingRange {
    /// Whether a reading is one of them.
    pub fn contains(&self, key: &ReadingKey) -> bool {
        key.boot_id == self.boot_id && (self.first..=self.last).contains(&key.sequence)
    }
}

/// A fault that happened, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthDataFault {
    /// What.
    pub kind: DataFaultKind,
    /// The signals that differ from the truth in at least one of the readings; none where only
    /// time, identity or delivery do.
    pub signals: SignalSet,
    /// When the first of the readings was measured, by a clock that is right.
    pub from: UnixMicroseconds,
    /// When the last of them was measured.
    pub until: UnixMicroseconds,
    /// Exactly the readings that differ from what a healthy device would have delivered, by the
    /// identity under which they are (or, lost, would have been) delivered.
    pub readings: Vec<ReadingRange>,
}

/// Faults by the number of their plan.
#[derive(Debug, Clone, Default)]
pub(crate) struct FaultLog {
    faults: Vec<Option<TruthDataFault>>,
}

impl FaultLog {
    /// Notes that a reading differs because of a plan.
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

    /// What happened.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &TruthDataFault> {
        self.faults.iter().flatten()
    }
}
