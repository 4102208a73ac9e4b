//! An hour as it was a while before its newest reading, so that the next refresh of an hour that still
//! runs reads on from there.
//!
//! What an hour comes to is a fold over its readings in the order of time. So a copy of the fold stands
//! for all readings before an instant, as long as none is added before it and the fold began with the
//! same. Of readings in the hours around, into which the fold looks as well, the same holds as for an hour
//! that was worked out before they came: their own hours find by its [`HourState`] that it is wrong.
//!
//! [`HourState`]: crate::hours::HourState

use std::collections::VecDeque;

use ayaz_model::UnixMicroseconds;

use super::Hours;
use crate::clock::LeftOut;
use crate::hours::OpenTrip;
use crate::sample::Sample;
use crate::service_days::ServiceDayRules;

/// How long before the newest reading a copy is made, µs. What comes next is rarely older: a message holds
/// a minute of readings, and readings that were seen before the ledger told of them are some seconds old.
const MARGIN_MICROSECONDS: i64 = 120_000_000;

/// Most readings within the margin, 100 Hz; of a bus that sends faster no copy is made.
const WAITING_MAX: usize = 12_000;

/// What a fold begins with, beside limits that are the same for as long as the worker runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldInputs {
    /// Start of the first hour.
    pub from: UnixMicroseconds,
    /// How many hours.
    pub count: usize,
    /// The trip that was open when it began.
    pub open_trip: Option<OpenTrip>,
    /// The vehicle's service days.
    pub service_days: ServiceDayRules,
    /// What is left out for its time.
    pub left_out: LeftOut,
}

impl FoldInputs {
    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.left_out.bytes()
    }
}

/// Hours into which all readings before an instant were pushed, and no other.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    hours: Hours,
    until: UnixMicroseconds,
}

impl Checkpoint {
    /// Hours into which nothing was pushed.
    pub fn nothing(hours: Hours) -> Self {
        let until = hours.since();
        Self { hours, until }
    }

    /// From where readings are to be pushed.
    pub fn until(&self) -> UnixMicroseconds {
        self.until
    }

    /// Up to where all readings are needed.
    pub fn needs_until(&self) -> UnixMicroseconds {
        self.hours.until()
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        self.hours.bytes()
    }

    /// Whether it still stands for all readings before [`until`](Self::until), if the first of those that
    /// may be new is of `changed_from`.
    pub fn holds(&self, changed_from: UnixMicroseconds) -> bool {
        self.until <= changed_from
    }
}

/// Hours that are being read on.
#[derive(Debug)]
pub struct IncrementalFold {
    checkpoint: Checkpoint,
    /// Within the margin before the newest.
    waiting: VecDeque<Sample>,
    is_kept: bool,
}

impl IncrementalFold {
    /// Reads on from there; `is_kept` says whether a copy is to be made.
    pub fn from(checkpoint: Checkpoint, is_kept: bool) -> Self {
        Self {
            checkpoint,
            waiting: VecDeque::new(),
            is_kept,
        }
    }

    /// Takes the next reading, in the order of their identity.
    pub fn push(&mut self, sample: Sample) {
        if !self.is_kept {
            self.checkpoint.hours.push(sample);
            return;
        }
        let before = sample.recorded_at.plus(-MARGIN_MICROSECONDS);
        self.waiting.push_back(sample);
        // Never back, also if nothing new was told of: see `KnownHours::changed_from`.
        self.checkpoint.until = self.checkpoint.until.max(before);
        let end = self
            .waiting
            .partition_point(|waits| waits.recorded_at < before);
        for sample in self.waiting.drain(..end) {
            self.checkpoint.hours.push(sample);
        }
        if self.waiting.len() > WAITING_MAX {
            self.is_kept = false;
            self.let_go();
        }
    }

    /// When all readings were pushed: the hours, and what they were a while before, if it is kept.
    pub fn finish(mut self) -> (Hours, Option<Checkpoint>) {
        let kept = self.is_kept.then(|| self.checkpoint.clone());
        self.let_go();
        (self.checkpoint.hours, kept)
    }

    fn let_go(&mut self) {
        for sample in self.waiting.drain(..) {
            self.checkpoint.hours.push(sample);
        }
    }
}
