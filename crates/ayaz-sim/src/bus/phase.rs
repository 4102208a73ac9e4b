//! Changes between driving and parking, and the plug.

use crate::bus::{Bus, DEPART_SOC, EMPTY_SOC, Phase};
use crate::charger::Plug;
use crate::driving::Driver;
use crate::duty::{Shift, shift_at};
use crate::local_time::local_hour;
use crate::route::DEPOT;
use crate::traction::Drive;

/// A bus does not leave for a shorter shift, µs.
const SHIFT_WORTHWHILE_MICROSECONDS: i64 = 45 * 60_000_000;

/// Below this state of charge a bus with midday charging always charges at midday, 0 to 1.
const MIDDAY_CHARGE_SOC: f64 = 0.45;

/// Charge that the drive from the route to the depot takes, 0 to 1.
const WAY_HOME_SOC: f64 = 0.05;

/// State of charge with which a bus should reach the depot, 0 to 1.
const RETURN_SOC: f64 = 0.08;

/// Name of the midday charger.
const FAST_STATION: &str = "depot-fast";

/// Power of the midday charger, W.
const MIDDAY_CHARGER_WATTS: f64 = 120_000.0;

impl Bus {
    /// Whether key, plug, charger or a heater change now.
    pub(super) fn is_about_to_change(&self) -> bool {
        match &self.phase {
            Phase::Parked(_) => {
                self.is_leaving()
                    || self.is_plugged_now()
                    || self.cabin_mode() != self.last_cabin_mode
                    || self.heats_battery(self.cabin_mode()) != self.battery_heater_on
                    || self.plug().is_some_and(|plug| {
                        plug.is_about_to_change(&self.battery, self.may_charge())
                    })
            }
            Phase::Driving(_) => self.is_home(),
        }
    }

    /// Whether the rest of the shift is too short to leave.
    fn is_too_late(&self) -> bool {
        self.now.plus(SHIFT_WORTHWHILE_MICROSECONDS) > self.shift.end
    }

    fn is_leaving(&self) -> bool {
        !self.is_too_late() && self.now >= self.shift.start && self.battery.soc >= DEPART_SOC
    }

    /// Whether the charging window has opened for a bus that waits without a plug.
    fn is_plugged_now(&self) -> bool {
        let waits = matches!(self.phase, Phase::Parked(None)) && self.shift.before_break;
        waits && self.config.charging_window.is_some() && self.may_charge()
    }

    /// Whether the bus is at the depot. An empty bus is towed there without readings.
    fn is_home(&self) -> bool {
        self.arrived || self.battery.soc < EMPTY_SOC.1
    }

    /// Plugs in, leaves, turns to the depot or parks, if it is time.
    pub(super) fn change_phase(&mut self) {
        if self.is_plugged_now() {
            self.phase = Phase::Parked(Some(self.depot_plug().after_parking()));
        }
        let home = self.is_home();
        match &mut self.phase {
            Phase::Parked(_) => {
                if self.is_too_late() {
                    self.shift = self.shift_after();
                } else if self.is_leaving() {
                    self.phase = Phase::Driving(Driver::pull_out(&self.route));
                    self.key_on = (self.now, self.battery.soc);
                }
            }
            Phase::Driving(_) if home => self.park(),
            Phase::Driving(driver) if driver.is_at_stop() => {
                // The drive to the depot takes 2.4 kWh/km for 13 750 kg in deep cold.
                let way_wh = driver.place(&self.route).distance_m(DEPOT)
                    * 2.4
                    * self.config.model.empty_mass_kg
                    / 13_750.0;
                let reserve = RETURN_SOC + way_wh / self.battery.energy_watt_hours();
                if self.now >= self.shift.end || self.battery.soc < reserve {
                    driver.pull_in(&self.route);
                }
            }
            Phase::Driving(_) => {}
        }
    }

    /// Turns the key off at the depot. Plugs in for the night, and at midday if needed.
    fn park(&mut self) {
        self.arrived = false;
        let soc = self.battery.soc;
        let next = self.shift_after();
        let wanted = self.config.model.charges_at_midday && soc < self.soc_wanted_for(&next);
        let plug = if !self.shift.before_break {
            self.night_plug()
        } else if wanted || soc < DEPART_SOC {
            Some(Self::fast_plug())
        } else {
            None
        };
        self.phase = Phase::Parked(plug);
        self.drive = Drive::default();
        self.shift = next;
    }

    /// State of charge that the next shift needs if it is like the last one, with a reserve.
    fn soc_wanted_for(&self, next: &Shift) -> f64 {
        let (since, began) = self.key_on;
        let per_second = (began - self.battery.soc) / self.now.seconds_since(since).max(60.0);
        let taken = per_second * next.end.seconds_since(next.start);
        (taken + RETURN_SOC + WAY_HOME_SOC).max(MIDDAY_CHARGE_SOC)
    }

    /// The charger for the night; `None` if the bus waits for its window without a plug.
    pub(super) fn night_plug(&self) -> Option<Plug> {
        let waits = self
            .config
            .charging_window
            .is_some_and(|window| !window.plugged_while_waiting);
        (!waits || self.may_charge()).then(|| self.depot_plug())
    }

    /// Whether the bus may charge now. The charging window does not apply to the midday charger.
    pub(super) fn may_charge(&self) -> bool {
        let at_midday = self
            .plug()
            .is_some_and(|plug| &*plug.station == FAST_STATION);
        at_midday
            || self
                .config
                .charging_window
                .is_none_or(|window| window.is_open(local_hour(self.now)))
    }

    /// The charger at the bus's parking space.
    pub(super) fn depot_plug(&self) -> Plug {
        let station = format!("depot-{:02}", self.config.index % 60 + 1);
        Plug::new(&station, self.config.model.depot_charger_max_watts)
    }

    /// The charger for the midday break.
    pub(super) fn fast_plug() -> Plug {
        Plug::new(FAST_STATION, MIDDAY_CHARGER_WATTS)
    }

    fn shift_after(&self) -> Shift {
        shift_at(
            self.config.seed,
            self.config.index,
            self.now.max(self.shift.end),
        )
    }
}
