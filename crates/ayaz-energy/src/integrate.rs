//! Sums over intervals.

mod cabin;

use crate::energy::Energy;
use crate::exact;
use crate::exterior::ZERO_CELSIUS_KELVIN;
use crate::interval::{Flag, Interval};
use crate::sample::Sample;
use crate::trips::MOVING_KMH_MIN;
use cabin::Cabin;

pub use cabin::Comfort;

/// Joules in a kWh.
pub const JOULES_PER_KWH: f64 = 3.6e6;
const SECONDS_PER_HOUR: f64 = 3600.0;

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

    /// Its energy, kWh; `None` if it was never metered.
    fn kwh(&self) -> Option<f64> {
        (self.intervals > 0).then(|| exact::fine(self.joules / JOULES_PER_KWH))
    }

    /// Its base, kWh.
    fn base_kwh(&self) -> Option<f64> {
        (self.intervals > 0).then(|| exact::fine(self.base_joules / JOULES_PER_KWH))
    }
}

/// Everything that is summed over intervals. A value that is missing at either end skips the
/// interval for that quantity; nothing is filled, clamped or smoothed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(
    missing_docs,
    reason = "see `energy_bucket`; the units are in the names"
)]
pub struct Sums {
    pub intervals: i64,
    pub seconds: f64,
    pub flagged_seconds: f64,
    pub distance_seconds: f64,
    pub km: f64,
    pub energy_seconds: f64,
    pub net_joules: f64,
    pub discharge_joules: f64,
    pub regen_joules: f64,
    pub paired_km: f64,
    pub paired_net_joules: f64,
    pub standing_seconds: f64,
    pub standing_net_joules: f64,
    pub heater: Metered,
    pub heat_pump: Metered,
    pub battery_heater: Metered,
    pub air_conditioning: Metered,
    pub auxiliary: Metered,
    pub traction: Metered,
    pub charger: Metered,
    pub unexplained: Metered,
    pub fuel_litres: f64,
    pub fuel_intervals: u64,
    pub exterior_kelvin_seconds: f64,
    pub exterior_seconds: f64,
    pub wheel_regen_joules: f64,
    pub wheel_regen_base_km: f64,
    pub wheel_regen_intervals: u64,
    pub cabin: Cabin,
}

impl Sums {
    /// Adds an interval. One that begins or ends with a reading that is flagged as a whole is
    /// counted and left out.
    pub fn add(&mut self, interval: &Interval<'_>, comfort: Comfort) {
        if interval.flag != Flag::None {
            self.flagged_seconds += interval.seconds;
        }
        if interval.flag == Flag::Whole {
            return;
        }
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
        if let Some(net_joules) = net_joules
            && [interval.first, interval.second]
                .into_iter()
                .all(is_standing)
        {
            self.standing_seconds += interval.seconds;
            self.standing_net_joules += net_joules;
        }
        self.add_components(interval, net_joules);
        self.add_wheel_regen(interval, km);
        self.cabin.add(interval, comfort);
        if let Some(kelvin_seconds) = interval.integral(|s| {
            s.exterior_temperature_celsius
                .map(|celsius| celsius + ZERO_CELSIUS_KELVIN)
        }) {
            self.exterior_kelvin_seconds += kelvin_seconds;
            self.exterior_seconds += interval.seconds;
        }
    }

    /// Parted by its sign per sample, as the battery's power is.
    fn add_wheel_regen(&mut self, interval: &Interval<'_>, km: Option<f64>) {
        let joules = interval.integral(|s| s.traction_power_watts.map(|watts| (-watts).max(0.0)));
        if let Some(joules) = joules {
            self.wheel_regen_joules += joules;
            self.wheel_regen_base_km += km.unwrap_or(0.0);
            self.wheel_regen_intervals += 1;
        }
    }

    fn add_components(&mut self, interval: &Interval<'_>, net: Option<f64>) {
        let heater = interval.integral(|s| s.cabin_heater_power_watts);
        let heat_pump = interval.integral(|s| s.heat_pump_power_watts);
        let battery_heater = interval.integral(|s| s.battery_heater_power_watts);
        let air_conditioning = interval.integral(|s| s.air_conditioning_power_watts);
        let auxiliary = interval.integral(|s| s.auxiliary_power_watts);
        let traction = interval.integral(|s| s.traction_power_watts);
        let charger = interval.integral(|s| s.charger_power_watts);
        self.heater.add(heater, net);
        self.heat_pump.add(heat_pump, net);
        self.battery_heater.add(battery_heater, net);
        self.air_conditioning.add(air_conditioning, net);
        self.auxiliary.add(auxiliary, net);
        self.traction.add(traction, net);
        self.charger.add(charger, net);
        // On a plug whose power nobody meters, the whole charge would seem to come from nowhere.
        let from_charger = charger.or((!interval.first.is_plugged_in()).then_some(0.0));
        if let (Some(net), Some(auxiliary), Some(traction), Some(from_charger)) =
            (net, auxiliary, traction, from_charger)
        {
            let others = [heater, heat_pump, battery_heater, air_conditioning];
            let explained = auxiliary + traction + others.into_iter().flatten().sum::<f64>();
            self.unexplained
                .add(Some(net + from_charger - explained), Some(net));
        }
        if let Some(x) = interval.integral(|s| s.fuel_heater_rate_litres_per_hour) {
            self.fuel_litres += x / SECONDS_PER_HOUR;
            self.fuel_intervals += 1;
        }
    }

    /// Adds the sums of other intervals.
    pub fn merge(&mut self, other: &Self) {
        self.intervals += other.intervals;
        self.seconds += other.seconds;
        self.flagged_seconds += other.flagged_seconds;
        self.distance_seconds += other.distance_seconds;
        self.km += other.km;
        self.energy_seconds += other.energy_seconds;
        self.net_joules += other.net_joules;
        self.discharge_joules += other.discharge_joules;
        self.regen_joules += other.regen_joules;
        self.paired_km += other.paired_km;
        self.paired_net_joules += other.paired_net_joules;
        self.standing_seconds += other.standing_seconds;
        self.standing_net_joules += other.standing_net_joules;
        self.heater.merge(&other.heater);
        self.heat_pump.merge(&other.heat_pump);
        self.battery_heater.merge(&other.battery_heater);
        self.air_conditioning.merge(&other.air_conditioning);
        self.auxiliary.merge(&other.auxiliary);
        self.traction.merge(&other.traction);
        self.charger.merge(&other.charger);
        self.unexplained.merge(&other.unexplained);
        self.fuel_litres += other.fuel_litres;
        self.fuel_intervals += other.fuel_intervals;
        self.exterior_kelvin_seconds += other.exterior_kelvin_seconds;
        self.exterior_seconds += other.exterior_seconds;
        self.wheel_regen_joules += other.wheel_regen_joules;
        self.wheel_regen_base_km += other.wheel_regen_base_km;
        self.wheel_regen_intervals += other.wheel_regen_intervals;
        self.cabin.merge(&other.cabin);
    }

    /// In the units of the tables, on the grids of [`exact`].
    pub fn energy(&self) -> Energy {
        let kwh = |joules: f64| exact::fine(joules / JOULES_PER_KWH);
        let has_traction = self.wheel_regen_intervals > 0;
        Energy {
            seconds: exact::coarse(self.seconds),
            flagged_seconds: exact::coarse(self.flagged_seconds),
            distance_seconds: exact::coarse(self.distance_seconds),
            km: exact::fine(self.km),
            energy_seconds: exact::coarse(self.energy_seconds),
            net_kwh: kwh(self.net_joules),
            discharge_kwh: kwh(self.discharge_joules),
            regen_kwh: kwh(self.regen_joules),
            paired_km: exact::fine(self.paired_km),
            paired_net_kwh: kwh(self.paired_net_joules),
            standing_seconds: exact::coarse(self.standing_seconds),
            standing_net_kwh: kwh(self.standing_net_joules),
            heater_kwh: self.heater.kwh(),
            heater_base_kwh: self.heater.base_kwh(),
            heat_pump_kwh: self.heat_pump.kwh(),
            heat_pump_base_kwh: self.heat_pump.base_kwh(),
            battery_heater_kwh: self.battery_heater.kwh(),
            battery_heater_base_kwh: self.battery_heater.base_kwh(),
            air_conditioning_kwh: self.air_conditioning.kwh(),
            air_conditioning_base_kwh: self.air_conditioning.base_kwh(),
            auxiliary_kwh: self.auxiliary.kwh(),
            auxiliary_base_kwh: self.auxiliary.base_kwh(),
            traction_kwh: self.traction.kwh(),
            traction_base_kwh: self.traction.base_kwh(),
            charger_kwh: self.charger.kwh(),
            unexplained_kwh: self.unexplained.kwh(),
            unexplained_base_kwh: self.unexplained.base_kwh(),
            fuel_litres: (self.fuel_intervals > 0).then_some(exact::fine(self.fuel_litres)),
            exterior_kelvin_seconds: exact::thermal(self.exterior_kelvin_seconds),
            exterior_seconds: exact::coarse(self.exterior_seconds),
            wheel_regen_kwh: has_traction.then(|| kwh(self.wheel_regen_joules)),
            wheel_regen_base_km: has_traction.then(|| exact::fine(self.wheel_regen_base_km)),
            cabin_kelvin_seconds: exact::thermal(self.cabin.kelvin_seconds),
            cabin_seconds: exact::coarse(self.cabin.seconds),
            setpoint_seconds: exact::coarse(self.cabin.setpoint_seconds),
            setpoint_near_seconds: exact::coarse(self.cabin.near_seconds),
            cabin_cold_seconds: exact::coarse(self.cabin.cold_seconds),
            cabin_heating_seconds: exact::coarse(self.cabin.heating_seconds),
        }
    }
}

fn is_standing(sample: &Sample) -> bool {
    sample
        .speed_kmh
        .is_some_and(|kmh| kmh.abs() < MOVING_KMH_MIN)
}

/// Power out of the battery, W: −V·I, the current being positive into the battery.
pub fn power_watts(sample: &Sample) -> Option<f64> {
    Some(-(sample.pack_voltage_volts? * sample.pack_current_amperes?))
}
