//! A checkpoint of an open hour, made a while before its newest reading. The next refresh of the
//! hour starts from it.
//!
//! An hour's outcome is a fold over its readings in the order of time. So a copy of the fold
//! replaces all readings before an instant, if no reading is added before it and the fold inputs
//! are the same. The fold also uses readings of the hours around. If those change, their own hours
//! find by the [`HourState`] that this hour is outdated, as for any finished hour.
//!
//! [`HourState`]: crate::hours::HourState

use std::collections::VecDeque;

use ayaz_model::UnixMicroseconds;

use super::Hours;
use crate::clock::Excluded;
use crate::hours::OpenTrip;
use crate::sample::Sample;
use crate::service_days::ServiceDayRules;

/// How long before the newest reading a copy is made, µs. Later arrivals are rarely older: a
/// message holds a minute of readings, and a reading can be visible some seconds before the ledger
/// lists it.
const MARGIN_MICROSECONDS: i64 = 120_000_000;

/// Most readings within the margin, 100 Hz. No copy is made for a bus that sends faster.
const WAITING_MAX: usize = 12_000;

/// The inputs of a fold, beside limits that do not change while the worker runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldInputs {
    /// Start of the first hour.
    pub from: UnixMicroseconds,
    /// How many hours.
    pub count: usize,
    /// The trip that was open at the start.
    pub open_trip: Option<OpenTrip>,
    /// The vehicle's service days.
    pub service_days: ServiceDayRules,
    /// Readings excluded for their wrong time.
    pub excluded: Excluded,
}

impl FoldInputs {
    /// Approximate memory use.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.excluded.bytes()
    }
}

/// Hours that hold all readings before an instant, and no others.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    hours: Hours,
    until: UnixMicroseconds,
}

impl Checkpoint {
    /// Hours without readings.
    pub fn empty(hours: Hours) -> Self {
        let until = hours.since();
        Self { hours, until }
    }

    /// Readings are needed from here.
    pub fn until(&self) -> UnixMicroseconds {
        self.until
    }

    /// All readings are needed up to here.
    pub fn needs_until(&self) -> UnixMicroseconds {
        self.hours.until()
    }

    /// Approximate memory use.
    pub fn bytes(&self) -> usize {
        self.hours.bytes()
    }

    /// Whether it still holds all readings before [`until`](Self::until), if `changed_from` is the
    /// time of the first reading that may be new.
    pub fn holds(&self, changed_from: UnixMicroseconds) -> bool {
        self.until <= changed_from
    }
}

/// Hours to which readings are being added.
#[derive(Debug)]
pub struct IncrementalFold {
    checkpoint: Checkpoint,
    /// Readings within the margin before the newest.
    waiting: VecDeque<Sample>,
    is_kept: bool,
}

impl IncrementalFold {
    /// Continues from a checkpoint; `is_kept` tells whether to make a new one.
    pub fn from(checkpoint: Checkpoint, is_kept: bool) -> Self {
        Self {
            checkpoint,
            waiting: VecDeque::new(),
            is_kept,
        }
    }

    /// Adds the next reading, in the order of their identity.
    pub fn push(&mut self, sample: Sample) {
        if !self.is_kept {
            self.checkpoint.hours.push(sample);
            return;
        }
        let before = sample.recorded_at.plus(-MARGIN_MICROSECONDS);
        self.waiting.push_back(sample);
        // It never goes back, even if the ledger lists nothing new: see `KnownHours::changed_from`.
        self.checkpoint.until = self.checkpoint.until.max(before);
        let end = self
            .waiting
            .partition_point(|waits| waits.recorded_at < before);
        for sample in self.waiting.drain(..end) {
            self.checkpoint.hours.push(sample);
        }
        if self.waiting.len() > WAITING_MAX {
            self.is_kept = false;
            self.push_waiting();
        }
    }

    /// Call when all readings were pushed. Returns the hours, and the new checkpoint if one is
    /// made.
    pub fn finish(mut self) -> (Hours, Option<Checkpoint>) {
        let kept = self.is_kept.then(|| self.checkpoint.clone());
        self.push_waiting();
        (self.checkpoint.hours, kept)
    }

    fn push_waiting(&mut self) {
        for sample in self.waiting.drain(..) {
            self.checkpoint.hours.push(sample);
        }
    }
}
