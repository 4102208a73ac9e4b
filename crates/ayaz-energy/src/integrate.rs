//! Sums over intervals.

mod cabin;

use crate::energy::Energy;
use crate::exact;
use crate::exterior::ZERO_CELSIUS_KELVIN;
use crate::for_each_component;
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
    /// The base leaves out intervals without the battery's power.
    fn add(&mut self, joules: Option<f64>, net_joules: Option<f64>) {
        if let Some(joules) = joules {
            self.joules += joules;
            self.base_joules += net_joules.unwrap_or(0.0);
            self.intervals += 1;
        }
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

/// Adds the sums of other intervals.
pub(crate) trait Merge {
    fn merge(&mut self, other: &Self);
}

macro_rules! merge_numbers {
    ($($number:ty)+) => {
        $(impl Merge for $number {
            fn merge(&mut self, other: &Self) {
                *self += other;
            }
        })+
    };
}

merge_numbers!(f64 i64 u64);

impl Merge for Metered {
    fn merge(&mut self, other: &Self) {
        self.joules += other.joules;
        self.base_joules += other.base_joules;
        self.intervals += other.intervals;
    }
}

macro_rules! sums {
    ($($name:ident: $kind:ty,)+) => {
        /// All sums over intervals. If a value is missing at either end, the interval does not
        /// count for that quantity. Nothing is filled in, clamped or smoothed.
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        #[allow(
            missing_docs,
            reason = "see `energy_bucket`; the units are in the names"
        )]
        pub struct Sums {
            $(pub $name: $kind,)+
        }

        impl Sums {
            /// Adds the sums of other intervals.
            pub fn merge(&mut self, other: &Self) {
                $(Merge::merge(&mut self.$name, &other.$name);)+
            }
        }
    };
}

macro_rules! sums_with_components {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $kwh:ident, $base:ident, $signal:ident, $part:ident;
    )+) => {
        sums! {
            intervals: i64,
            seconds: f64,
            flagged_seconds: f64,
            distance_seconds: f64,
            km: f64,
            energy_seconds: f64,
            net_joules: f64,
            discharge_joules: f64,
            regen_joules: f64,
            paired_km: f64,
            paired_net_joules: f64,
            standing_seconds: f64,
            standing_net_joules: f64,
            $($name: Metered,)+
            charger: Metered,
            unexplained: Metered,
            fuel_litres: f64,
            fuel_intervals: u64,
            exterior_kelvin_seconds: f64,
            exterior_seconds: f64,
            wheel_regen_joules: f64,
            wheel_regen_base_km: f64,
            wheel_regen_intervals: u64,
            cabin: Cabin,
        }

        impl Sums {
            /// Adds every component. Returns the sum of all, J; `None` if a required one was not metered.
            fn add_components(&mut self, interval: &Interval<'_>, net: Option<f64>) -> Option<f64> {
                let mut balance = Balance::default();
                $(
                    let joules = interval.integral(|s| s.$signal);
                    self.$name.add(joules, net);
                    balance.$part(joules);
                )+
                balance.joules()
            }

            /// Copies every component to its columns.
            fn write_components(&self, energy: &mut Energy) {
                $(
                    energy.$kwh = self.$name.kwh();
                    energy.$base = self.$name.base_kwh();
                )+
            }
        }
    };
}

for_each_component!(sums_with_components);

/// Adds up components, J. It keeps two sums, so that the order of the list does not change the last
/// bit.
#[derive(Debug, Default)]
struct Balance {
    required: f64,
    optional: f64,
    is_missing: bool,
}

impl Balance {
    fn required(&mut self, joules: Option<f64>) {
        match joules {
            Some(joules) => self.required += joules,
            None => self.is_missing = true,
        }
    }

    fn optional(&mut self, joules: Option<f64>) {
        self.optional += joules.unwrap_or(0.0);
    }

    fn joules(&self) -> Option<f64> {
        (!self.is_missing).then_some(self.required + self.optional)
    }
}

impl Sums {
    /// Adds an interval. If either end is flagged as a whole, only its time is counted.
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
        // Positive and negative power are separated for each sample, before averaging.
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
        let explained = self.add_components(interval, net_joules);
        self.add_unexplained(interval, net_joules, explained);
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

    /// Separated by sign for each sample, as the battery's power is.
    fn add_wheel_regen(&mut self, interval: &Interval<'_>, km: Option<f64>) {
        let joules = interval.integral(|s| s.traction_power_watts.map(|watts| (-watts).max(0.0)));
        if let Some(joules) = joules {
            self.wheel_regen_joules += joules;
            self.wheel_regen_base_km += km.unwrap_or(0.0);
            self.wheel_regen_intervals += 1;
        }
    }

    /// The energy that no component explains, and the fuel.
    fn add_unexplained(
        &mut self,
        interval: &Interval<'_>,
        net: Option<f64>,
        explained: Option<f64>,
    ) {
        let charger = interval.integral(|s| s.charger_power_watts);
        self.charger.add(charger, net);
        // With an unmetered charger, the whole charge would be unexplained.
        let from_charger = charger.or((!interval.first.is_plugged_in()).then_some(0.0));
        if let (Some(net), Some(explained), Some(from_charger)) = (net, explained, from_charger) {
            self.unexplained
                .add(Some(net + from_charger - explained), Some(net));
        }
        if let Some(x) = interval.integral(|s| s.fuel_heater_rate_litres_per_hour) {
            self.fuel_litres += x / SECONDS_PER_HOUR;
            self.fuel_intervals += 1;
        }
    }

    /// Converts to the units of the tables, on the grids of [`exact`].
    pub fn energy(&self) -> Energy {
        let kwh = |joules: f64| exact::fine(joules / JOULES_PER_KWH);
        let has_traction = self.wheel_regen_intervals > 0;
        let mut energy = Energy {
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
            ..Energy::default()
        };
        self.write_components(&mut energy);
        energy
    }
}

fn is_standing(sample: &Sample) -> bool {
    sample
        .speed_kmh
        .is_some_and(|kmh| kmh.abs() < MOVING_KMH_MIN)
}

/// Power out of the battery, W: −V·I, because current into the battery is positive.
pub fn power_watts(sample: &Sample) -> Option<f64> {
    Some(-(sample.pack_voltage_volts? * sample.pack_current_amperes?))
}
