//! A state of charge that repeats although the bus drives.
//!
//! **Rule.** A value is contradicted once the battery gave two steps of the fleet's largest battery
//! during its run (a step is 0.1 %; 1.2 kWh of 600 kWh), at least one of them while driving at 5
//! km/h or more. The gauge must have shown such fine steps: in the 40 s before the run it showed
//! values at most 0.15 % away for 5 s or more. The rule applies to the first six minutes of the
//! run. A gauge that follows consumption has changed by then: after at most one step, or two if it
//! has just turned back.
//!
//! **What is not flagged.** A gauge of 0.4, 0.5 or 1 % is never contradicted, even if its value is
//! a multiple of a tenth: one of its steps needs more energy than this check sees. The same holds
//! for a bus that stands, is plugged in, or is nearly full or empty, where gauges wait at their
//! ends. A gauge that waits after a corrected estimate, or that moves in tenths to whole percents,
//! is contradicted, and rightly: it does not show the real charge.
//!
//! The middle of a longer run is not flagged, because no reading near it shows how fine the gauge
//! is.

use std::collections::VecDeque;

use super::{BLANK_MICROSECONDS, LOOK_BACK_MICROSECONDS, MOVING_KMH};
use crate::integrate::{JOULES_PER_KWH, power_watts};
use crate::plausibility::config::FlatLineConfig;
use crate::sample::Sample;

/// The finest step that differs from coarser ones, as a share of the battery, and how many of them
/// a run gives before it is contradicted.
const STEP: f64 = 0.001;
const STEPS: f64 = 2.0;

/// Largest distance to a neighbouring value of such a gauge, %.
const NEIGHBOUR_PERCENT: f64 = 0.15;

/// How long the gauge must have shown neighbouring values, µs. The mean of two values of a coarse
/// gauge over some seconds is shorter.
const NEIGHBOURS_MICROSECONDS: i64 = 5_000_000;

/// How long before the run they are looked for, µs.
const BEFORE_MICROSECONDS: i64 = 40_000_000;

/// Values before the run that are kept.
const LEVELS_MAX: usize = 8;

/// A current that repeats for longer may be stuck itself, µs, and no bus has more power, W. Neither
/// counts.
const CURRENT_MICROSECONDS: i64 = 5_000_000;
const WATTS_MAX: f64 = 500e3;

/// Outside of this range a gauge may wait at its end, %.
const ENDS_PERCENT: std::ops::Range<f64> = 1.0..99.0;

/// A value, and its first and last time, µs.
#[derive(Debug, Clone, Copy)]
struct Level {
    percent: f64,
    from: i64,
    until: i64,
}

/// The last sample.
#[derive(Debug, Clone, Copy)]
struct Last {
    at: i64,
    watts: Option<f64>,
    moves: bool,
    /// Its current, and since when it repeats, µs.
    amperes: Option<f64>,
    amperes_since: i64,
}

/// The gauge of one boot.
#[derive(Debug, Clone, Default)]
pub(super) struct Gauge {
    last: Option<Last>,
    now: Option<Level>,
    /// Energy that the battery gave during this value, J: in total, and while the bus moved.
    given: f64,
    given_moving: f64,
    contradicted: bool,
    /// Earlier values, the newest last.
    before: VecDeque<Level>,
}

impl Gauge {
    /// Checks the newest sample. Returns since when its value is flagged, µs.
    pub(super) fn take(
        &mut self,
        at: i64,
        sample: &Sample,
        config: &FlatLineConfig,
    ) -> Option<i64> {
        let silent = |since: i64| at.saturating_sub(since) > BLANK_MICROSECONDS;
        let is_cut_off = sample.is_plugged_in()
            || self.last.is_some_and(|last| silent(last.at))
            || self.now.is_some_and(|now| silent(now.until));
        if is_cut_off {
            *self = Self::default();
        }
        self.count(at, sample);
        let percent = sample.soc_percent?;
        match &mut self.now {
            Some(now) if now.percent == percent => now.until = at,
            _ => {
                self.start_level(percent, at);
                return None;
            }
        }
        let from = self.now?.from;
        if at.saturating_sub(from) > LOOK_BACK_MICROSECONDS - BEFORE_MICROSECONDS {
            return None;
        }
        if !self.contradicted {
            let step = STEP * config.battery_energy_max_kwh.clamp(50.0, 2_000.0) * JOULES_PER_KWH;
            self.contradicted = self.given >= STEPS * step
                && self.given_moving >= step
                && ENDS_PERCENT.contains(&percent)
                && self.is_fine(percent, from);
        }
        self.contradicted.then_some(from)
    }

    /// Adds the energy that the battery gave since the last sample.
    fn count(&mut self, at: i64, sample: &Sample) {
        let amperes = sample.pack_current_amperes;
        let repeats = self.last.filter(|last| last.amperes == amperes);
        let now = Last {
            at,
            watts: power_watts(sample).filter(|watts| watts.abs() <= WATTS_MAX),
            moves: sample.speed_kmh.is_some_and(|kmh| kmh.abs() >= MOVING_KMH),
            amperes,
            amperes_since: repeats.map_or(at, |last| last.amperes_since),
        };
        if let Some(last) = self.last.replace(now)
            && let (Some(a), Some(b)) = (last.watts, now.watts)
            && at.saturating_sub(now.amperes_since) <= CURRENT_MICROSECONDS
        {
            let joules = (a + b) / 2.0 * at.saturating_sub(last.at).max(0) as f64 / 1e6;
            self.given += joules;
            if last.moves || now.moves {
                self.given_moving += joules;
            }
        }
    }

    fn start_level(&mut self, percent: f64, at: i64) {
        if let Some(now) = self.now {
            if self.before.len() == LEVELS_MAX {
                self.before.pop_front();
            }
            self.before.push_back(Level { until: at, ..now });
        }
        self.now = Some(Level {
            percent,
            from: at,
            until: at,
        });
        self.given = 0.0;
        self.given_moving = 0.0;
        self.contradicted = false;
    }

    /// Whether the gauge showed neighbouring values before the run.
    fn is_fine(&self, percent: f64, run_from: i64) -> bool {
        let since = run_from.saturating_sub(BEFORE_MICROSECONDS);
        let is_beside = |other: f64| {
            let distance = (other - percent).abs();
            0.0 < distance && distance <= NEIGHBOUR_PERCENT
        };
        let stood: i64 = self
            .before
            .iter()
            .filter(|level| is_beside(level.percent))
            .map(|level| level.until.saturating_sub(level.from.max(since)).max(0))
            .sum();
        stood >= NEIGHBOURS_MICROSECONDS
    }
}
