//! Values that are where the vehicle cannot have brought them in the time.
//!
//! Two neighbouring values (at most 60 s apart) **agree** if the second differs from the first by no
//! more than an amount at once plus an amount for each second:
//!
//! | Quantity | at once | each second | why |
//! |---|---|---|---|
//! | speed | 8 km/h | 12 km/h | 3.3 m/s²; harder braking does not come back within 6 s |
//! | state of charge | 3 % | 1/30 % | 5 % in 60 s; the smallest pack at full power does 0.16 %/s |
//! | exterior, battery, cells | 5 K | 0.2 K | sensors in air need half a minute for a third of a step |
//! | cabin | 8 K | 0.3 K | doors open at −35 °C |
//! | odometer | −0.1 to 1.1 km | 0.045 km | a resolution of 1 km; 160 km/h |
//! | voltage | 20 V + 30 % | – | resistance explains a fifth at most |
//! | position | 200 m | 45 m | 160 km/h, also for all the time a receiver repeats its last place |
//!
//! **Spike.** A value is doubted if, within 60 s around it (speed and voltage 6 s), its quantity
//! jumps before or at it and jumps after it, the value before the one jump and the value at the
//! other agree with each other and both disagree with it, and more values around agree with the
//! value before than with this one. So of a spike the spike is doubted and not what is around it,
//! and of a signal that flaps the rarer level.
//!
//! **Step.** A jump that does not come back costs the first sample after it (the last before it, if
//! that is the first of its boot): a sensor was replaced, a controller restarted, a state of charge
//! was corrected. Speed is taken as stepping only beyond 10 km/h + 15 km/h a second upwards (a car
//! that starts off) and 15 km/h + 36 km/h a second downwards (1 g), and voltage never, as contactors
//! open and close.

use std::collections::VecDeque;

use ayaz_model::Signal;
use ayaz_store::analytics::Sample;

use super::buffer::{Buffer, Trail};
use super::config::JumpConfig;
use super::doubts::Check;

/// Neighbours farther apart are not compared; no window is wider to either side. µs.
pub(super) const SIDE_MICROSECONDS: i64 = 60_000_000;

/// The same for quantities that move quickly.
const QUICK_SIDE_MICROSECONDS: i64 = 6_000_000;

/// Jumps of a quantity that are looked at to either side of a sample, among so many of any.
const JUMPS_MAX: usize = 4;
const JUMPS_SEEN_MAX: usize = 32;

/// Samples without a quantity that are passed over to find its last value.
const BLANKS_MAX: u64 = 700;

const SPEED: usize = 0;
const VOLTAGE: usize = 8;
const POSITION: usize = 9;
/// Quantities with one value, and all.
const SCALARS: usize = 9;
const QUANTITIES: usize = 10;

pub(super) const SOC: usize = 1;
pub(super) const EXTERIOR: usize = 2;
pub(super) const CABIN: usize = 3;
pub(super) const BATTERY: usize = 4;
pub(super) const CELL_MIN: usize = 5;
pub(super) const CELL_MAX: usize = 6;
pub(super) const ODOMETER: usize = 7;

const SIGNALS: [Signal; SCALARS] = [
    Signal::speed_kmh,
    Signal::soc_percent,
    Signal::exterior_temperature_celsius,
    Signal::cabin_temperature_celsius,
    Signal::battery_temperature_celsius,
    Signal::cell_temperature_min_celsius,
    Signal::cell_temperature_max_celsius,
    Signal::odometer_km,
    Signal::pack_voltage_volts,
];

fn scalar(sample: &Sample, quantity: usize) -> Option<f64> {
    match quantity {
        SPEED => sample.speed_kmh,
        SOC => sample.soc_percent,
        EXTERIOR => sample.exterior_temperature_celsius,
        CABIN => sample.cabin_temperature_celsius,
        BATTERY => sample.battery_temperature_celsius,
        CELL_MIN => sample.cell_temperature_min_celsius,
        CELL_MAX => sample.cell_temperature_max_celsius,
        ODOMETER => sample.odometer_km,
        VOLTAGE => sample.pack_voltage_volts,
        _ => None,
    }
}

/// A quantity's value; of a scalar, the second number is 0.
fn value(sample: &Sample, quantity: usize) -> Option<[f64; 2]> {
    if quantity == POSITION {
        return Some([sample.latitude_degrees?, sample.longitude_degrees?]);
    }
    Some([scalar(sample, quantity)?, 0.0])
}

/// How far a value may change: down and up at once, down and up each second.
#[derive(Debug, Clone, Copy)]
struct Limit {
    down: f64,
    up: f64,
    down_per_second: f64,
    up_per_second: f64,
}

impl Limit {
    const fn even(at_once: f64, per_second: f64) -> Self {
        Self {
            down: at_once,
            up: at_once,
            down_per_second: per_second,
            up_per_second: per_second,
        }
    }
}

/// A car that starts off, and one that brakes as hard as tyres hold.
const SPEED_STEP: Limit = Limit {
    down: 15.0,
    up: 10.0,
    down_per_second: 36.0,
    up_per_second: 15.0,
};

const POSITION_METRES_PER_SECOND: f64 = 45.0;
const DEGREE_METRES: f64 = 111_200.0;

/// The limits of all quantities.
#[derive(Debug)]
pub(super) struct Limits {
    scalars: [Limit; SCALARS],
    position_m: f64,
}

impl Limits {
    pub(super) fn new(config: &JumpConfig) -> Self {
        let temperature = Limit::even(config.temperature_kelvin, 0.2);
        Self {
            scalars: [
                Limit::even(config.speed_kmh, 12.0),
                Limit::even(config.soc_percent, 1.0 / 30.0),
                temperature,
                Limit::even(config.cabin_temperature_kelvin, 0.3),
                temperature,
                temperature,
                temperature,
                Limit {
                    down: 0.1,
                    up: 1.1,
                    down_per_second: 0.0,
                    up_per_second: 0.045,
                },
                Limit::even(20.0, 0.0),
            ],
            position_m: config.position_m,
        }
    }

    /// Whether the vehicle can have come from the earlier value to the later one.
    pub(super) fn agree(&self, quantity: usize, a: [f64; 2], b: [f64; 2], seconds: f64) -> bool {
        if quantity == POSITION {
            return self.positions_agree(a, b, seconds);
        }
        let relative = if quantity == VOLTAGE {
            0.3 * a[0].abs().max(b[0].abs())
        } else {
            0.0
        };
        within(b[0] - a[0], self.scalars[quantity], relative, seconds)
    }

    fn positions_agree(&self, a: [f64; 2], b: [f64; 2], seconds: f64) -> bool {
        let north = (b[0] - a[0]) * DEGREE_METRES;
        let mut east = (b[1] - a[1]).abs();
        if east > 180.0 {
            east = 360.0 - east;
        }
        let mut east = east * DEGREE_METRES;
        let limit = self.position_m + POSITION_METRES_PER_SECOND * seconds;
        // The cosine only where it decides.
        if north.abs() + east > limit {
            east *= ((a[0] + b[0]) / 2.0).to_radians().cos();
        }
        north.abs().max(east) <= limit && north * north + east * east <= limit * limit
    }
}

fn within(change: f64, limit: Limit, relative: f64, seconds: f64) -> bool {
    -(limit.down + relative + limit.down_per_second * seconds) <= change
        && change <= limit.up + relative + limit.up_per_second * seconds
}

fn side(quantity: usize) -> i64 {
    if quantity == SPEED || quantity == VOLTAGE {
        QUICK_SIDE_MICROSECONDS
    } else {
        SIDE_MICROSECONDS
    }
}

/// Seconds from the one to the other, never negative.
pub(super) fn seconds(earlier: i64, later: i64) -> f64 {
    later.saturating_sub(earlier).max(0) as f64 / 1e6
}

/// A place with a jump, of these quantities.
#[derive(Debug, Clone, Copy)]
struct Jumped {
    place: u64,
    at: i64,
    quantities: u16,
}

/// The jumps of one boot.
#[derive(Debug)]
pub(super) struct Jump {
    /// Last value and when it was last seen; of the position, when it was first seen.
    last: [([f64; 2], i64); QUANTITIES],
    jumps: VecDeque<Jumped>,
    /// The next place to judge.
    next: u64,
}

impl Default for Jump {
    fn default() -> Self {
        Self {
            last: [([0.0; 2], i64::MIN); QUANTITIES],
            jumps: VecDeque::new(),
            next: 0,
        }
    }
}

impl Jump {
    /// Compares the newest sample with those before it.
    pub(super) fn take(&mut self, trail: &Trail, buffer: &mut Buffer, limits: &Limits) {
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
            if now == before {
                // A receiver that waits repeats its last position, and has all of that time to move.
                if quantity != POSITION {
                    self.last[quantity].1 = at;
                }
                continue;
            }
            self.last[quantity] = (now, at);
            if at.saturating_sub(before_at) < SIDE_MICROSECONDS + i64::from(quantity != POSITION)
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

    /// Judges the samples that were recorded before `at` or have a number below `number`, of which
    /// everything around is known.
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
                    doubt(entry, quantity);
                }
            }
            around.judge_steps(buffer);
        }
    }
}

fn doubt(entry: &mut super::buffer::Entry, quantity: usize) {
    let check = Check::ImpossibleJump;
    if quantity == POSITION {
        entry.doubts.doubt(check, Signal::latitude_degrees);
        entry.doubts.doubt(check, Signal::longitude_degrees);
    } else if let Some(&signal) = SIGNALS.get(quantity) {
        entry.doubts.doubt(check, signal);
    }
}

/// A place that is judged, and what is around it.
struct Around<'a> {
    trail: &'a Trail,
    limits: &'a Limits,
    place: u64,
    at: i64,
}

impl Around<'_> {
    fn is_spike(&self, buffer: &Buffer, jumps: &VecDeque<Jumped>, quantity: usize) -> Option<bool> {
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

    /// How many values around this place agree with one at that time.
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

    /// Doubts the values to which their quantity jumped for good.
    fn judge_steps(&self, buffer: &mut Buffer) {
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
                doubt(entry, quantity);
            }
        }
    }

    /// Which place a step to this one costs.
    fn step(&self, buffer: &Buffer, quantity: usize) -> Option<u64> {
        let x = value(&self.trail.entry(buffer, self.place)?.sample, quantity)?;
        let (before, before_at) = self.nearest(buffer, self.place, quantity)?;
        let entry = self.trail.entry(buffer, before)?;
        if entry.spikes & (1 << quantity) != 0 {
            return None;
        }
        let p = value(&entry.sample, quantity)?;
        let possible =
            quantity == SPEED && within(x[0] - p[0], SPEED_STEP, 0.0, seconds(before_at, self.at));
        if possible {
            return None;
        }
        match self.nearest(buffer, before, quantity) {
            Some(_) => Some(self.place),
            None => Some(before),
        }
    }

    /// The nearest place before that has the quantity, at most 60 s back.
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
