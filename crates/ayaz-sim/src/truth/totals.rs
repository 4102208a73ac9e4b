//! Sums over a period: energy by component, distance, fuel.

use crate::truth::{Powers, Step};

/// Energy at the terminals of the pack and of the components, kWh. The balance
/// `out_of_battery_kwh − into_battery_kwh = components − charger_kwh` holds up to rounding.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TruthEnergy {
    /// Out of the battery, in steps in which it is discharged.
    pub out_of_battery_kwh: f64,
    /// Into the battery, in steps in which it is charged: by regeneration or by the charger.
    pub into_battery_kwh: f64,
    /// Traction inverters less regeneration.
    pub traction_kwh: f64,
    /// Resistive cabin heater.
    pub cabin_heater_kwh: f64,
    /// Heat pump while heating.
    pub heat_pump_kwh: f64,
    /// Battery heater.
    pub battery_heater_kwh: f64,
    /// Air conditioning and battery chiller.
    pub air_conditioning_kwh: f64,
    /// Everything else.
    pub auxiliary_kwh: f64,
    /// From the charger.
    pub charger_kwh: f64,
}

impl TruthEnergy {
    /// Out of the battery less into the battery, kWh.
    pub fn net_kwh(&self) -> f64 {
        self.out_of_battery_kwh - self.into_battery_kwh
    }

    /// All sums with their names, in the order of the fields.
    pub fn components(&self) -> [(&'static str, f64); 9] {
        [
            ("out_of_battery_kwh", self.out_of_battery_kwh),
            ("into_battery_kwh", self.into_battery_kwh),
            ("traction_kwh", self.traction_kwh),
            ("cabin_heater_kwh", self.cabin_heater_kwh),
            ("heat_pump_kwh", self.heat_pump_kwh),
            ("battery_heater_kwh", self.battery_heater_kwh),
            ("air_conditioning_kwh", self.air_conditioning_kwh),
            ("auxiliary_kwh", self.auxiliary_kwh),
            ("charger_kwh", self.charger_kwh),
        ]
    }

    fn add(&mut self, powers: &Powers, seconds: f64) {
        let kwh = seconds / 3.6e6;
        let pack = powers.pack();
        self.merge(&Self {
            out_of_battery_kwh: pack.max(0.0) * kwh,
            into_battery_kwh: (-pack).max(0.0) * kwh,
            traction_kwh: powers.traction * kwh,
            cabin_heater_kwh: powers.cabin_heater * kwh,
            heat_pump_kwh: powers.heat_pump * kwh,
            battery_heater_kwh: powers.battery_heater * kwh,
            air_conditioning_kwh: powers.air_conditioning * kwh,
            auxiliary_kwh: powers.auxiliary * kwh,
            charger_kwh: powers.charger * kwh,
        });
    }

    fn merge(&mut self, other: &Self) {
        self.out_of_battery_kwh += other.out_of_battery_kwh;
        self.into_battery_kwh += other.into_battery_kwh;
        self.traction_kwh += other.traction_kwh;
        self.cabin_heater_kwh += other.cabin_heater_kwh;
        self.heat_pump_kwh += other.heat_pump_kwh;
        self.battery_heater_kwh += other.battery_heater_kwh;
        self.air_conditioning_kwh += other.air_conditioning_kwh;
        self.auxiliary_kwh += other.auxiliary_kwh;
        self.charger_kwh += other.charger_kwh;
    }
}

/// Totals of a bus in a period, separately for unplugged and plugged in.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TruthTotals {
    /// Duration, s.
    pub seconds: f64,
    /// While unplugged: driving and parking.
    pub unplugged: TruthEnergy,
    /// While plugged in.
    pub plugged_in: TruthEnergy,
    /// Distance, km.
    pub distance_km: f64,
    /// Fuel of the heater, l.
    pub fuel_litres: f64,
}

impl TruthTotals {
    pub(crate) fn add(&mut self, step: &Step) {
        self.seconds += step.seconds;
        self.distance_km += step.distance_km;
        self.fuel_litres += step.fuel_litres;
        let side = if step.plugged_in {
            &mut self.plugged_in
        } else {
            &mut self.unplugged
        };
        side.add(&step.powers, step.seconds);
    }

    /// Adds the sums of another period.
    pub fn merge(&mut self, other: &Self) {
        self.seconds += other.seconds;
        self.unplugged.merge(&other.unplugged);
        self.plugged_in.merge(&other.plugged_in);
        self.distance_km += other.distance_km;
        self.fuel_litres += other.fuel_litres;
    }
}
