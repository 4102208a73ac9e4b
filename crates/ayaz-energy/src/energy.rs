//! Energy, distance and time over some intervals: the common columns of buckets, sessions, bands of
//! trips, days and months. One list defines the structure, its sums and its columns, so all tables
//! have all of them.

use crate::for_each_component;

/// A summed value: a number, or a number that may never have been measured.
trait Figure: Copy {
    fn merge(&mut self, other: Self);
    fn to_column(self) -> Option<f64>;
    fn from_column(value: Option<f64>) -> Self;
}

impl Figure for f64 {
    fn merge(&mut self, other: Self) {
        *self += other;
    }

    fn to_column(self) -> Option<f64> {
        Some(self)
    }

    fn from_column(value: Option<f64>) -> Self {
        value.unwrap_or(0.0)
    }
}

impl Figure for Option<f64> {
    fn merge(&mut self, other: Self) {
        *self = match (*self, other) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
    }

    fn to_column(self) -> Option<f64> {
        self
    }

    fn from_column(value: Option<f64>) -> Self {
        value
    }
}

macro_rules! energy {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ty,)+) => {
        /// Sums over intervals. `None` means never metered; it is not zero.
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct Energy {
            $($(#[doc = $doc])+ pub $name: $kind,)+
        }

        impl Energy {
            /// Names of its columns, in their order.
            pub const COLUMNS: &'static [&'static str] = &[$(stringify!($name)),+];

            /// Adds the sums of other intervals. Their order may change the last bit, so callers
            /// add in the order of time.
            pub fn merge(&mut self, other: &Self) {
                $(self.$name.merge(other.$name);)+
            }

            /// The values of its columns.
            pub fn columns(&self) -> [Option<f64>; Self::COLUMNS.len()] {
                [$(self.$name.to_column()),+]
            }

            /// The reverse of [`columns`](Self::columns).
            pub fn from_columns(columns: [Option<f64>; Self::COLUMNS.len()]) -> Self {
                let [$($name),+] = columns;
                Self { $($name: Figure::from_column($name),)+ }
            }
        }
    };
}

macro_rules! energy_with_components {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $kwh:ident, $base:ident, $signal:ident, $part:ident;
    )+) => {
        energy! {
            /// Time covered by intervals, s.
            seconds: f64,
            /// Time in which at least one value was flagged, s. Time of readings that are flagged
            /// as a whole is not part of `seconds`.
            flagged_seconds: f64,
            /// The part in which speed was measured, s.
            distance_seconds: f64,
            /// Distance, km.
            km: f64,
            /// The part in which the battery's power was measured, s.
            energy_seconds: f64,
            /// Out of the battery less into it, kWh.
            net_kwh: f64,
            /// Out of the battery, kWh.
            discharge_kwh: f64,
            /// Into the battery, kWh. While plugged in, this is charge, not regeneration.
            regen_kwh: f64,
            /// Distance where energy was measured as well, km.
            paired_km: f64,
            /// Net energy where distance was measured as well, kWh.
            paired_net_kwh: f64,
            /// Time in which the bus stood and its power was measured, s.
            standing_seconds: f64,
            /// Net energy of that time, kWh: all loads but traction.
            standing_net_kwh: f64,
            $(
                $(#[doc = $doc])+ #[doc = " kWh."]
                $kwh: Option<f64>,
                /// Net energy over the same intervals, kWh.
                $base: Option<f64>,
            )+
            /// From the charger, kWh.
            charger_kwh: Option<f64>,
            /// Net energy plus charger energy less every component, kWh, where traction and
            /// auxiliaries were metered: what no meter explains.
            unexplained_kwh: Option<f64>,
            /// Its base, kWh.
            unexplained_base_kwh: Option<f64>,
            /// Fuel burnt for heat, l.
            fuel_litres: Option<f64>,
            /// Time integral of the exterior temperature, K·s.
            exterior_kelvin_seconds: f64,
            /// The time it covers, s.
            exterior_seconds: f64,
            /// Given back by the traction inverters, kWh, positive. Heaters and other loads take a
            /// part of it; the battery gets the rest.
            wheel_regen_kwh: Option<f64>,
            /// Distance over the same intervals, km.
            wheel_regen_base_km: Option<f64>,
            /// Time integral of the cabin's temperature, K·s.
            cabin_kelvin_seconds: f64,
            /// The time it covers, s.
            cabin_seconds: f64,
            /// The time in which the cabin's temperature and its set-point are known, s.
            setpoint_seconds: f64,
            /// The part of it in which the cabin is near its set-point, s.
            setpoint_near_seconds: f64,
            /// The part of it in which the cabin is colder than that, s.
            cabin_cold_seconds: f64,
            /// The time in which the cabin is heated, by any source, s.
            cabin_heating_seconds: f64,
        }
    };
}

for_each_component!(energy_with_components);
