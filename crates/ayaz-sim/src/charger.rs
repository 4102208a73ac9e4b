//! The plug: a charger holds its power while the pack takes it and tapers off towards full.

use crate::battery::Battery;

/// Above this state of charge the charger tapers, 0 to 1.
const TAPER_FROM_SOC: f64 = 0.95;

/// The charge ends here, 0 to 1.
const COMPLETE_SOC: f64 = 0.997;

/// A charge begins anew when standby has drawn the pack below this, 0 to 1.
const RESUME_SOC: f64 = 0.97;

/// A charger that the bus hangs on.
#[derive(Debug, Clone)]
pub(crate) struct Plug {
    /// As the operator names it.
    pub(crate) station: Box<str>,
    pub(crate) power_max_watts: f64,
    /// The pack is as full as it gets.
    pub(crate) complete: bool,
}

impl Plug {
    pub(crate) fn new(station: &str, power_max_watts: f64) -> Self {
        Self {
            station: station.into(),
            power_max_watts,
            complete: false,
        }
    }

    /// Power from the grid, W, while the bus itself draws `loads`. A pack too cold to be charged
    /// gets none, but its heater does.
    pub(crate) fn power_watts(&mut self, battery: &Battery, loads_watts: f64) -> f64 {
        self.complete = if self.complete {
            battery.soc > RESUME_SOC
        } else {
            battery.soc >= COMPLETE_SOC
        };
        let into_pack = if self.complete {
            0.0
        } else {
            self.pack_watts(battery)
        };
        (into_pack + loads_watts).min(self.power_max_watts)
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
