//! The plug: a charger holds its power while the pack takes it and tapers off towards full.

use crate::battery::Battery;

/// Above this state of charge the charger tapers, 0 to 1.
const TAPER_FROM_SOC: f64 = 0.95;

/// The charge ends here, 0 to 1.
const COMPLETE_SOC: f64 = 0.997;

/// A charge begins anew when standby has drawn the pack below this, 0 to 1.
const RESUME_SOC: f64 = 0.97;

/// The hours in which the depot lets its buses charge, on the local clock. Outside of them a plug
/// gives only what the bus itself draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChargingWindow {
    /// Opens at this hour, 0 to 24.
    pub from_hour: f64,
    /// Closes at this hour, 0 to 24; before `from_hour` it is that of the next day.
    pub to_hour: f64,
    /// Whether a bus that comes home earlier is plugged in at once, and not when it opens.
    pub plugged_while_waiting: bool,
}

impl ChargingWindow {
    /// Whether it is open at an hour of the local day.
    pub(crate) fn is_open(&self, hour: f64) -> bool {
        if self.from_hour <= self.to_hour {
            (self.from_hour..self.to_hour).contains(&hour)
        } else {
            hour >= self.from_hour || hour < self.to_hour
        }
    }
}

/// A charger that the bus hangs on.
#[derive(Debug, Clone)]
pub(crate) struct Plug {
    /// As the operator names it.
    pub(crate) station: Box<str>,
    pub(crate) power_max_watts: f64,
    /// The pack is as full as it gets.
    pub(crate) complete: bool,
    /// Steps since it was plugged in, up to 2. In the first one of a bus that stood already, bus and
    /// charger only agree on what will flow.
    steps: u8,
    /// Whether it could charge in the last step.
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

    /// The same, to begin with a step in which nothing is charged: the reading before it still tells
    /// of a bus without a plug, and no energy of the charger may lie between the two.
    pub(crate) fn after_standing(mut self) -> Self {
        self.steps = 0;
        self
    }

    /// Power from the grid, W, while the bus itself draws `loads`. A pack too cold to be charged
    /// gets none, but its heater does; nor does a pack that may not be charged at this hour.
    pub(crate) fn power_watts(
        &mut self,
        battery: &Battery,
        loads_watts: f64,
        allowed: bool,
    ) -> f64 {
        self.complete = self.completes(battery);
        self.allowed = allowed;
        let agreed = self.steps > 0;
        self.steps = (self.steps + 1).min(2);
        let into_pack = if self.complete || !allowed || !agreed {
            0.0
        } else {
            self.pack_watts(battery)
        };
        (into_pack + loads_watts).min(self.power_max_watts)
    }

    /// Whether the power jumps in the next step, or has only just begun to flow.
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
        // The pack's limit, made for braking, goes to nothing at full; a trickle of C/20 fills it.
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
