//! A bus: its state, and one step of time with duty, driving, heat and battery.

use std::sync::Arc;

use ayaz_model::{Reading, UnixMicroseconds};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::battery::Battery;
use crate::cabin::{Cabin, CabinMode};
use crate::charger::Plug;
use crate::climate::Climate;
use crate::driving::{Driver, PassengerDemand};
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

/// Longest step while driving and while parked, µs. A parked bus changes slowly.
const STEP_MAX_MICROSECONDS: (i64, i64) = (1_000_000, 10_000_000);

/// How often values that depend on weather and temperatures are computed again, µs.
const REFRESH_MICROSECONDS: i64 = 10_000_000;

/// Time from a change of a parked bus to the next reading, µs.
const CHANGE_MICROSECONDS: i64 = 1_000_000;

/// A bus leaves with at least this state of charge, and below it charges at midday too, 0 to 1.
const DEPART_SOC: f64 = 0.30;

/// Below the first state of charge heating is off, below the second the bus is towed to the depot, 0 to 1.
const EMPTY_SOC: (f64, f64) = (0.03, 0.003);

/// What the bus does now.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    /// Key on.
    Driving(Driver),
    /// At the depot.
    Parked(Option<Plug>),
}

/// Values that depend on weather and hour, updated every [`REFRESH_MICROSECONDS`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    pub(crate) exterior_celsius: f64,
    solar_watts: f64,
    road: Road,
    demand: PassengerDemand,
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
    /// The current shift or, while parked, the next one.
    pub(crate) shift: Shift,
    pub(crate) phase: Phase,
    arrived: bool,
    /// When the key was last turned on, and the state of charge at that time, 0 to 1.
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
    /// The mode of the cabin in the last step.
    last_cabin_mode: CabinMode,
}

impl Bus {
    /// A bus in its state at that time: on its route, or at the depot.
    pub fn new(config: BusConfig, climate: Arc<Climate>, start: UnixMicroseconds) -> Self {
        start::bus(config, climate, start)
    }

    /// The same bus; from now on it keeps its true service days and sessions.
    #[must_use]
    pub fn with_ledger(mut self) -> Self {
        self.ledger = Some(Box::default());
        self
    }

    /// Advances simulated time to the next reading and returns it.
    ///
    /// If key, plug, charger or heater of a parked bus change, there is a reading with the old state at
    /// that instant, and another one a second later.
    pub fn next_reading(&mut self) -> Reading {
        self.next_reading_by(UnixMicroseconds(i64::MAX))
    }

    /// The next reading, at `end` at the latest. `end` must be in the future.
    pub(crate) fn next_reading_by(&mut self, end: UnixMicroseconds) -> Reading {
        let (driving, reported) = (self.is_driving(), self.now);
        let mut due = reported.plus(self.period_microseconds()).min(end);
        if !driving {
            // A parked bus sends a reading when a service day begins, so that no interval is in two days.
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

    /// Time until the next reading, µs, if nothing changes before.
    fn period_microseconds(&self) -> i64 {
        let config = &self.config;
        let plugged_in_or_heated = self.plug().is_some() || self.powers.conditioning() > 0.0;
        let period = if self.is_driving() {
            config.driving_period
        } else if self.cabin_mode() == CabinMode::Preheat {
            // The power falls from the first minute while the cabin becomes warm.
            config.driving_period.min(config.parked_period)
        } else if plugged_in_or_heated {
            config.plugged_in_period.min(config.parked_period)
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

    /// The time of the last reading, or the start before the first one.
    pub fn now(&self) -> UnixMicroseconds {
        self.now
    }

    /// True energy and distance since the start.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Its true service days and sessions, if it keeps a ledger.
    pub fn ledger(&self) -> Option<&TruthLedger> {
        self.ledger.as_deref()
    }

    /// The boot of all its readings.
    pub fn boot_id(&self) -> u32 {
        self.boot_id
    }

    /// Its configuration.
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

    /// The position of the bus.
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

/// The random generator of one bus.
fn bus_rng(config: &BusConfig, start: UnixMicroseconds) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(hash(&[config.seed, config.index as u64, start.0 as u64]))
}
