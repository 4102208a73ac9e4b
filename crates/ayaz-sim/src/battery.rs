//! The pack: 168 LFP cells in series with voltage, resistance and limits in the cold. The limits are
//! those of the maker's table for LFP (no charging below 0 °C, 0.1 C above it, full power from about
//! 15 °C); the voltage curve and the resistance are assumed.

use crate::model::BusModel;

/// Cells in series; 168 × 3.2 V = 538 V.
pub(crate) const CELLS: f64 = 168.0;

/// Open-circuit voltage of a cell at 0, 5, … 100 % of the usable window, V.
const CELL_OPEN_VOLTS: [f64; 21] = [
    3.020, 3.150, 3.200, 3.225, 3.245, 3.260, 3.273, 3.283, 3.289, 3.292, 3.295, 3.298, 3.304,
    3.316, 3.327, 3.331, 3.333, 3.335, 3.338, 3.345, 3.400,
];

/// Mean of the curve, V, to convert energy to charge.
const CELL_MEAN_VOLTS: f64 = 3.2825;

/// Charging power that the pack accepts, in C, by the temperature of its coldest cell, °C.
const CHARGE_LIMIT_C: [(f64, f64); 7] = [
    (0.0, 0.0),
    (5.0, 0.1),
    (10.0, 0.3),
    (15.0, 0.7),
    (45.0, 0.7),
    (55.0, 0.1),
    (60.0, 0.0),
];

/// Discharging power of the pack, in C, by the same temperature.
const DISCHARGE_LIMIT_C: [(f64, f64); 6] = [
    (-40.0, 0.1),
    (-30.0, 0.25),
    (-20.0, 0.5),
    (0.0, 1.0),
    (55.0, 1.0),
    (65.0, 0.0),
];

/// How the resistance grows in the cold, K: 2.5 times at 0 °C, 6 times at −20 °C.
const RESISTANCE_EXPONENT_KELVIN: f64 = 3_000.0;

/// Loss of state of health a year, %, down to 70.
const AGEING_PERCENT_PER_YEAR: f64 = 1.3;

/// State of the pack.
#[derive(Debug, Clone)]
pub(crate) struct Battery {
    /// State of charge, 0 to 1.
    pub(crate) soc: f64,
    /// Mean temperature, °C.
    pub(crate) temperature_celsius: f64,
    pub(crate) soh_percent: f64,
    pub(crate) voltage_volts: f64,
    /// Out of the battery, A (the reading has the opposite sign).
    pub(crate) current_out_amperes: f64,
    /// Half of the difference between the coldest and the hottest cell, K.
    pub(crate) temperature_spread_kelvin: f64,
    pub(crate) charge_limit_watts: f64,
    pub(crate) discharge_limit_watts: f64,
    energy_watt_hours: f64,
    charge_ampere_hours: f64,
    resistance_ohms: f64,
}

impl Battery {
    pub(crate) fn new(model: &BusModel, soc: f64, temperature_celsius: f64, years: f64) -> Self {
        let soh_percent = (100.0 - AGEING_PERCENT_PER_YEAR * years.max(0.0)).clamp(70.0, 100.0);
        let energy_watt_hours = model.usable_energy_kwh * 1e3 * soh_percent / 100.0;
        let mut battery = Self {
            soc,
            temperature_celsius,
            soh_percent,
            voltage_volts: CELLS * open_volts(soc),
            current_out_amperes: 0.0,
            temperature_spread_kelvin: 1.0,
            charge_limit_watts: 0.0,
            discharge_limit_watts: 0.0,
            energy_watt_hours,
            charge_ampere_hours: energy_watt_hours / (CELLS * CELL_MEAN_VOLTS),
            resistance_ohms: 0.0,
        };
        battery.refresh(model, temperature_celsius);
        battery
    }

    /// Updates the values that change slowly: resistance, spread and limits.
    pub(crate) fn refresh(&mut self, model: &BusModel, exterior_celsius: f64) {
        let kelvin = self.temperature_celsius + 273.15;
        let rise = (RESISTANCE_EXPONENT_KELVIN * (1.0 / kelvin - 1.0 / 298.15)).exp();
        self.resistance_ohms = model.pack_resistance_ohms * rise * 100.0 / self.soh_percent;
        self.temperature_spread_kelvin =
            0.8 + 0.04 * (self.temperature_celsius - exterior_celsius).abs();
        let coldest = self.temperature_celsius - self.temperature_spread_kelvin;
        let room = ((1.0 - self.soc) / 0.05).clamp(0.0, 1.0);
        self.charge_limit_watts =
            interpolate(&CHARGE_LIMIT_C, coldest) * self.energy_watt_hours * room;
        // The voltage may sag by a quarter.
        let open = CELLS * open_volts(self.soc);
        let sag = 0.1875 * open * open / self.resistance_ohms;
        let emptiness = (self.soc / 0.02).clamp(0.0, 1.0);
        self.discharge_limit_watts =
            (interpolate(&DISCHARGE_LIMIT_C, coldest) * self.energy_watt_hours).min(sag)
                * emptiness;
    }

    /// Coldest cell, °C.
    pub(crate) fn coldest_celsius(&self) -> f64 {
        self.temperature_celsius - self.temperature_spread_kelvin
    }

    /// Usable energy at the present state of health, Wh.
    pub(crate) fn energy_watt_hours(&self) -> f64 {
        self.energy_watt_hours
    }

    /// Advances by some seconds at a constant power: out of the terminals, or into them if negative.
    /// `heat_watts` comes from the battery heater, or goes to the chiller if negative. Returns the
    /// internal loss, W.
    pub(crate) fn step(
        &mut self,
        model: &BusModel,
        seconds: f64,
        power_watts: f64,
        heat_watts: f64,
        exterior_celsius: f64,
    ) -> f64 {
        let open = CELLS * open_volts(self.soc);
        // P = (open − R·I)·I; the smaller root is the stable one. Limits keep the root real.
        let root = (open * open - 4.0 * self.resistance_ohms * power_watts)
            .max(0.0)
            .sqrt();
        let current = (open - root) / (2.0 * self.resistance_ohms);
        // Computed from the power and not from the voltage drop, so that V·I is exactly the power.
        self.voltage_volts = if current.abs() > 1e-9 {
            power_watts / current
        } else {
            open
        };
        self.current_out_amperes = current;
        let loss = current * current * self.resistance_ohms;
        let drawn = current * seconds / 3600.0 / self.charge_ampere_hours;
        self.soc = (self.soc - drawn).clamp(0.0, 1.0);
        let lost = model.pack_ua_watts_per_kelvin * (self.temperature_celsius - exterior_celsius);
        self.temperature_celsius +=
            (loss + heat_watts - lost) * seconds / model.pack_heat_capacity_joules_per_kelvin;
        loss
    }
}

/// Open-circuit voltage of a cell, V.
fn open_volts(soc: f64) -> f64 {
    let position = soc.clamp(0.0, 1.0) * 20.0;
    let index = (position as usize).min(19);
    let weight = position - index as f64;
    CELL_OPEN_VOLTS[index] * (1.0 - weight) + CELL_OPEN_VOLTS[index + 1] * weight
}

/// Interpolates linearly in a table of (x, y) with rising x. Outside of it, the end values hold.
fn interpolate(table: &[(f64, f64)], x: f64) -> f64 {
    match table.iter().position(|point| point.0 > x) {
        Some(0) => table[0].1,
        Some(i) => {
            let ((x0, y0), (x1, y1)) = (table[i - 1], table[i]);
            y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        }
        None => table[table.len() - 1].1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::E12;

    #[test]
    fn a_pack_delivers_its_usable_energy_less_its_internal_loss() {
        let mut battery = Battery::new(&E12, 1.0, 25.0, 0.0);
        let mut given = 0.0;
        let mut lost = 0.0;
        while battery.soc > 0.0 {
            lost += battery.step(&E12, 10.0, 30_000.0, 0.0, 25.0) * 10.0 / 3.6e6;
            given += 30_000.0 * 10.0 / 3.6e6;
        }
        assert!((given + lost - 350.0).abs() < 1.0, "{given} + {lost} kWh");
        assert!(lost > 0.1 && lost < 5.0, "{lost} kWh");
    }

    #[test]
    fn cold_cells_accept_no_charge_and_their_voltage_drops_more() {
        let limit = |celsius| Battery::new(&E12, 0.5, celsius, 0.0).charge_limit_watts;
        assert_eq!(limit(-20.0), 0.0);
        assert_eq!(limit(0.0), 0.0);
        assert!(limit(5.0) > 0.0 && limit(5.0) < limit(10.0) && limit(10.0) < limit(17.0));
        assert_eq!(limit(17.0), limit(30.0));
        let volts = |celsius| {
            let mut battery = Battery::new(&E12, 0.5, celsius, 0.0);
            battery.step(&E12, 1.0, 100_000.0, 0.0, celsius);
            let power = battery.voltage_volts * battery.current_out_amperes;
            assert!((power - 100_000.0).abs() < 1e-6);
            battery.voltage_volts
        };
        assert!(volts(-20.0) < volts(0.0) && volts(0.0) < volts(25.0));
    }
}
