//! Samples that wait for their flags, and the trail of each boot through them.

use std::collections::VecDeque;

use super::flags::Flags;
use crate::sample::Sample;

/// Most samples that a check reads in one window; of more, every n-th.
const WINDOW_SAMPLES_MAX: u64 = 256;

/// A waiting sample.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) sample: Sample,
    pub(super) flags: Flags,
    /// Quantities that jumped from the sample before to this one, one bit each.
    pub(super) jumps: u16,
    /// Quantities that are a spike here, one bit each.
    pub(super) spikes: u16,
}

/// All waiting samples in the order of arrival, with consecutive numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffer {
    entries: VecDeque<Entry>,
    /// Number of the first one.
    first: u64,
}

impl Buffer {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Number of the next sample.
    pub(super) fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub(super) fn front(&self) -> Option<&Entry> {
        self.entries.front()
    }

    pub(super) fn get(&self, number: u64) -> Option<&Entry> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get(index)
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Entry> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get_mut(index)
    }

    pub(super) fn push(&mut self, sample: Sample) {
        self.entries.push_back(Entry {
            sample,
            flags: Flags::NONE,
            jumps: 0,
            spikes: 0,
        });
    }

    pub(super) fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.first += 1;
        Some(entry)
    }
}

/// The waiting samples of one boot. Places count from the boot's first sample and never change.
#[derive(Debug, Clone, Default)]
pub(super) struct Trail {
    /// Number in the buffer, and time.
    stops: VecDeque<(u64, i64)>,
    first: u64,
}

impl Trail {
    pub(super) fn bytes(&self) -> usize {
        self.stops.len() * size_of::<(u64, i64)>()
    }

    /// First place that still waits.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The place after the newest.
    pub(super) fn end(&self) -> u64 {
        self.first + self.stops.len() as u64
    }

    pub(super) fn push(&mut self, number: u64, at: i64) {
        self.stops.push_back((number, at));
    }

    pub(super) fn pop(&mut self) {
        if self.stops.pop_front().is_some() {
            self.first += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stops.is_empty()
    }

    fn stop(&self, place: u64) -> Option<(u64, i64)> {
        let index = usize::try_from(place.checked_sub(self.first)?).ok()?;
        self.stops.get(index).copied()
    }

    /// When the sample at the place was recorded, µs.
    pub(super) fn at(&self, place: u64) -> Option<i64> {
        Some(self.stop(place)?.1)
    }

    /// The number in the buffer.
    pub(super) fn number(&self, place: u64) -> Option<u64> {
        Some(self.stop(place)?.0)
    }

    pub(super) fn entry<'b>(&self, buffer: &'b Buffer, place: u64) -> Option<&'b Entry> {
        buffer.get(self.stop(place)?.0)
    }

    pub(super) fn entry_mut<'b>(
        &self,
        buffer: &'b mut Buffer,
        place: u64,
    ) -> Option<&'b mut Entry> {
        buffer.get_mut(self.stop(place)?.0)
    }

    /// The first place recorded at `from` or later, and the first one after `to`.
    pub(super) fn between(&self, from: i64, to: i64) -> (u64, u64) {
        let place = |index: usize| self.first + index as u64;
        (
            place(self.stops.partition_point(|stop| stop.1 < from)),
            place(self.stops.partition_point(|stop| stop.1 <= to)),
        )
    }

    /// The samples at the places from `first` to before `end`, thinned evenly if there are too
    /// many.
    pub(super) fn samples<'b>(
        &'b self,
        buffer: &'b Buffer,
        first: u64,
        end: u64,
    ) -> impl Iterator<Item = (i64, &'b Sample)> {
        let step = end.saturating_sub(first) / WINDOW_SAMPLES_MAX + 1;
        (first..end)
            .step_by(step as usize)
            .filter_map(move |place| {
                let (number, at) = self.stop(place)?;
                Some((at, &buffer.get(number)?.sample))
            })
    }
}

/// Start of the windows of a fixed length that end at the newest sample of a trail.
#[derive(Debug, Clone, Default)]
pub(super) struct WindowStart(u64);

impl WindowStart {
    /// The last place that is at least `length` before the newest sample, if it is at most `slack`
    /// further back. So the window has no large hole at its start.
    pub(super) fn advance(&mut self, trail: &Trail, length: i64, slack: i64) -> Option<u64> {
        let newest = trail.end().checked_sub(1)?;
        let now = trail.at(newest)?;
        self.0 = self.0.max(trail.first());
        while self.0 < newest
            && trail
                .at(self.0 + 1)
                .is_some_and(|at| now.saturating_sub(at) >= length)
        {
            self.0 += 1;
        }
        let span = now.saturating_sub(trail.at(self.0)?);
        (length <= span && span <= length + slack).then_some(self.0)
    }
}
