//! Sums over intervals.

use ayaz_store::analytics::{Component, Sample};

use crate::interval::Interval;

/// Joules in a kWh.
pub const JOULES_PER_KWH: f64 = 3.6e6;
const SECONDS_PER_HOUR: f64 = 3600.0;
const ZERO_CELSIUS_KELVIN: f64 = 273.15;

/// A component's energy and the battery's net energy over the same intervals.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Metered {
    joules: f64,
    base_joules: f64,
    intervals: u64,
}

impl Metered {
    /// The base lacks intervals where the component was metered and the battery was not.
    fn add(&mut self, joules: Option<f64>, net_joules: Option<f64>) {
        if let Some(joules) = joules {
            self.joules += joules;
            self.base_joules += net_joules.unwrap_or(0.0);
            self.intervals += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.joules += other.joules;
        self.base_joules += other.base_joules;
        self.intervals += other.intervals;
    }

    /// `None` if it was never metered.
    pub fn component(&self) -> Option<Component> {
        (self.intervals > 0).then(|| Component {
            kwh: self.joules / JOULES_PER_KWH,
            base_kwh: self.base_joules / JOULES_PER_KWH,
        })
    }
}

/// Everything that is summed over intervals. A value that is missing at either end skips the
/// interval for that quantity; nothing is filled, clamped or smoothed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(
    missing_docs,
    reason = "see `energy_piece`; the units are in the names"
)]
pub struct Sums {
    pub intervals: i64,
    pub seconds: f64,
    pub distance_seconds: f64,
    pub km: f64,
    pub energy_seconds: f64,
    pub net_joules: f64,
    pub discharge_joules: f64,
    pub regen_joules: f64,
    pub paired_km: f64,
    pub paired_net_joules: f64,
    pub heater: Metered,
    pub heat_pump: Metered,
    pub battery_heater: Metered,
    pub air_conditioning: Metered,
    pub auxiliary: Metered,
    pub traction: Metered,
    pub charger: Metered,
    pub fuel_litres: f64,
    pub fuel_intervals: u64,
    pub exterior_kelvin_seconds: f64,
    pub exterior_seconds: f64,
}

impl Sums {
    /// Adds an interval.
    pub fn add(&mut self, interval: &Interval<'_>) {
        self.intervals += 1;
        self.seconds += interval.seconds;
        // Some sources give a negative speed backwards; the distance grows all the same.
        let km = interval
            .integral(|s| Some(s.speed_kmh?.abs()))
            .map(|x| x / SECONDS_PER_HOUR);
        if let Some(km) = km {
            self.km += km;
            self.distance_seconds += interval.seconds;
        }
        let net_joules = interval.integral(power_watts);
        if let Some(net_joules) = net_joules {
            self.net_joules += net_joules;
            self.energy_seconds += interval.seconds;
        }
        // Positive and negative power are parted per sample, before averaging.
        self.discharge_joules += interval
            .integral(|s| power_watts(s).map(|p| p.max(0.0)))
            .unwrap_or(0.0);
        self.regen_joules += interval
            .integral(|s| power_watts(s).map(|p| (-p).max(0.0)))
            .unwrap_or(0.0);
        if let (Some(km), Some(net_joules)) = (km, net_joules) {
            self.paired_km += km;
            self.paired_net_joules += net_joules;
        }
        self.add_components(interval, net_joules);
        if let Some(kelvin_seconds) = interval.integral(|s| {
            s.exterior_temperature_celsius
                .map(|celsius| celsius + ZERO_CELSIUS_KELVIN)
        }) {
            self.exterior_kelvin_seconds += kelvin_seconds;
            self.exterior_seconds += interval.seconds;
        }
    }

    fn add_components(&mut self, interval: &Interval<'_>, net: Option<f64>) {
        self.heater
            .add(interval.integral(|s| s.cabin_heater_power_watts), net);
        self.heat_pump
            .add(interval.integral(|s| s.heat_pump_power_watts), net);
        self.battery_heater
            .add(interval.integral(|s| s.battery_heater_power_watts), net);
        self.air_conditioning
            .add(interval.integral(|s| s.air_conditioning_power_watts), net);
        self.auxiliary
            .add(interval.integral(|s| s.auxiliary_power_watts), net);
        self.traction
            .add(interval.integral(|s| s.traction_power_watts), net);
        self.charger
            .add(interval.integral(|s| s.charger_power_watts), net);
        if let Some(x) = interval.integral(|s| s.fuel_heater_rate_litres_per_hour) {
            self.fuel_litres += x / SECONDS_PER_HOUR;
            self.fuel_intervals += 1;
        }
    }

    /// Adds the sums of other intervals.
    pub fn merge(&mut self, other: &Self) {
        self.intervals += other.intervals;
        self.seconds += other.seconds;
        self.distance_seconds += other.distance_seconds;
        self.km += other.km;
        self.energy_seconds += other.energy_seconds;
        self.net_joules += other.net_joules;
        self.discharge_joules += other.discharge_joules;
        self.regen_joules += other.regen_joules;
        self.paired_km += other.paired_km;
        self.paired_net_joules += other.paired_net_joules;
        self.heater.merge(&other.heater);
        self.heat_pump.merge(&other.heat_pump);
        self.battery_heater.merge(&other.battery_heater);
        self.air_conditioning.merge(&other.air_conditioning);
        self.auxiliary.merge(&other.auxiliary);
        self.traction.merge(&other.traction);
        self.charger.merge(&other.charger);
        self.fuel_litres += other.fuel_litres;
        self.fuel_intervals += other.fuel_intervals;
        self.exterior_kelvin_seconds += other.exterior_kelvin_seconds;
        self.exterior_seconds += other.exterior_seconds;
    }
}

/// Power out of the battery, W: −V·I, the current being positive into the battery.
pub fn power_watts(sample: &Sample) -> Option<f64> {
    Some(-(sample.pack_voltage_volts? * sample.pack_current_amperes?))
}
