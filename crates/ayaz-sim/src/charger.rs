//! The charger: constant power while the pack accepts it, then less towards full charge.

use crate::battery::Battery;

/// Above this state of charge the power falls, 0 to 1.
const TAPER_FROM_SOC: f64 = 0.95;

/// The charge ends here, 0 to 1.
const COMPLETE_SOC: f64 = 0.997;

/// Below this state of charge, after standby, charging begins again, 0 to 1.
const RESUME_SOC: f64 = 0.97;

/// The local hours in which buses may charge at the depot. Outside of them a charger only supplies the
/// loads of the bus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChargingWindow {
    /// Opens at this hour, 0 to 24.
    pub from_hour: f64,
    /// Closes at this hour, 0 to 24; of the next day if it is less than `from_hour`.
    pub to_hour: f64,
    /// Whether a bus that arrives before the window is plugged in at once. Else it is plugged in when the
    /// window opens.
    pub plugged_while_waiting: bool,
}

impl ChargingWindow {
    /// Whether the window is open at a local hour.
    pub(crate) fn is_open(&self, hour: f64) -> bool {
        if self.from_hour <= self.to_hour {
            (self.from_hour..self.to_hour).contains(&hour)
        } else {
            hour >= self.from_hour || hour < self.to_hour
        }
    }
}

/// A charger that the bus is plugged into.
#[derive(Debug, Clone)]
pub(crate) struct Plug {
    /// The operator's name of the charger.
    pub(crate) station: Box<str>,
    pub(crate) power_max_watts: f64,
    /// Whether the pack is full.
    pub(crate) complete: bool,
    /// Steps since it was plugged in, up to 2. A bus that was parked before does not charge in the first
    /// step.
    steps: u8,
    /// Whether charging was allowed in the last step.
    allowed: bool,
}

impl Plug {
    pub(crate) fn new(station: &str, power_max_watts: f64) -> Self {
        Self {
            station: station.into(),
            power_max_watts,
            complete: false,
            steps: 1,
            allowed: false,
        }
    }

    /// The same, with a first step without charging: the reading before shows a bus without a plug, so
    /// the interval between the two must have no energy from the charger.
    pub(crate) fn after_parking(mut self) -> Self {
        self.steps = 0;
        self
    }

    /// Power from the grid, W, at the given loads of the bus. A pack that is too cold or may not charge at
    /// this hour gets none, and the loads are still supplied.
    pub(crate) fn power_watts(
        &mut self,
        battery: &Battery,
        loads_watts: f64,
        allowed: bool,
    ) -> f64 {
        self.complete = self.completes(battery);
        self.allowed = allowed;
        let is_first_step = self.steps == 0;
        self.steps = (self.steps + 1).min(2);
        let into_pack = if self.complete || !allowed || is_first_step {
            0.0
        } else {
            self.pack_watts(battery)
        };
        (into_pack + loads_watts).min(self.power_max_watts)
    }

    /// Whether the power changes in the next step, or has just begun.
    pub(crate) fn is_about_to_change(&self, battery: &Battery, allowed: bool) -> bool {
        self.steps < 2 || allowed != self.allowed || self.completes(battery) != self.complete
    }

    fn completes(&self, battery: &Battery) -> bool {
        if self.complete {
            battery.soc > RESUME_SOC
        } else {
            battery.soc >= COMPLETE_SOC
        }
    }

    fn pack_watts(&self, battery: &Battery) -> f64 {
        if battery.coldest_celsius() <= 0.0 {
            return 0.0;
        }
        let taper = ((1.0 - battery.soc) / (1.0 - TAPER_FROM_SOC)).min(1.0);
        let held = battery.charge_limit_watts.min(self.power_max_watts * taper);
        // The pack's limit, meant for braking, is 0 at full charge, so the rest charges at C/20.
        if battery.soc > TAPER_FROM_SOC {
            held.max(battery.energy_watt_hours() / 20.0)
        } else {
            held
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_may_span_midnight() {
        let window = |from_hour, to_hour| ChargingWindow {
            from_hour,
            to_hour,
            plugged_while_waiting: true,
        };
        for (from, to, hour, open) in [
            (23.0, 5.0, 22.99, false),
            (23.0, 5.0, 23.0, true),
            (23.0, 5.0, 0.0, true),
            (23.0, 5.0, 5.0, false),
            (1.0, 5.0, 0.5, false),
            (1.0, 5.0, 1.0, true),
        ] {
            assert_eq!(
                window(from, to).is_open(hour),
                open,
                "{from}-{to} at {hour}"
            );
        }
    }
}
