//! Decides by the surroundings of a value whether it is a spike or a step.

use std::collections::VecDeque;

use super::{Jumped, flag};
use crate::plausibility::buffer::{Buffer, Trail};
use crate::plausibility::limits::{
    Limits, QUANTITIES, SIDE_MICROSECONDS, SPEED, VOLTAGE, can_step, seconds, side, value,
};

/// Most jumps of a quantity that are read to either side, and most of any quantity.
const JUMPS_MAX: usize = 4;
const JUMPS_SEEN_MAX: usize = 32;

/// Most samples without a quantity that are skipped to find its last value.
const BLANKS_MAX: u64 = 700;

/// The judged place and its surroundings.
pub(super) struct Around<'a> {
    pub(super) trail: &'a Trail,
    pub(super) limits: &'a Limits,
    pub(super) place: u64,
    pub(super) at: i64,
}

impl Around<'_> {
    /// Whether the quantity is a spike here; `None` where it is missing.
    pub(super) fn is_spike(
        &self,
        buffer: &Buffer,
        jumps: &VecDeque<Jumped>,
        quantity: usize,
    ) -> Option<bool> {
        let side = side(quantity);
        let near = |jump: &&Jumped| {
            jump.quantities & (1 << quantity) != 0
                && jump.at.saturating_sub(self.at).saturating_abs() <= side
        };
        let until_here = jumps.partition_point(|jump| jump.place <= self.place);
        let mut before = jumps
            .range(..until_here)
            .rev()
            .take(JUMPS_SEEN_MAX)
            .filter(near)
            .take(JUMPS_MAX)
            .peekable();
        before.peek()?;
        let after = jumps
            .range(until_here..)
            .take(JUMPS_SEEN_MAX)
            .filter(near)
            .take(JUMPS_MAX);
        let x = value(&self.trail.entry(buffer, self.place)?.sample, quantity)?;
        let after: Vec<([f64; 2], i64)> = after
            .filter_map(|jump| {
                let q = value(&self.trail.entry(buffer, jump.place)?.sample, quantity)?;
                let agrees = self.limits.agree(quantity, x, q, seconds(self.at, jump.at));
                (!agrees).then_some((q, jump.at))
            })
            .collect();
        if after.is_empty() {
            return Some(false);
        }
        let mut support = None;
        for jump in before {
            let Some((p, p_at)) = self.present_before(buffer, jump.place, quantity, side) else {
                continue;
            };
            if self.limits.agree(quantity, p, x, seconds(p_at, self.at))
                || !after
                    .iter()
                    .any(|(q, q_at)| self.limits.agree(quantity, p, *q, seconds(p_at, *q_at)))
            {
                continue;
            }
            let own = *support.get_or_insert_with(|| self.support(buffer, quantity, x, self.at));
            if own < self.support(buffer, quantity, p, p_at) {
                return Some(true);
            }
        }
        Some(false)
    }

    /// The nearest value before the place, at most `side` before this one.
    fn present_before(
        &self,
        buffer: &Buffer,
        place: u64,
        quantity: usize,
        side: i64,
    ) -> Option<([f64; 2], i64)> {
        let (place, at) = self.nearest(buffer, place, quantity)?;
        if self.at.saturating_sub(at) > side {
            return None;
        }
        Some((
            value(&self.trail.entry(buffer, place)?.sample, quantity)?,
            at,
        ))
    }

    /// How many values around this place agree with a value at that time.
    fn support(&self, buffer: &Buffer, quantity: usize, x: [f64; 2], x_at: i64) -> usize {
        let side = side(quantity);
        let (first, end) = self
            .trail
            .between(self.at.saturating_sub(side), self.at.saturating_add(side));
        self.trail
            .samples(buffer, first, end)
            .filter(|(at, sample)| {
                value(sample, quantity).is_some_and(|y| {
                    if *at < x_at {
                        self.limits.agree(quantity, y, x, seconds(*at, x_at))
                    } else {
                        self.limits.agree(quantity, x, y, seconds(x_at, *at))
                    }
                })
            })
            .count()
    }

    /// Flags the values to which their quantity jumped and did not return.
    pub(super) fn judge_steps(&self, buffer: &mut Buffer) {
        let Some(entry) = self.trail.entry(buffer, self.place) else {
            return;
        };
        let jumps = entry.jumps & !entry.spikes & !(1 << VOLTAGE);
        if jumps == 0 {
            return;
        }
        for quantity in (0..QUANTITIES).filter(|quantity| jumps & (1 << quantity) != 0) {
            if let Some(place) = self.step(buffer, quantity)
                && let Some(entry) = self.trail.entry_mut(buffer, place)
            {
                flag(entry, quantity);
            }
        }
    }

    /// The place to flag for a step to this one.
    fn step(&self, buffer: &Buffer, quantity: usize) -> Option<u64> {
        let x = value(&self.trail.entry(buffer, self.place)?.sample, quantity)?;
        let (before, before_at) = self.nearest(buffer, self.place, quantity)?;
        let entry = self.trail.entry(buffer, before)?;
        if entry.spikes & (1 << quantity) != 0 {
            return None;
        }
        let p = value(&entry.sample, quantity)?;
        let possible = quantity == SPEED && can_step(x[0] - p[0], seconds(before_at, self.at));
        if possible {
            return None;
        }
        match self.nearest(buffer, before, quantity) {
            Some(_) => Some(self.place),
            None => Some(before),
        }
    }

    /// The nearest earlier place that has the quantity, at most 60 s back.
    fn nearest(&self, buffer: &Buffer, place: u64, quantity: usize) -> Option<(u64, i64)> {
        let from = self.trail.at(place)?;
        for back in 1..=BLANKS_MAX {
            let place = place.checked_sub(back)?;
            let at = self.trail.at(place)?;
            if from.saturating_sub(at) > SIDE_MICROSECONDS {
                return None;
            }
            if value(&self.trail.entry(buffer, place)?.sample, quantity).is_some() {
                return Some((place, at));
            }
        }
        None
    }
}
