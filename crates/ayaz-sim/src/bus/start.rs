//! The initial state of a bus: as if it had run for years before the start.

use std::sync::Arc;

use ayaz_model::UnixMicroseconds;
use rand::Rng;

use super::{Bus, BusConfig, Lifetime, Phase, Weather, bus_rng};
use crate::battery::Battery;
use crate::cabin::{Cabin, CabinMode};
use crate::climate::Climate;
use crate::driving::Driver;
use crate::duty::{Shift, shift_at};
use crate::local_time::{DAY_SECONDS, local_hour, local_seconds};
use crate::model::{BusModel, Heating};
use crate::noise::{between, hash};
use crate::route::Route;
use crate::traction::Drive;
use crate::truth::{Powers, Truth};

/// Routes of the network. Articulated buses drive on the sixth and the twelfth.
const ROUTES: usize = 12;

/// Mean distance of a day, km, for the initial odometer.
const KM_PER_DAY: f64 = 240.0;

pub(super) fn bus(config: BusConfig, climate: Arc<Climate>, start: UnixMicroseconds) -> Bus {
    let draw = |what, low, high| {
        between(
            hash(&[config.seed, config.index as u64, 41, what]),
            low,
            high,
        )
    };
    let exterior = f64::from(climate.exterior_temperature_celsius(start));
    let route = Route::new(config.seed, (10 + config.index % ROUTES) as u64);
    let shift = shift_at(config.seed, config.index, start);
    let driving = shift.start <= start;
    let setpoint = draw(1, 17.5, 19.5);
    let days = local_seconds(start) / DAY_SECONDS as f64 - config.model.in_service_since_day as f64;
    let soc = if driving {
        soc_in_service(
            &config,
            start.seconds_since(shift.start) / 3600.0,
            exterior,
            &shift,
        )
    } else {
        soc_at_the_depot(start)
    };
    // Without a working heater the pack has the temperature of the air.
    let kept_above = if config.battery_heater_works {
        10.0
    } else {
        f64::NEG_INFINITY
    };
    let pack_celsius = (exterior + 3.0).max(kept_above);
    let battery = Battery::new(&config.model, soc, pack_celsius, days / 365.25);
    let cabin_celsius = if driving {
        setpoint.max(exterior)
    } else {
        exterior + 1.0
    };
    let block = config.index / ROUTES + 1;
    let mut rng = bus_rng(&config, start);
    let mut bus = Bus {
        boot_id: rng.next_u32(),
        rng,
        climate,
        now: start,
        refresh_at: start,
        sequence: 0,
        route_name: route.number.to_string().into(),
        block_name: format!("{}-{block:02}", route.number).into(),
        shift,
        phase: Phase::Parked(None),
        arrived: false,
        key_on: (start, soc),
        weather: Weather::default(),
        battery,
        battery_heater_on: false,
        cabin: Cabin::new(config.heating, cabin_celsius, setpoint),
        powers: Powers::default(),
        drive: Drive::default(),
        fuel_litres_per_hour: 0.0,
        motor_celsius: exterior + if driving { 20.0 } else { 0.0 },
        lifetime: lifetime(
            &config.model,
            config.heating,
            days.max(0.0) * draw(2, 0.98, 1.02),
        ),
        truth: Truth::default(),
        ledger: None,
        last_cabin_mode: CabinMode::Off,
        route,
        config,
    };
    if driving {
        let on_route = between(bus.rng.next_u64(), 0.0, 1.0) * bus.route.length_m();
        bus.phase = Phase::Driving(Driver::in_service(on_route, 10));
    } else if shift.before_break {
        bus.phase = Phase::Parked(bus.night_plug());
    } else if bus.config.model.charges_at_midday {
        bus.phase = Phase::Parked(Some(Bus::fast_plug()));
    }
    bus
}

/// Estimated state of charge after some hours of a shift.
fn soc_in_service(config: &BusConfig, hours: f64, exterior_celsius: f64, shift: &Shift) -> f64 {
    let cold = match config.heating {
        Heating::Electric => (15.0 - exterior_celsius).max(0.0) * 0.028,
        Heating::Fuel => 0.1,
    };
    let kwh_per_km = (1.0 + cold) * config.model.empty_mass_kg / 13_750.0;
    let began = if shift.before_break { 0.99 } else { 0.75 };
    let used = hours * 18.5 * kwh_per_km / config.model.usable_energy_kwh;
    (began - used).clamp(0.25, 1.0)
}

/// Estimated state of charge at the depot: low in the evening, full in the morning, half at midday.
fn soc_at_the_depot(start: UnixMicroseconds) -> f64 {
    match local_hour(start) {
        hour if hour > 18.0 => 0.25 + 0.1 * (hour - 22.0).max(0.0),
        hour if hour < 8.0 => (0.45 + 0.12 * hour).min(0.99),
        _ => 0.55,
    }
}

/// Lifetime counters after some days in service.
fn lifetime(model: &BusModel, heating: Heating, days: f64) -> Lifetime {
    let odometer_km = days * KM_PER_DAY;
    let kwh = odometer_km * 1.35 * model.empty_mass_kg / 13_750.0;
    Lifetime {
        odometer_km,
        discharged_kwh: kwh * 1.2,
        charged_kwh: kwh * 1.2 * 1.02,
        fuel_litres: if heating == Heating::Fuel {
            odometer_km * 0.05
        } else {
            0.0
        },
    }
}
