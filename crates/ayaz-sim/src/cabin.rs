//! The passengers' cabin: what warms and cools it, and what that costs.
//!
//! First the heat pump, whose COP falls from 2.3 at +5 °C to 1 at −15 °C and below, up to its
//! rating; then the resistive or the fuel heater, up to theirs. When all are at their limit the
//! cabin grows colder, and consumption rises no further.

use crate::model::{BusModel, Heating};

/// COP of the heat pump when mild, and of the air conditioning. Published: 2 to 2.5.
const COP_MILD: f64 = 2.3;

/// From here down the heat pump only turns current into heat, °C.
const COP_ONE_CELSIUS: f64 = -15.0;

/// From here up it has all of its COP, °C.
const COP_FULL_CELSIUS: f64 = 5.0;

/// A bus with a fuel heater does not run its heat pump for less than this.
const COP_WORTH_RUNNING: f64 = 1.3;

/// Share of the time in service with doors open, for which the published loss in service holds.
const DOORS_OPEN_SHARE: f64 = 0.19;

/// Heat that a litre of fuel brings into the cabin, Wh: 9.9 kWh/l at an efficiency of 0.8.
pub(crate) const FUEL_HEAT_WATT_HOURS_PER_LITRE: f64 = 9_900.0 * 0.8;

/// Heat of a passenger, W.
const PASSENGER_HEAT_WATTS: f64 = 100.0;

/// Share of the auxiliaries' power that ends up as heat in the cabin.
const AUXILIARY_HEAT_SHARE: f64 = 0.3;

/// Answer to a kelvin off the setpoint, as a multiple of the loss with doors closed.
const GAIN: f64 = 10.0;

/// What the cabin is asked to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Wish {
    Off,
    /// Warm it to the setpoint before the shift, doors closed, nobody on board.
    Preheat,
    Service,
}

/// What the cabin meets in a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings {
    pub(crate) wish: Wish,
    pub(crate) exterior_celsius: f64,
    pub(crate) solar_watts: f64,
    pub(crate) auxiliary_watts: f64,
    pub(crate) passengers: u32,
    pub(crate) doors_open: bool,
    /// Whether the resistive or the fuel heater heats when it is asked to.
    pub(crate) heater_works: bool,
    /// Electric power that the battery or the charger has left for it, W.
    pub(crate) available_watts: f64,
}

/// What heating and cooling took in a step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Climatisation {
    pub(crate) cabin_heater_watts: f64,
    pub(crate) heat_pump_watts: f64,
    pub(crate) air_conditioning_watts: f64,
    pub(crate) fuel_heat_watts: f64,
}

/// State of the cabin.
#[derive(Debug, Clone)]
pub(crate) struct Cabin {
    pub(crate) temperature_celsius: f64,
    pub(crate) coolant_celsius: f64,
    /// What the driver sets for winter, °C, 18 to 20; in summer it is cooled to 25.
    pub(crate) heating_setpoint_celsius: f64,
    heating: Heating,
}

impl Cabin {
    pub(crate) fn new(heating: Heating, temperature_celsius: f64, setpoint_celsius: f64) -> Self {
        Self {
            temperature_celsius,
            coolant_celsius: temperature_celsius,
            heating_setpoint_celsius: setpoint_celsius,
            heating,
        }
    }

    /// The setpoint that holds outside temperature, °C.
    pub(crate) fn setpoint_celsius(&self, exterior_celsius: f64) -> f64 {
        if exterior_celsius > 22.0 {
            25.0
        } else {
            self.heating_setpoint_celsius
        }
    }

    /// Regulates for some seconds.
    pub(crate) fn step(
        &mut self,
        model: &BusModel,
        seconds: f64,
        around: &Surroundings,
    ) -> Climatisation {
        let closed = model.ua_doors_closed_watts_per_kelvin;
        let open = closed + (model.ua_in_service_watts_per_kelvin - closed) / DOORS_OPEN_SHARE;
        let loss_ua = if around.doors_open { open } else { closed };
        let gains = around.solar_watts
            + AUXILIARY_HEAT_SHARE * around.auxiliary_watts
            + PASSENGER_HEAT_WATTS * f64::from(around.passengers);
        // The regulator plans with the loss of the whole round, so it does not hunt at each stop.
        let planned_ua = match around.wish {
            Wish::Service => model.ua_in_service_watts_per_kelvin,
            Wish::Preheat | Wish::Off => closed,
        };
        let setpoint = self.setpoint_celsius(around.exterior_celsius);
        let wanted_watts = planned_ua * (setpoint - around.exterior_celsius) - gains
            + GAIN * closed * (setpoint - self.temperature_celsius);
        let (taken, heat) = match around.wish {
            Wish::Off => (Climatisation::default(), 0.0),
            _ if around.exterior_celsius > 22.0 => Self::cool(model, -wanted_watts, around),
            _ => self.heat(model, wanted_watts, around),
        };
        let loss = loss_ua * (self.temperature_celsius - around.exterior_celsius);
        self.temperature_celsius +=
            (heat + gains - loss) * seconds / model.cabin_heat_capacity_joules_per_kelvin;
        self.warm_coolant(
            model,
            seconds,
            taken.cabin_heater_watts + taken.fuel_heat_watts,
        );
        taken
    }

    fn heat(
        &self,
        model: &BusModel,
        wanted_watts: f64,
        around: &Surroundings,
    ) -> (Climatisation, f64) {
        if wanted_watts < 300.0 {
            return (Climatisation::default(), 0.0);
        }
        let cop = heating_cop(around.exterior_celsius);
        let mut taken = Climatisation::default();
        if self.heating == Heating::Electric || cop >= COP_WORTH_RUNNING {
            taken.heat_pump_watts = (wanted_watts / cop)
                .min(model.heat_pump_max_watts)
                .min(around.available_watts);
        }
        let rest = wanted_watts - taken.heat_pump_watts * cop;
        match self.heating {
            _ if !around.heater_works => {}
            Heating::Electric => {
                taken.cabin_heater_watts = rest
                    .min(model.cabin_heater_max_watts)
                    .min(around.available_watts - taken.heat_pump_watts)
                    .max(0.0);
            }
            // The burner does not go below a tenth of its rating.
            Heating::Fuel if rest > 0.1 * model.fuel_heater_max_watts => {
                taken.fuel_heat_watts = rest.min(model.fuel_heater_max_watts);
            }
            Heating::Fuel => {}
        }
        let heat = taken.heat_pump_watts * cop + taken.cabin_heater_watts + taken.fuel_heat_watts;
        (taken, heat)
    }

    fn cool(model: &BusModel, wanted_watts: f64, around: &Surroundings) -> (Climatisation, f64) {
        let air_conditioning_watts = (wanted_watts / COP_MILD)
            .min(model.heat_pump_max_watts)
            .min(around.available_watts)
            .max(0.0);
        let taken = Climatisation {
            air_conditioning_watts,
            ..Climatisation::default()
        };
        (taken, -air_conditioning_watts * COP_MILD)
    }

    fn warm_coolant(&mut self, model: &BusModel, seconds: f64, heat_watts: f64) {
        let share = heat_watts / model.fuel_heater_max_watts;
        let target = if heat_watts > 0.0 {
            40.0 + 40.0 * share
        } else {
            self.temperature_celsius
        };
        self.coolant_celsius += (target - self.coolant_celsius) * (seconds / 400.0).min(1.0);
    }
}

/// Heat per electric energy of the heat pump.
pub(crate) fn heating_cop(exterior_celsius: f64) -> f64 {
    let mildness = (exterior_celsius - COP_ONE_CELSIUS) / (COP_FULL_CELSIUS - COP_ONE_CELSIUS);
    1.0 + (COP_MILD - 1.0) * mildness.clamp(0.0, 1.0)
}

/// Power to keep the pack below 33 °C out of the chiller that shares the air conditioning, W, and
/// the heat that it takes from the pack.
pub(crate) fn battery_chiller_watts(pack_celsius: f64) -> (f64, f64) {
    let heat = ((pack_celsius - 33.0) * 1_500.0).clamp(0.0, 6_000.0);
    (heat / COP_MILD, heat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::E12;

    /// An hour of service at a temperature: final cabin temperature and last powers.
    fn hours(heating: Heating, exterior_celsius: f64) -> (f64, Climatisation) {
        let mut cabin = Cabin::new(heating, 10.0, 18.0);
        let mut taken = Climatisation::default();
        for second in 0..4 * 3600 {
            taken = cabin.step(
                &E12,
                1.0,
                &Surroundings {
                    wish: Wish::Service,
                    exterior_celsius,
                    solar_watts: 0.0,
                    auxiliary_watts: 5_000.0,
                    passengers: 20,
                    doors_open: second % 100 < 19,
                    heater_works: true,
                    available_watts: 1e6,
                },
            );
        }
        (cabin.temperature_celsius, taken)
    }

    #[test]
    fn the_cabin_holds_its_setpoint_until_the_heaters_are_at_their_limit() {
        for (exterior, low, high) in [
            (10.0, 16.0, 20.0),
            (-20.0, 16.5, 19.0),
            (-40.0, 5.0, 13.5),
            (35.0, 23.0, 27.0),
        ] {
            let (temperature, _) = hours(Heating::Electric, exterior);
            assert!(
                (low..high).contains(&temperature),
                "{exterior}: {temperature}"
            );
        }
        let (_, at_limit) = hours(Heating::Electric, -40.0);
        assert_eq!(at_limit.cabin_heater_watts, E12.cabin_heater_max_watts);
        assert_eq!(at_limit.heat_pump_watts, E12.heat_pump_max_watts);
    }

    #[test]
    fn fuel_replaces_electricity_in_the_cold_only() {
        let (_, cold) = hours(Heating::Fuel, -25.0);
        assert!(cold.fuel_heat_watts > 15_000.0);
        assert_eq!(cold.cabin_heater_watts + cold.heat_pump_watts, 0.0);
        let (_, mild) = hours(Heating::Fuel, 8.0);
        assert!(mild.heat_pump_watts > 0.0);
        assert_eq!(mild.fuel_heat_watts, 0.0);
    }
}
