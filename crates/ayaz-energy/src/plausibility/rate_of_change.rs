//! Values that the vehicle cannot have reached in the time.
//!
//! Two neighbouring values (at most 60 s apart, positions 40 s) **agree** if they differ by no more
//! than an amount at once plus an amount for each second:
//!
//! | Quantity | at once | each second | why |
//! |---|---|---|---|
//! | speed | 8 km/h | 12 km/h | 3.3 m/s²; harder braking does not come back within 6 s |
//! | state of charge | 3 % | 1/30 % | 5 % in 60 s; the smallest pack at full power does 0.16 %/s |
//! | exterior, battery, cells | 5 K | 0.2 K | sensors in air need half a minute for a third of a step |
//! | cabin | 8 K | 0.3 K | doors open at −35 °C |
//! | coolant | 30 K | 2 K | a starting pump brings coolant from elsewhere |
//! | odometer | −0.1 to 1.1 km | 0.045 km | a resolution of 1 km; 160 km/h |
//! | voltage | 20 V + 30 % | – | resistance explains a fifth at most |
//! | position | 200 m | 45 m | 160 km/h, for the time in which a receiver repeats its last position too |
//!
//! **Spike.** A value is flagged if all of this holds within 60 s around it (speed and voltage 6
//! s): its quantity jumps before or at it, and again after it; the value before the first jump and
//! the value at the second agree with each other and disagree with it; and more values around agree
//! with the value before than with this one. So only the spike is flagged, and of a signal that
//! alternates the rarer level.
//!
//! **Step.** A jump that does not return flags the first sample after it (the last one before it,
//! if that is the first of its boot): a sensor was replaced, a controller restarted, a state of
//! charge was corrected. A step of speed is flagged only beyond 10 km/h + 15 km/h a second upwards
//! (a car that starts) and 15 km/h + 36 km/h a second downwards (1 g), and a step of voltage never,
//! because contactors open and close.

use std::collections::VecDeque;

use ayaz_model::Signal;

use super::buffer::{Buffer, Entry, Trail};
use super::limits::{Limits, POSITION, QUANTITIES, SIDE_MICROSECONDS, SIGNALS, seconds, value};
use super::{Check, Settings};

mod around;

use around::Around;

/// If a position is missing for longer, a repeated position does not count as the same wait. This
/// and the time in which a position can jump add up to the window's side, so that the reach is
/// finite here too.
const POSITION_SILENCE_MICROSECONDS: i64 = 20_000_000;

/// A place at which these quantities jump.
#[derive(Debug, Clone, Copy)]
struct Jumped {
    place: u64,
    at: i64,
    quantities: u16,
}

/// The jumps of one boot.
#[derive(Debug, Clone)]
pub(super) struct RateOfChange {
    /// Last value and its last time; for the position, its first time.
    last: [([f64; 2], i64); QUANTITIES],
    position_seen_at: i64,
    jumps: VecDeque<Jumped>,
    /// The next place to judge.
    next: u64,
}

impl Default for RateOfChange {
    fn default() -> Self {
        Self {
            last: [([0.0; 2], i64::MIN); QUANTITIES],
            position_seen_at: i64::MIN,
            jumps: VecDeque::new(),
            next: 0,
        }
    }
}

impl RateOfChange {
    /// Compares the newest sample with those before it.
    pub(super) fn take(&mut self, trail: &Trail, buffer: &mut Buffer, settings: &Settings) {
        let limits = &settings.limits;
        let place = trail.end() - 1;
        let Some(entry) = trail.entry_mut(buffer, place) else {
            return;
        };
        let at = entry.sample.recorded_at.0;
        let mut jumps = 0;
        for quantity in 0..QUANTITIES {
            let Some(now) = value(&entry.sample, quantity) else {
                continue;
            };
            let (before, before_at) = self.last[quantity];
            let mut within = SIDE_MICROSECONDS + 1;
            let mut waits = false;
            if quantity == POSITION {
                // A waiting receiver repeats its last position, and may have moved in all of that
                // time.
                let silence = at.saturating_sub(self.position_seen_at);
                waits = now == before && silence <= POSITION_SILENCE_MICROSECONDS;
                self.position_seen_at = at;
                within = SIDE_MICROSECONDS - POSITION_SILENCE_MICROSECONDS;
            }
            if waits {
                continue;
            }
            self.last[quantity] = (now, at);
            if now != before
                && !limits.is_small(quantity, before, now)
                && at.saturating_sub(before_at) < within
                && !limits.agree(quantity, before, now, seconds(before_at, at))
            {
                jumps |= 1 << quantity;
            }
        }
        if jumps != 0 {
            entry.jumps = jumps;
            self.jumps.push_back(Jumped {
                place,
                at,
                quantities: jumps,
            });
        }
    }

    /// Judges the samples that were recorded before `at` or have a number below `number`. Their
    /// surroundings are complete.
    pub(super) fn judge(
        &mut self,
        trail: &Trail,
        buffer: &mut Buffer,
        limits: &Limits,
        at: i64,
        number: u64,
    ) {
        self.next = self.next.max(trail.first());
        while self.next < trail.end() {
            let place = self.next;
            let (Some(place_at), Some(place_number)) = (trail.at(place), trail.number(place))
            else {
                break;
            };
            if place_at >= at && place_number >= number {
                break;
            }
            self.next += 1;
            while self.jumps.front().is_some_and(|jump| {
                jump.place < trail.first() || place_at.saturating_sub(jump.at) > SIDE_MICROSECONDS
            }) {
                self.jumps.pop_front();
            }
            if self.jumps.is_empty() {
                continue;
            }
            let around = Around {
                trail,
                limits,
                place,
                at: place_at,
            };
            for quantity in 0..QUANTITIES {
                if around
                    .is_spike(buffer, &self.jumps, quantity)
                    .unwrap_or(false)
                    && let Some(entry) = trail.entry_mut(buffer, place)
                {
                    entry.spikes |= 1 << quantity;
                    flag(entry, quantity);
                }
            }
            around.judge_steps(buffer);
        }
    }
}

fn flag(entry: &mut Entry, quantity: usize) {
    let check = Check::RateOfChange;
    if quantity == POSITION {
        entry.flags.flag(check, Signal::latitude_degrees);
        entry.flags.flag(check, Signal::longitude_degrees);
    } else if let Some(&signal) = SIGNALS.get(quantity) {
        entry.flags.flag(check, signal);
    }
}
