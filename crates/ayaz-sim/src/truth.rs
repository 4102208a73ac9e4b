//! True energy and distance of a bus, to compare with the results of the analytics. Computed from the
//! steps of the model, never from readings.
//!
//! [`Truth`] is a sum since the start. [`TruthLedger`] has service days and sessions, which [`session`]
//! defines; [`csv`] writes them.

use ayaz_model::UnixMicroseconds;

mod bus;
pub mod csv;
mod ledger;
mod parked;
pub mod session;
mod totals;

pub use bus::TruthBus;
pub use ledger::{TruthDay, TruthLedger};
pub use session::{TruthSession, TruthSessionKind};
pub use totals::{TruthEnergy, TruthTotals};

/// Sums since the start of the simulation. As in the energy rules, energy out of the battery counts only
/// while the bus is not plugged in, and energy at the charger is separate.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Truth {
    /// Out of the battery less regeneration, kWh: the sum of the components.
    pub net_kwh: f64,
    /// Out of the battery, kWh, in steps in which it is discharged.
    pub discharge_kwh: f64,
    /// Into the battery, kWh, in steps in which it is charged.
    pub regen_kwh: f64,
    /// Traction inverters less regeneration, kWh.
    pub traction_kwh: f64,
    /// Resistive cabin heater, kWh.
    pub cabin_heater_kwh: f64,
    /// Heat pump while heating, kWh.
    pub heat_pump_kwh: f64,
    /// Battery heater, kWh.
    pub battery_heater_kwh: f64,
    /// Air conditioning and battery chiller, kWh.
    pub air_conditioning_kwh: f64,
    /// Everything else, kWh.
    pub auxiliary_kwh: f64,
    /// Loss in the pack's resistance, behind its terminals, kWh; plugged in or not.
    pub pack_loss_kwh: f64,
    /// Into the terminals of the battery while plugged in, net, kWh.
    pub charged_kwh: f64,
    /// From the chargers, kWh: into the battery, and for the loads of the bus.
    pub charger_kwh: f64,
    /// Fuel, l.
    pub fuel_litres: f64,
    /// Distance, km.
    pub distance_km: f64,
}

/// Electric powers of a step, W, at the terminals of the pack.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Powers {
    pub(crate) traction: f64,
    pub(crate) cabin_heater: f64,
    pub(crate) heat_pump: f64,
    pub(crate) battery_heater: f64,
    pub(crate) air_conditioning: f64,
    pub(crate) auxiliary: f64,
    pub(crate) charger: f64,
}

/// A step of time with constant powers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) from: UnixMicroseconds,
    pub(crate) seconds: f64,
    pub(crate) powers: Powers,
    /// Loss in the pack's own resistance.
    pub(crate) loss_watts: f64,
    pub(crate) distance_km: f64,
    pub(crate) fuel_litres: f64,
    /// State of charge before and after, 0 to 1.
    pub(crate) soc: (f64, f64),
    /// `None` while the key is off.
    pub(crate) drive_cycle: Option<u32>,
    pub(crate) plugged_in: bool,
}

impl Step {
    pub(crate) fn until(&self) -> UnixMicroseconds {
        self.from.plus((self.seconds * 1e6).round() as i64)
    }
}

impl Powers {
    /// The power of all loads, without the charger.
    pub(crate) fn loads(&self) -> f64 {
        self.traction
            + self.cabin_heater
            + self.heat_pump
            + self.battery_heater
            + self.air_conditioning
            + self.auxiliary
    }

    /// The power for heating and cooling of cabin and battery.
    pub(crate) fn conditioning(&self) -> f64 {
        self.cabin_heater + self.heat_pump + self.battery_heater + self.air_conditioning
    }

    /// The power out of the battery.
    pub(crate) fn pack(&self) -> f64 {
        self.loads() - self.charger
    }
}

impl Truth {
    pub(crate) fn add(&mut self, step: &Step) {
        let powers = &step.powers;
        let kwh = step.seconds / 3.6e6;
        let pack = powers.pack();
        self.fuel_litres += step.fuel_litres;
        self.distance_km += step.distance_km;
        self.pack_loss_kwh += step.loss_watts * kwh;
        if step.plugged_in {
            self.charged_kwh -= pack * kwh;
            self.charger_kwh += powers.charger * kwh;
            return;
        }
        self.net_kwh += pack * kwh;
        self.discharge_kwh += pack.max(0.0) * kwh;
        self.regen_kwh += (-pack).max(0.0) * kwh;
        self.traction_kwh += powers.traction * kwh;
        self.cabin_heater_kwh += powers.cabin_heater * kwh;
        self.heat_pump_kwh += powers.heat_pump * kwh;
        self.battery_heater_kwh += powers.battery_heater * kwh;
        self.air_conditioning_kwh += powers.air_conditioning * kwh;
        self.auxiliary_kwh += powers.auxiliary * kwh;
    }
}
