//! A bus: its state, and one step of time that joins duty, driving, heat and battery.

use std::sync::Arc;

use ayaz_model::{Reading, UnixMicroseconds};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::battery::Battery;
use crate::cabin::{Cabin, Wish};
use crate::charger::Plug;
use crate::climate::Climate;
use crate::driving::{Crowd, Driver};
use crate::duty::Shift;
use crate::local_time::service_day_end;
use crate::noise::hash;
use crate::route::{DEPOT, Place, Route};
use crate::traction::{Drive, Road};
use crate::truth::{Powers, Truth, TruthLedger};

mod config;
mod loads;
mod phase;
mod start;
mod step;

pub use config::BusConfig;

/// Longest step while driving and while parked, µs. Parked, only slow temperatures move.
const STEP_MAX_MICROSECONDS: (i64, i64) = (1_000_000, 10_000_000);

/// How often what depends on weather and temperatures is worked out anew, µs.
const REFRESH_MICROSECONDS: i64 = 10_000_000;

/// When a parked bus changes, the next reading follows after so long, µs.
const CHANGE_MICROSECONDS: i64 = 1_000_000;

/// Least state of charge to leave with; below it a bus is plugged in also at midday, 0 to 1.
const DEPART_SOC: f64 = 0.30;

/// Below this heating is shed, and below the second the bus is towed to the depot, 0 to 1.
const EMPTY_SOC: (f64, f64) = (0.03, 0.003);

/// What the bus is at.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    /// Key on.
    Driving(Driver),
    /// At the depot.
    Parked(Option<Plug>),
}

/// What changes with weather and hour, looked at every [`REFRESH_MICROSECONDS`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    pub(crate) exterior_celsius: f64,
    solar_watts: f64,
    road: Road,
    crowd: Crowd,
}

/// Counters since manufacture.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lifetime {
    pub(crate) odometer_km: f64,
    pub(crate) charged_kwh: f64,
    pub(crate) discharged_kwh: f64,
    pub(crate) fuel_litres: f64,
}

/// A simulated bus: an endless iterator of readings.
#[derive(Debug, Clone)]
pub struct Bus {
    pub(crate) config: BusConfig,
    climate: Arc<Climate>,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) now: UnixMicroseconds,
    refresh_at: UnixMicroseconds,
    pub(crate) boot_id: u32,
    sequence: u64,
    pub(crate) route: Route,
    pub(crate) route_name: Box<str>,
    pub(crate) block_name: Box<str>,
    /// The shift under way or, parked, the next one.
    pub(crate) shift: Shift,
    pub(crate) phase: Phase,
    arrived: bool,
    /// When the key was last turned on, and the state of charge then, 0 to 1.
    key_on: (UnixMicroseconds, f64),
    pub(crate) weather: Weather,
    pub(crate) battery: Battery,
    battery_heater_on: bool,
    pub(crate) cabin: Cabin,
    pub(crate) powers: Powers,
    pub(crate) drive: Drive,
    pub(crate) fuel_litres_per_hour: f64,
    pub(crate) motor_celsius: f64,
    pub(crate) lifetime: Lifetime,
    truth: Truth,
    ledger: Option<Box<TruthLedger>>,
    /// What the cabin was asked to do in the last step.
    last_wish: Wish,
}

impl Bus {
    /// A bus in the midst of whatever it does at that time: on its route, or at the depot.
    pub fn new(config: BusConfig, climate: Arc<Climate>, start: UnixMicroseconds) -> Self {
        start::bus(config, climate, start)
    }

    /// The same bus, keeping service days and sessions of what it really does from here on.
    #[must_use]
    pub fn with_ledger(mut self) -> Self {
        self.ledger = Some(Box::default());
        self
    }

    /// Advances simulated time to the next instant to report, and reports.
    ///
    /// Between two readings of a parked bus nothing jumps unseen: a change of key, plug, charger or
    /// heater is reported at its instant, as it was before, and a second later.
    pub fn next_reading(&mut self) -> Reading {
        self.next_reading_by(UnixMicroseconds(i64::MAX))
    }

    /// The same, at `end` if there would be none before; `end` lies ahead.
    pub(crate) fn next_reading_by(&mut self, end: UnixMicroseconds) -> Reading {
        let (driving, reported) = (self.is_driving(), self.now);
        let mut due = reported.plus(self.period_microseconds()).min(end);
        if !driving {
            // Parked, a service day begins with a reading, so that no interval lies in two days.
            due = due.min(service_day_end(reported));
        }
        while self.now < due && self.is_driving() == driving {
            if self.now > reported && self.is_about_to_change() {
                break;
            }
            self.change_phase();
            let (moving, parked) = STEP_MAX_MICROSECONDS;
            let step_max = if self.is_driving() { moving } else { parked };
            let step = due.0.saturating_sub(self.now.0).min(step_max);
            self.step(step as f64 / 1e6);
            self.now = self.now.plus(step);
        }
        let sequence = self.sequence;
        self.sequence += 1;
        crate::report::reading(self, sequence)
    }

    /// How long until the next reading, µs, unless something changes before.
    fn period_microseconds(&self) -> i64 {
        let config = &self.config;
        let attended = self.plug().is_some() || self.powers.conditioning() > 0.0;
        let period = if self.is_driving() {
            config.driving_period
        } else if self.wish() == Wish::Preheat {
            // Its power falls from the first minute on as the cabin grows warm.
            config.driving_period.min(config.parked_period)
        } else if attended {
            config.attended_period.min(config.parked_period)
        } else {
            config.parked_period
        };
        let period = i64::try_from(period.as_micros())
            .unwrap_or(i64::MAX)
            .max(1_000);
        if !self.is_driving() && self.is_about_to_change() {
            period.min(CHANGE_MICROSECONDS)
        } else {
            period
        }
    }

    /// The instant of the last reading, at first the start.
    pub fn now(&self) -> UnixMicroseconds {
        self.now
    }

    /// What it really used since the start.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Its service days and sessions, if it keeps a ledger.
    pub fn ledger(&self) -> Option<&TruthLedger> {
        self.ledger.as_deref()
    }

    /// The boot that all its readings name.
    pub fn boot_id(&self) -> u32 {
        self.boot_id
    }

    /// Which bus this is.
    pub fn config(&self) -> &BusConfig {
        &self.config
    }

    pub(crate) fn is_driving(&self) -> bool {
        matches!(self.phase, Phase::Driving(_))
    }

    pub(crate) fn plug(&self) -> Option<&Plug> {
        match &self.phase {
            Phase::Parked(plug) => plug.as_ref(),
            Phase::Driving(_) => None,
        }
    }

    /// Where the bus is.
    pub(crate) fn place(&self) -> Place {
        match &self.phase {
            Phase::Driving(driver) => driver.place(&self.route),
            Phase::Parked(_) => DEPOT,
        }
    }
}

impl Iterator for Bus {
    type Item = Reading;

    fn next(&mut self) -> Option<Reading> {
        Some(self.next_reading())
    }
}

/// Seed of a bus's own chance.
fn bus_rng(config: &BusConfig, start: UnixMicroseconds) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(hash(&[config.seed, config.index as u64, start.0 as u64]))
}
