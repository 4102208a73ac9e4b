//! The flags of a sample, and which checks set them.

use ayaz_model::{Signal, SignalSet};

use crate::checks::Check;
use crate::sample::Sample;

/// Which checks fired for a sample, and which signals they flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    checks: u8,
    signals: SignalSet,
}

impl Flags {
    /// No flag.
    pub const NONE: Self = Self {
        checks: 0,
        signals: SignalSet::EMPTY,
    };

    /// Whether nothing is flagged.
    pub fn is_none(self) -> bool {
        self.checks == 0
    }

    /// Whether every signal of the row is flagged, including those that are not in
    /// [`signals`](Self::signals).
    pub fn whole_row(self) -> bool {
        self.fired(Check::InterpolatedRamp)
    }

    /// Whether the signal is flagged, by itself or with the whole row.
    pub fn marks(self, signal: Signal) -> bool {
        self.whole_row() || self.signals.contains(signal)
    }

    /// The signals that are flagged individually.
    pub fn signals(self) -> SignalSet {
        self.signals
    }

    /// Whether the check fired.
    pub fn fired(self, check: Check) -> bool {
        self.checks & (1 << check as u8) != 0
    }

    /// The checks that fired.
    pub fn checks(self) -> impl Iterator<Item = Check> {
        Check::ALL
            .iter()
            .copied()
            .filter(move |check| self.fired(*check))
    }

    /// Removes the flagged measurements from the sample, so that they enter no sum.
    pub fn clear(self, sample: &mut Sample) {
        if self.is_none() {
            return;
        }
        sample.clear(self);
    }

    pub(super) fn flag(&mut self, check: Check, signal: Signal) {
        self.checks |= 1 << check as u8;
        self.signals.insert(signal);
    }

    pub(super) fn flag_whole_row(&mut self) {
        self.checks |= 1 << Check::InterpolatedRamp as u8;
    }
}
