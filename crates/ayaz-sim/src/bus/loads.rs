//! The loads of a bus beside its drive: heaters, air conditioning, auxiliaries.

use rand::Rng;

use crate::bus::{Bus, DEPART_SOC, EMPTY_SOC, Phase};
use crate::cabin::{CabinInputs, CabinMode, HvacPowers};
use crate::faults::PhysicalFaultKind;
use crate::noise::uniform_signed;

/// How long before the shift preheating begins, µs.
const PREHEAT_MICROSECONDS: i64 = 30 * 60_000_000;

/// Power while parked, W: unplugged, plugged in, and the addition of the fans while preheating.
const PARKED_WATTS: (f64, f64, f64) = (150.0, 400.0, 800.0);

impl Bus {
    /// The mode of the cabin now.
    pub(super) fn cabin_mode(&self) -> CabinMode {
        match &self.phase {
            Phase::Driving(_) => CabinMode::Service,
            Phase::Parked(plug)
                if (plug.is_some() || self.config.preheats_unplugged)
                    && self.now.plus(PREHEAT_MICROSECONDS) >= self.shift.start
                    && self.battery.soc >= DEPART_SOC
                    && !self.has(PhysicalFaultKind::PreheatMissed) =>
            {
                CabinMode::Preheat
            }
            Phase::Parked(_) => CabinMode::Off,
        }
    }

    /// Whether a fault of that kind is active now.
    pub(crate) fn has(&self, kind: PhysicalFaultKind) -> bool {
        self.config.fault(kind, self.now).is_some()
    }

    /// Whether the battery heater works now.
    pub(crate) fn battery_heater_works(&self) -> bool {
        self.config.battery_heater_works && !self.has(PhysicalFaultKind::BatteryHeaterFailed)
    }

    /// Whether the battery heater is on in the next step. It keeps the pack above about 8 °C in service,
    /// 10 °C during charging and before the shift, and 6 °C when the pack is full. An unplugged parked bus
    /// heats only before the shift.
    pub(super) fn heats_battery(&self, mode: CabinMode) -> bool {
        let on_below = match (&self.phase, mode) {
            (Phase::Parked(None), CabinMode::Preheat) => 8.0,
            (Phase::Parked(None), _) => f64::NEG_INFINITY,
            (Phase::Parked(Some(plug)), CabinMode::Off) if plug.complete => 6.0,
            (Phase::Parked(Some(_)), _) => 10.0,
            (Phase::Driving(_), _) if self.battery.soc < EMPTY_SOC.0 => f64::NEG_INFINITY,
            (Phase::Driving(_), _) => 8.0,
        };
        let band = if self.battery_heater_on { 3.0 } else { 0.0 };
        self.battery_heater_works() && self.battery.temperature_celsius < on_below + band
    }

    /// Power of the battery heater, W.
    pub(super) fn battery_heater_watts(&mut self, mode: CabinMode) -> f64 {
        self.battery_heater_on = self.heats_battery(mode);
        if self.battery_heater_on {
            self.config.model.battery_heater_max_watts
        } else {
            0.0
        }
    }

    /// Power of air compressor, steering, lights, fans and electronics, W. It is higher at stops, where
    /// doors move and the compressor runs.
    pub(super) fn auxiliary_watts(&mut self, mode: CabinMode) -> f64 {
        match &self.phase {
            Phase::Parked(None) if mode == CabinMode::Preheat => PARKED_WATTS.0 + PARKED_WATTS.2,
            Phase::Parked(None) => PARKED_WATTS.0,
            Phase::Parked(Some(_)) if mode == CabinMode::Preheat => PARKED_WATTS.1 + PARKED_WATTS.2,
            Phase::Parked(Some(_)) => PARKED_WATTS.1,
            Phase::Driving(driver) => {
                let compressor = if driver.is_at_stop() { 0.4 } else { 0.0 };
                let share = 0.88 + compressor + 0.04 * uniform_signed(self.rng.next_u64(), 0);
                self.config.model.auxiliary_watts * share
            }
        }
    }

    /// Heats or cools the cabin with the power that the other loads leave.
    pub(super) fn run_hvac(
        &mut self,
        seconds: f64,
        mode: CabinMode,
        auxiliary_watts: f64,
        others_watts: f64,
    ) -> HvacPowers {
        let (passengers, doors_open) = match &self.phase {
            Phase::Driving(driver) => (driver.passengers, driver.doors_open),
            Phase::Parked(_) => (0, false),
        };
        let source = match &self.phase {
            Phase::Parked(Some(plug)) => plug.power_max_watts,
            Phase::Driving(_) | Phase::Parked(None) if self.battery.soc > EMPTY_SOC.0 => {
                0.9 * self.battery.discharge_limit_watts
            }
            Phase::Driving(_) | Phase::Parked(None) => 0.0,
        };
        let inputs = CabinInputs {
            mode,
            exterior_celsius: self.weather.exterior_celsius,
            solar_watts: self.weather.solar_watts,
            auxiliary_watts,
            passengers,
            doors_open,
            heater_works: !self.has(PhysicalFaultKind::CabinHeaterFailed),
            available_watts: (source - others_watts).max(0.0),
        };
        self.cabin.step(&self.config.model, seconds, &inputs)
    }
}
