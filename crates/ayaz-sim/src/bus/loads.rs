//! What a bus draws beside its drive: heaters, air conditioning, auxiliaries.

use rand::Rng;

use crate::bus::{Bus, DEPART_SOC, EMPTY_SOC, Phase};
use crate::cabin::{Climatisation, Surroundings, Wish};
use crate::faults::PhysicalFaultKind;
use crate::noise::wobble;

/// The cabin is warmed from the grid for so long before the shift, µs.
const PREHEAT_MICROSECONDS: i64 = 30 * 60_000_000;

/// Power while parked, W: on its own, plugged in, and in addition while preheating (fans).
const PARKED_WATTS: (f64, f64, f64) = (150.0, 400.0, 800.0);

impl Bus {
    /// What the cabin is asked to do.
    pub(super) fn wish(&self) -> Wish {
        match &self.phase {
            Phase::Driving(_) => Wish::Service,
            Phase::Parked(plug)
                if (plug.is_some() || self.config.preheats_unplugged)
                    && self.now.plus(PREHEAT_MICROSECONDS) >= self.shift.start
                    && self.battery.soc >= DEPART_SOC
                    && !self.has(PhysicalFaultKind::PreheatMissed) =>
            {
                Wish::Preheat
            }
            Phase::Parked(_) => Wish::Off,
        }
    }

    /// Whether something is broken now.
    pub(crate) fn has(&self, kind: PhysicalFaultKind) -> bool {
        self.config.fault(kind, self.now).is_some()
    }

    /// Whether the battery heater heats when it is asked to.
    pub(crate) fn battery_heater_works(&self) -> bool {
        self.config.battery_heater_works && !self.has(PhysicalFaultKind::BatteryHeaterFailed)
    }

    /// Whether the battery heater is on in the next step. It keeps the pack above some 8 °C in
    /// service, 10 °C while it charges and before the shift, and 6 °C once it is full; a bus that
    /// stands on its own does not heat, but before the shift.
    pub(super) fn heats_battery(&self, wish: Wish) -> bool {
        let on_below = match (&self.phase, wish) {
            (Phase::Parked(None), Wish::Preheat) => 8.0,
            (Phase::Parked(None), _) => f64::NEG_INFINITY,
            (Phase::Parked(Some(plug)), Wish::Off) if plug.complete => 6.0,
            (Phase::Parked(Some(_)), _) => 10.0,
            (Phase::Driving(_), _) if self.battery.soc < EMPTY_SOC.0 => f64::NEG_INFINITY,
            (Phase::Driving(_), _) => 8.0,
        };
        let band = if self.battery_heater_on { 3.0 } else { 0.0 };
        self.battery_heater_works() && self.battery.temperature_celsius < on_below + band
    }

    /// Power of the battery heater, W.
    pub(super) fn battery_heater_watts(&mut self, wish: Wish) -> f64 {
        self.battery_heater_on = self.heats_battery(wish);
        if self.battery_heater_on {
            self.config.model.battery_heater_max_watts
        } else {
            0.0
        }
    }

    /// Air compressor, steering, lights, fans, electronics: more at stops, where doors move and
    /// the compressor fills up.
    pub(super) fn auxiliary_watts(&mut self, wish: Wish) -> f64 {
        match &self.phase {
            Phase::Parked(None) if wish == Wish::Preheat => PARKED_WATTS.0 + PARKED_WATTS.2,
            Phase::Parked(None) => PARKED_WATTS.0,
            Phase::Parked(Some(_)) if wish == Wish::Preheat => PARKED_WATTS.1 + PARKED_WATTS.2,
            Phase::Parked(Some(_)) => PARKED_WATTS.1,
            Phase::Driving(driver) => {
                let compressor = if driver.is_at_stop() { 0.4 } else { 0.0 };
                let share = 0.88 + compressor + 0.04 * wobble(self.rng.next_u64(), 0);
                self.config.model.auxiliary_watts * share
            }
        }
    }

    /// Lets the cabin regulate with what the other loads leave of battery or charger.
    pub(super) fn climatise(
        &mut self,
        seconds: f64,
        wish: Wish,
        auxiliary_watts: f64,
        others_watts: f64,
    ) -> Climatisation {
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
        let around = Surroundings {
            wish,
            exterior_celsius: self.weather.exterior_celsius,
            solar_watts: self.weather.solar_watts,
            auxiliary_watts,
            passengers,
            doors_open,
            heater_works: !self.has(PhysicalFaultKind::CabinHeaterFailed),
            available_watts: (source - others_watts).max(0.0),
        };
        self.cabin.step(&self.config.model, seconds, &around)
    }
}
