//! The passengers' cabin: heating, cooling, and their power.
//!
//! The heat pump works first, up to its rating. Its COP falls from 2.3 at +5 °C to 1 at −15 °C and below.
//! Then the resistive or the fuel heater works, up to its rating. When all are at their limit, the cabin
//! becomes colder and consumption does not rise further.

use crate::model::{BusModel, Heating};

/// COP of the heat pump in mild weather, and of the air conditioning. Published: 2 to 2.5.
const COP_MILD: f64 = 2.3;

/// At this temperature and below, the COP of the heat pump is 1, °C.
const COP_ONE_CELSIUS: f64 = -15.0;

/// At this temperature and above, the heat pump has its full COP, °C.
const COP_FULL_CELSIUS: f64 = 5.0;

/// A bus with a fuel heater does not use its heat pump below this COP.
const COP_WORTH_RUNNING: f64 = 1.3;

/// Share of the time in service with open doors, which the published heat loss includes.
const DOORS_OPEN_SHARE: f64 = 0.19;

/// Heat in the cabin from a litre of fuel, Wh: 9.9 kWh/l at an efficiency of 0.8.
pub(crate) const FUEL_HEAT_WATT_HOURS_PER_LITRE: f64 = 9_900.0 * 0.8;

/// Heat of a passenger, W.
const PASSENGER_HEAT_WATTS: f64 = 100.0;

/// Share of the auxiliaries' power that becomes heat in the cabin.
const AUXILIARY_HEAT_SHARE: f64 = 0.3;

/// Gain of the temperature control, as a multiple of the heat loss with closed doors.
const GAIN: f64 = 10.0;

/// What heating and cooling have to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CabinMode {
    Off,
    /// Warm the cabin to the setpoint before the shift, with closed doors and no passengers.
    Preheat,
    Service,
}

/// The inputs of the cabin in a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CabinInputs {
    pub(crate) mode: CabinMode,
    pub(crate) exterior_celsius: f64,
    pub(crate) solar_watts: f64,
    pub(crate) auxiliary_watts: f64,
    pub(crate) passengers: u32,
    pub(crate) doors_open: bool,
    /// Whether the resistive or the fuel heater works.
    pub(crate) heater_works: bool,
    /// Electric power that battery or charger have for it, W.
    pub(crate) available_watts: f64,
}

/// Powers of heating and cooling in a step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct HvacPowers {
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
    /// The setpoint in winter, °C, 18 to 20. In summer the cabin is cooled to 25.
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

    /// The setpoint at an exterior temperature, °C.
    pub(crate) fn setpoint_celsius(&self, exterior_celsius: f64) -> f64 {
        if exterior_celsius > 22.0 {
            25.0
        } else {
            self.heating_setpoint_celsius
        }
    }

    /// Controls the temperature for some seconds.
    pub(crate) fn step(
        &mut self,
        model: &BusModel,
        seconds: f64,
        inputs: &CabinInputs,
    ) -> HvacPowers {
        let closed = model.ua_doors_closed_watts_per_kelvin;
        let open = closed + (model.ua_in_service_watts_per_kelvin - closed) / DOORS_OPEN_SHARE;
        let loss_ua = if inputs.doors_open { open } else { closed };
        let gains = inputs.solar_watts
            + AUXILIARY_HEAT_SHARE * inputs.auxiliary_watts
            + PASSENGER_HEAT_WATTS * f64::from(inputs.passengers);
        // The control uses the mean heat loss in service, so it does not oscillate at each stop.
        let planned_ua = match inputs.mode {
            CabinMode::Service => model.ua_in_service_watts_per_kelvin,
            CabinMode::Preheat | CabinMode::Off => closed,
        };
        let setpoint = self.setpoint_celsius(inputs.exterior_celsius);
        let wanted_watts = planned_ua * (setpoint - inputs.exterior_celsius) - gains
            + GAIN * closed * (setpoint - self.temperature_celsius);
        let (powers, heat) = match inputs.mode {
            CabinMode::Off => (HvacPowers::default(), 0.0),
            _ if inputs.exterior_celsius > 22.0 => Self::cool(model, -wanted_watts, inputs),
            _ => self.heat(model, wanted_watts, inputs),
        };
        let loss = loss_ua * (self.temperature_celsius - inputs.exterior_celsius);
        self.temperature_celsius +=
            (heat + gains - loss) * seconds / model.cabin_heat_capacity_joules_per_kelvin;
        self.warm_coolant(
            model,
            seconds,
            powers.cabin_heater_watts + powers.fuel_heat_watts,
        );
        powers
    }

    fn heat(&self, model: &BusModel, wanted_watts: f64, inputs: &CabinInputs) -> (HvacPowers, f64) {
        if wanted_watts < 300.0 {
            return (HvacPowers::default(), 0.0);
        }
        let cop = heating_cop(inputs.exterior_celsius);
        let mut powers = HvacPowers::default();
        if self.heating == Heating::Electric || cop >= COP_WORTH_RUNNING {
            powers.heat_pump_watts = (wanted_watts / cop)
                .min(model.heat_pump_max_watts)
                .min(inputs.available_watts);
        }
        let rest = wanted_watts - powers.heat_pump_watts * cop;
        match self.heating {
            _ if !inputs.heater_works => {}
            Heating::Electric => {
                powers.cabin_heater_watts = rest
                    .min(model.cabin_heater_max_watts)
                    .min(inputs.available_watts - powers.heat_pump_watts)
                    .max(0.0);
            }
            // The burner cannot run below a tenth of its rating.
            Heating::Fuel if rest > 0.1 * model.fuel_heater_max_watts => {
                powers.fuel_heat_watts = rest.min(model.fuel_heater_max_watts);
            }
            Heating::Fuel => {}
        }
        let heat =
            powers.heat_pump_watts * cop + powers.cabin_heater_watts + powers.fuel_heat_watts;
        (powers, heat)
    }

    fn cool(model: &BusModel, wanted_watts: f64, inputs: &CabinInputs) -> (HvacPowers, f64) {
        let air_conditioning_watts = (wanted_watts / COP_MILD)
            .min(model.heat_pump_max_watts)
            .min(inputs.available_watts)
            .max(0.0);
        let powers = HvacPowers {
            air_conditioning_watts,
            ..HvacPowers::default()
        };
        (powers, -air_conditioning_watts * COP_MILD)
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

/// Coefficient of performance of the heat pump: heat by electric energy.
pub(crate) fn heating_cop(exterior_celsius: f64) -> f64 {
    let mildness = (exterior_celsius - COP_ONE_CELSIUS) / (COP_FULL_CELSIUS - COP_ONE_CELSIUS);
    1.0 + (COP_MILD - 1.0) * mildness.clamp(0.0, 1.0)
}

/// Power of the chiller that keeps the pack below 33 °C, and the heat that it takes from the pack, W. It
/// is part of the air conditioning.
pub(crate) fn battery_chiller_watts(pack_celsius: f64) -> (f64, f64) {
    let heat = ((pack_celsius - 33.0) * 1_500.0).clamp(0.0, 6_000.0);
    (heat / COP_MILD, heat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::E12;

    /// Four hours of service at a temperature: the final cabin temperature and the last powers.
    fn hours(heating: Heating, exterior_celsius: f64) -> (f64, HvacPowers) {
        let mut cabin = Cabin::new(heating, 10.0, 18.0);
        let mut powers = HvacPowers::default();
        for second in 0..4 * 3600 {
            powers = cabin.step(
                &E12,
                1.0,
                &CabinInputs {
                    mode: CabinMode::Service,
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
        (cabin.temperature_celsius, powers)
    }

    #[test]
    fn the_cabin_keeps_its_setpoint_until_the_heaters_are_at_their_limit() {
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
