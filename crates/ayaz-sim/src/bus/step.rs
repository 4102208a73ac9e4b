//! One step of time: the power of each part of the bus, and the new state.

use crate::bus::{Bus, Phase, REFRESH_MICROSECONDS, Weather};
use crate::cabin::{CabinMode, FUEL_HEAT_WATT_HOURS_PER_LITRE, battery_chiller_watts};
use crate::driving::{Motion, PASSENGER_KG, PassengerDemand, load_share};
use crate::local_time::local_hour;
use crate::traction::{Road, acceleration_max, drive};
use crate::truth::{Powers, Step};

impl Bus {
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
            demand: PassengerDemand {
                wanted: load_share(hour) * f64::from(model.passengers_max),
                doors: model.doors,
            },
        };
        self.battery.refresh(model, exterior);
    }

    /// Advances by some seconds with constant powers.
    pub(super) fn step(&mut self, seconds: f64) {
        if self.now >= self.refresh_at {
            self.refresh();
            self.refresh_at = self.now.plus(REFRESH_MICROSECONDS);
        }
        let exterior = self.weather.exterior_celsius;
        let mode = self.cabin_mode();
        self.last_cabin_mode = mode;
        let battery_heater = self.battery_heater_watts(mode);
        let (chiller, chilled) = match mode {
            CabinMode::Service => battery_chiller_watts(self.battery.temperature_celsius),
            CabinMode::Preheat | CabinMode::Off => (0.0, 0.0),
        };
        let auxiliary = self.auxiliary_watts(mode);
        let hvac = self.run_hvac(
            seconds,
            mode,
            auxiliary,
            auxiliary + battery_heater + chiller,
        );
        let mut powers = Powers {
            traction: 0.0,
            cabin_heater: hvac.cabin_heater_watts,
            heat_pump: hvac.heat_pump_watts,
            battery_heater,
            air_conditioning: (hvac.air_conditioning_watts + chiller)
                * (1.0 + self.config.condenser_fouling),
            auxiliary,
            charger: 0.0,
        };
        let motion = self.drive(seconds, powers.loads());
        powers.traction = self.drive.power_watts;
        let allowed = self.may_charge();
        if let Phase::Parked(Some(plug)) = &mut self.phase {
            powers.charger = plug.power_watts(&self.battery, powers.loads(), allowed);
        }
        let soc_before = self.battery.soc;
        let loss = self.battery.step(
            &self.config.model,
            seconds,
            powers.pack(),
            battery_heater - chilled,
            exterior,
        );
        self.powers = powers;
        let litres = hvac.fuel_heat_watts / FUEL_HEAT_WATT_HOURS_PER_LITRE / 3600.0;
        self.fuel_litres_per_hour = litres * 3600.0;
        self.count(&Step {
            from: self.now,
            seconds,
            powers,
            loss_watts: loss,
            distance_km: motion.distance_m / 1e3,
            fuel_litres: litres * seconds,
            soc: (soc_before, self.battery.soc),
            drive_cycle: self.is_driving().then_some(self.shift.cycle),
            plugged_in: self.plug().is_some(),
        });
        // 6 % of the power heats motors of 250 kJ/K that lose 90 W/K.
        self.motor_celsius +=
            (0.06 * powers.traction.abs() - 90.0 * (self.motor_celsius - exterior)) * seconds
                / 250_000.0;
    }

    /// Moves the bus, if the key is on, with the power that the other loads leave.
    fn drive(&mut self, seconds: f64, others_watts: f64) -> Motion {
        let Phase::Driving(driver) = &mut self.phase else {
            return Motion::default();
        };
        let (model, road) = (&self.config.model, &self.weather.road);
        let mass_kg = model.empty_mass_kg + PASSENGER_KG * f64::from(driver.passengers);
        let available = (self.battery.discharge_limit_watts - others_watts).max(0.0);
        let motion = driver.advance(seconds, &mut self.rng, self.weather.demand, |speed| {
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

    /// Adds the step to truth, ledger and lifetime counters.
    fn count(&mut self, step: &Step) {
        self.truth.add(step);
        if let Some(ledger) = &mut self.ledger {
            ledger.add(step);
        }
        let kwh = step.powers.pack() * step.seconds / 3.6e6;
        self.lifetime.fuel_litres += step.fuel_litres;
        self.lifetime.odometer_km += step.distance_km;
        self.lifetime.discharged_kwh += kwh.max(0.0);
        self.lifetime.charged_kwh += (-kwh).max(0.0);
    }
}
