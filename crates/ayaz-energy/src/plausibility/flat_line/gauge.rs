//! A state of charge that stands still while the bus drives on it.
//!
//! **Rule.** A value is contradicted once its run has given two steps of the fleet's largest
//! battery (a step is 0.1 %; 1.2 kWh of 600 kWh), at least one of them while driving at 5 km/h and
//! more, if the gauge was seen to count so finely: of the 40 s before the run it stood for 5 s or
//! more beside the value, at most 0.15 % away. That holds for six minutes of the run. A gauge that
//! counts what is taken has moved on by then: at the latest after one step, and another one if it
//! turns back only late.
//!
//! **What is trusted.** A gauge of 0.4, 0.5 or 1 % is never contradicted, whether or not its value
//! happens to lie on tenths: what it takes for one step is more than can be seen here. So is
//! whatever a bus shows that stands, hangs on a charger, or is nearly full or empty, where gauges
//! wait at their ends. A gauge that waits for an estimate that was corrected, or that slides in
//! tenths to whole percents, is contradicted as it should be: it does not say what is left.
//!
//! The midst of a longer run is not flagged, because nothing near it tells how fine the gauge is.

use std::collections::VecDeque;

use super::{BLANK_MICROSECONDS, LOOK_BACK_MICROSECONDS, MOVING_KMH};
use crate::integrate::{JOULES_PER_KWH, power_watts};
use crate::plausibility::config::FlatLineConfig;
use crate::sample::Sample;

/// The finest step that is told from coarser ones, as a share of the battery, and how many of them
/// a run gives before it is contradicted.
const STEP: f64 = 0.001;
const STEPS: f64 = 2.0;

/// A neighbouring value of a gauge of such steps, %.
const NEIGHBOUR_PERCENT: f64 = 0.15;

/// How long the gauge must have stood at neighbouring values, µs: mixtures of two values of a
/// coarse gauge, as a mean over some seconds shows them, are shorter.
const NEIGHBOURS_MICROSECONDS: i64 = 5_000_000;

/// How long before the run that is looked for, µs.
const BEFORE_MICROSECONDS: i64 = 40_000_000;

/// Values before the run that are kept.
const LEVELS_MAX: usize = 8;

/// A current that repeats for longer may be stuck itself, µs, and more power is no power of a bus, W:
/// neither is counted.
const CURRENT_MICROSECONDS: i64 = 5_000_000;
const WATTS_MAX: f64 = 500e3;

/// Beyond them a gauge may wait at its end, %.
const ENDS_PERCENT: std::ops::Range<f64> = 1.0..99.0;

/// A value, and from when until when it was shown, µs.
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
    /// Its current, and since when it is the same, µs.
    amperes: Option<f64>,
    amperes_since: i64,
}

/// The gauge of one boot.
#[derive(Debug, Clone, Default)]
pub(super) struct Gauge {
    last: Option<Last>,
    now: Option<Level>,
    /// What the battery gave while the gauge showed this, J: all, and while the bus moved.
    given: f64,
    given_moving: f64,
    contradicted: bool,
    /// Values before, the newest last.
    before: VecDeque<Level>,
}

impl Gauge {
    /// Takes the newest sample. Returns since when its value is flagged, µs.
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
                self.turn_to(percent, at);
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

    /// Counts what the battery gave since the last sample.
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

    fn turn_to(&mut self, percent: f64, at: i64) {
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

    /// Whether the gauge was seen to stand beside the value before the run.
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
