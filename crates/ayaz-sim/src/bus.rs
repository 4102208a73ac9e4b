//! A bus: its state, and one step of time that joins duty, driving, heat and battery.

use std::sync::Arc;
use std::time::Duration;

use ayaz_model::{Reading, UnixMicroseconds};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::battery::Battery;
use crate::cabin::{
    Cabin, Climatisation, FUEL_HEAT_WATT_HOURS_PER_LITRE, Wish, battery_chiller_watts,
};
use crate::charger::Plug;
use crate::climate::Climate;
use crate::driving::{Crowd, Driver, Motion, PASSENGER_KG, load_share};
use crate::duty::Shift;
use crate::local_time::local_hour;
use crate::model::{BusModel, E12, Heating};
use crate::noise::hash;
use crate::route::{DEPOT, Place, Route};
use crate::traction::{Drive, Road, acceleration_max, drive};
use crate::truth::{Powers, Truth};

mod loads;
mod phase;
mod start;

/// Longest step while driving and while parked, µs. Parked, only slow temperatures move.
const STEP_MAX_MICROSECONDS: (i64, i64) = (1_000_000, 10_000_000);

/// How often what depends on weather and temperatures is worked out anew, µs.
const REFRESH_MICROSECONDS: i64 = 10_000_000;

/// Least state of charge to leave with; below it a bus is plugged in also at midday, 0 to 1.
const DEPART_SOC: f64 = 0.30;

/// Below this heating is shed, and below the second the bus is towed to the depot, 0 to 1.
const EMPTY_SOC: (f64, f64) = (0.03, 0.003);

/// Which bus to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct BusConfig {
    /// Seed of the simulation, the same for all buses.
    pub seed: u64,
    /// Number of the bus within the fleet.
    pub index: usize,
    /// What kind of bus.
    pub model: BusModel,
    /// What heats its cabin in the cold.
    pub heating: Heating,
    /// Whether the battery heater works; a bus without one loses regeneration, then charging.
    pub battery_heater_works: bool,
    /// Time between readings while the key is on; at least 1 ms.
    pub driving_period: Duration,
    /// Time between readings while parked; at least 1 ms.
    pub parked_period: Duration,
}

impl BusConfig {
    /// A healthy E12 with electric heating that reports every second, parked every minute.
    pub fn new(seed: u64, index: usize) -> Self {
        Self {
            seed,
            index,
            model: E12,
            heating: Heating::Electric,
            battery_heater_works: true,
            driving_period: Duration::from_secs(1),
            parked_period: Duration::from_secs(60),
        }
    }
}

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
}

impl Bus {
    /// A bus in the midst of whatever it does at that time: on its route, or at the depot.
    pub fn new(config: BusConfig, climate: Arc<Climate>, start: UnixMicroseconds) -> Self {
        start::bus(config, climate, start)
    }

    /// Advances simulated time to the next instant to report, and reports. Key-on and key-off
    /// are reported at once.
    pub fn next_reading(&mut self) -> Reading {
        let driving = self.is_driving();
        let period = if driving {
            self.config.driving_period
        } else {
            self.config.parked_period
        };
        let period = i64::try_from(period.as_micros())
            .unwrap_or(i64::MAX)
            .max(1_000);
        let due = self.now.plus(period);
        while self.now < due && self.is_driving() == driving {
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

    /// The instant of the last reading, at first the start.
    pub fn now(&self) -> UnixMicroseconds {
        self.now
    }

    /// What it really used since the start.
    pub fn truth(&self) -> &Truth {
        &self.truth
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

    fn refresh(&mut self) {
        let model = &self.config.model;
        let exterior = f64::from(self.climate.exterior_temperature_celsius(self.now));
        let hour = local_hour(self.now);
        let sun = ((hour - 6.0) / 14.0 * std::f64::consts::PI).sin().max(0.0);
        self.weather = Weather {
            exterior_celsius: exterior,
            // Up to 4 kW through 12 m of windows in summer, a third of it in winter.
            solar_watts: if (6.0..20.0).contains(&hour) {
                sun
            } else {
                0.0
            } * 4_000.0
                * (model.length_m / 12.0)
                * (0.33 + exterior / 30.0).clamp(0.33, 1.0),
            road: Road::new(model, exterior),
            crowd: Crowd {
                wanted: load_share(hour) * f64::from(model.passengers_max),
                doors: model.doors,
            },
        };
        self.battery.refresh(model, exterior);
    }

    fn step(&mut self, seconds: f64) {
        if self.now >= self.refresh_at {
            self.refresh();
            self.refresh_at = self.now.plus(REFRESH_MICROSECONDS);
        }
        let exterior = self.weather.exterior_celsius;
        let wish = self.wish();
        let battery_heater = self.battery_heater_watts(wish);
        let (chiller, chilled) = match wish {
            Wish::Service => battery_chiller_watts(self.battery.temperature_celsius),
            Wish::Preheat | Wish::Off => (0.0, 0.0),
        };
        let auxiliary = self.auxiliary_watts(wish);
        let climatisation = self.climatise(
            seconds,
            wish,
            auxiliary,
            auxiliary + battery_heater + chiller,
        );
        let mut powers = Powers {
            traction: 0.0,
            cabin_heater: climatisation.cabin_heater_watts,
            heat_pump: climatisation.heat_pump_watts,
            battery_heater,
            air_conditioning: climatisation.air_conditioning_watts + chiller,
            auxiliary,
            charger: 0.0,
        };
        let motion = self.drive(seconds, powers.loads());
        powers.traction = self.drive.power_watts;
        if let Phase::Parked(Some(plug)) = &mut self.phase {
            powers.charger = plug.power_watts(&self.battery, powers.loads());
        }
        let loss = self.battery.step(
            &self.config.model,
            seconds,
            powers.pack(),
            battery_heater - chilled,
            exterior,
        );
        self.powers = powers;
        self.count(seconds, &climatisation, motion.distance_m / 1e3, loss);
        // 6 % of the power heats motors of 250 kJ/K that lose 90 W/K.
        self.motor_celsius +=
            (0.06 * powers.traction.abs() - 90.0 * (self.motor_celsius - exterior)) * seconds
                / 250_000.0;
    }

    /// Moves the bus, if the key is on, with what the battery has left over.
    fn drive(&mut self, seconds: f64, others_watts: f64) -> Motion {
        let Phase::Driving(driver) = &mut self.phase else {
            return Motion::default();
        };
        let (model, road) = (&self.config.model, &self.weather.road);
        let mass_kg = model.empty_mass_kg + PASSENGER_KG * f64::from(driver.passengers);
        let available = (self.battery.discharge_limit_watts - others_watts).max(0.0);
        let motion = driver.advance(seconds, &mut self.rng, self.weather.crowd, |speed| {
            let resistance = road.resistance_newtons(model, mass_kg, speed);
            acceleration_max(model, mass_kg, resistance, speed, available)
        });
        let resistance = road.resistance_newtons(model, mass_kg, motion.speed_mean_mps);
        let moved = (motion.speed_mean_mps, motion.acceleration_mps2);
        self.drive = drive(
            model,
            mass_kg,
            resistance,
            moved,
            self.battery.charge_limit_watts,
        );
        self.arrived |= motion.arrived;
        motion
    }

    /// Adds the step to the counters.
    fn count(
        &mut self,
        seconds: f64,
        climatisation: &Climatisation,
        distance_km: f64,
        loss_watts: f64,
    ) {
        let plugged_in = self.plug().is_some();
        self.truth
            .add(&self.powers, seconds, plugged_in, loss_watts);
        self.fuel_litres_per_hour = climatisation.fuel_heat_watts / FUEL_HEAT_WATT_HOURS_PER_LITRE;
        let litres = self.fuel_litres_per_hour * seconds / 3600.0;
        self.truth.fuel_litres += litres;
        self.truth.distance_km += distance_km;
        let kwh = self.powers.pack() * seconds / 3.6e6;
        self.lifetime.fuel_litres += litres;
        self.lifetime.odometer_km += distance_km;
        self.lifetime.discharged_kwh += kwh.max(0.0);
        self.lifetime.charged_kwh += (-kwh).max(0.0);
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
