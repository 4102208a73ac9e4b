//! Sums that all reports show.

use ayaz_energy::for_each_component;
use tokio_postgres::Row;
use tokio_postgres::types::FromSqlOwned;

use super::components::Component;

/// Driving and the rest: by a traction meter or, without one, estimated from the power while stationary.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Split {
    /// Energy that drove the bus, kWh.
    pub traction_kwh: Option<f64>,
    /// Energy of the rest, kWh.
    pub other_kwh: Option<f64>,
    /// `metered` or `estimated`; `None` if neither is possible.
    pub source: Option<String>,
}

impl Split {
    /// Whether it is estimated.
    pub fn is_estimated(&self) -> bool {
        self.source.as_deref() == Some("estimated")
    }
}

macro_rules! energy_sums {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $kwh:ident, $base:ident, $signal:ident, $part:ident;
    )+) => {
        /// Aggregates over buckets. The statement must read the buckets without an alias.
        pub(super) const SUMS: &str = concat!(
            "
    count(distinct (vehicle_id, started_at, number))
        filter (where intervals > 0) as trips,
    sum(intervals)::bigint as intervals,
    sum(seconds) as seconds,
    sum(energy_seconds) as energy_seconds,
    sum(km) filter (where distance_seconds > 0) as km,
    sum(net_kwh) filter (where energy_seconds > 0) as net_kwh,
    sum(discharge_kwh) filter (where energy_seconds > 0) as discharge_kwh,
    sum(regen_kwh) filter (where energy_seconds > 0) as regen_kwh,
    sum(paired_km) as paired_km,
    sum(paired_net_kwh) / nullif(sum(paired_km), 0) as kwh_per_km,
    ",
            $(
                "sum(", stringify!($kwh), ") as ", stringify!($kwh), ",\n    ",
                "sum(", stringify!($base), ") as ", stringify!($base), ",\n    ",
            )+
            "sum(unexplained_kwh) as unexplained_kwh,
    sum(unexplained_base_kwh) as unexplained_base_kwh,
    split_traction_kwh(
        sum(traction_kwh), sum(net_kwh), sum(standing_net_kwh), sum(standing_seconds),
        sum(energy_seconds)
    ) as split_traction_kwh,
    split_other_kwh(
        sum(traction_kwh), sum(traction_base_kwh), sum(standing_net_kwh), sum(standing_seconds),
        sum(energy_seconds)
    ) as split_other_kwh,
    split_source(sum(traction_kwh), sum(standing_seconds), sum(energy_seconds)) as split_source,
    unflagged_share(sum(seconds), sum(flagged_seconds)) as unflagged_share,
    sum(fuel_litres) as fuel_litres,
    sum(exterior_kelvin_seconds) / nullif(sum(exterior_seconds), 0) - 273.15
        as exterior_temperature_mean_celsius,
    electric_heat_kwh(sum(heater_kwh), sum(heat_pump_kwh), sum(battery_heater_kwh)) as heat_kwh,
    electric_heat_share(
        sum(heater_kwh), sum(heat_pump_kwh), sum(battery_heater_kwh),
        sum(heater_base_kwh), sum(heat_pump_base_kwh), sum(battery_heater_base_kwh)
    ) as heat_share,
    fuel_heat_kwh(sum(fuel_litres)) as fuel_heat_kwh,
    sum(wheel_regen_kwh) as wheel_regen_kwh,
    sum(wheel_regen_base_km) as wheel_regen_base_km,
    sum(cabin_kelvin_seconds) / nullif(sum(cabin_seconds), 0) - 273.15
        as cabin_temperature_mean_celsius,
    sum(setpoint_near_seconds) / nullif(sum(setpoint_seconds), 0) as setpoint_near_share,
    is_cabin_cold(
        sum(cabin_kelvin_seconds), sum(cabin_seconds), sum(setpoint_seconds),
        sum(cabin_cold_seconds)
    ) as is_cabin_cold"
        );

        /// Energy, distance and time over some buckets.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct EnergySums {
            /// Number of intervals.
            pub intervals: i64,
            /// Length of the intervals, s.
            pub seconds: f64,
            /// Part of it with measured energy, s.
            pub energy_seconds: f64,
            /// Distance, km.
            pub km: Option<f64>,
            /// Energy out of the battery minus energy into it, kWh.
            pub net_kwh: Option<f64>,
            /// Energy out of the battery, kWh.
            pub discharge_kwh: Option<f64>,
            /// Energy into the battery, kWh: energy from braking, minus what other loads used directly.
            pub regen_kwh: Option<f64>,
            /// Distance with measured energy, km; base of `kwh_per_km`.
            pub paired_km: f64,
            /// Net energy per distance where both were measured, kWh/km.
            pub kwh_per_km: Option<f64>,
            $($(#[doc = $doc])+ pub $name: Component,)+
            /// Energy that no meter explains, over the time with metered traction and auxiliaries.
            pub unexplained: Component,
            /// Driving and the rest.
            pub split: Split,
            /// Share of the measured time without flags, 0 to 1.
            pub unflagged_share: Option<f64>,
            /// Fuel burnt for heat, l. It is not part of the electric energy.
            pub fuel_litres: Option<f64>,
            /// Mean of the measured exterior temperature, °C.
            pub exterior_temperature_mean_celsius: Option<f64>,
            /// All electric heating, of the cabin and of the battery, kWh.
            pub heat_kwh: Option<f64>,
            /// Share of the heating in the net energy, 0 to 1; `None` also if the heaters were not metered
            /// over the same time.
            pub heat_share: Option<f64>,
            /// Heat in the burnt fuel, kWh. It is not part of the electric energy.
            pub fuel_heat_kwh: Option<f64>,
            /// Energy recovered at the wheels, before other loads use part of it, kWh.
            pub wheel_regen_kwh: Option<f64>,
            /// Distance of `wheel_regen_kwh`, km.
            pub wheel_regen_base_km: Option<f64>,
            /// Mean cabin temperature, °C.
            pub cabin_temperature_mean_celsius: Option<f64>,
            /// Share of the time with a set-point in which the cabin was near it, 0 to 1.
            pub setpoint_near_share: Option<f64>,
            /// Whether the cabin was cold; then the consumption is lower than with a warm cabin.
            pub is_cabin_cold: Option<bool>,
        }

        impl EnergySums {
            /// From a row of [`SUMS`]; zeros and `None` if an outer join found no row.
            pub(super) fn from_row(row: &Row) -> Self {
                let component = |name: &str| Component {
                    kwh: row.get(format!("{name}_kwh").as_str()),
                    base_kwh: row.get(format!("{name}_base_kwh").as_str()),
                };
                Self {
                    intervals: number(row, "intervals"),
                    seconds: number(row, "seconds"),
                    energy_seconds: number(row, "energy_seconds"),
                    km: row.get("km"),
                    net_kwh: row.get("net_kwh"),
                    discharge_kwh: row.get("discharge_kwh"),
                    regen_kwh: row.get("regen_kwh"),
                    paired_km: number(row, "paired_km"),
                    kwh_per_km: row.get("kwh_per_km"),
                    $($name: component(stringify!($name)),)+
                    unexplained: component("unexplained"),
                    split: Split {
                        traction_kwh: row.get("split_traction_kwh"),
                        other_kwh: row.get("split_other_kwh"),
                        source: row.get("split_source"),
                    },
                    unflagged_share: row.get("unflagged_share"),
                    fuel_litres: row.get("fuel_litres"),
                    exterior_temperature_mean_celsius: row.get("exterior_temperature_mean_celsius"),
                    heat_kwh: row.get("heat_kwh"),
                    heat_share: row.get("heat_share"),
                    fuel_heat_kwh: row.get("fuel_heat_kwh"),
                    wheel_regen_kwh: row.get("wheel_regen_kwh"),
                    wheel_regen_base_km: row.get("wheel_regen_base_km"),
                    cabin_temperature_mean_celsius: row.get("cabin_temperature_mean_celsius"),
                    setpoint_near_share: row.get("setpoint_near_share"),
                    is_cabin_cold: row.get("is_cabin_cold"),
                }
            }
        }
    };
}

for_each_component!(energy_sums);

fn number<T: FromSqlOwned + Default>(row: &Row, column: &str) -> T {
    row.get::<_, Option<T>>(column).unwrap_or_default()
}
