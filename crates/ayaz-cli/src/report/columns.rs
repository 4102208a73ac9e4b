//! Columns that several reports share.

use ayaz_store::reports::EnergySums;

use super::sheet::Cell;

/// Columns that both reports share, in their agreed order.
pub(super) const SUMS: [&str; 9] = [
    "seconds",
    "km",
    "net_kwh",
    "discharge_kwh",
    "regen_kwh",
    "kwh_per_km",
    "heater_kwh",
    "heater_base_kwh",
    "heater_share",
];

pub(super) fn sums(energy: &EnergySums) -> [Cell; 9] {
    [
        energy.seconds.into(),
        energy.km.into(),
        energy.net_kwh.into(),
        energy.discharge_kwh.into(),
        energy.regen_kwh.into(),
        energy.kwh_per_km.into(),
        energy.heater.kwh.into(),
        energy.heater.base_kwh.into(),
        energy.heater.share().into(),
    ]
}

/// Columns after the agreed ones: how much was measured, the other components, and driving against all
/// else.
pub(super) const COMPONENTS: [&str; 19] = [
    "intervals",
    "energy_seconds",
    "heat_pump_kwh",
    "heat_pump_base_kwh",
    "battery_heater_kwh",
    "battery_heater_base_kwh",
    "air_conditioning_kwh",
    "air_conditioning_base_kwh",
    "auxiliary_kwh",
    "auxiliary_base_kwh",
    "traction_kwh",
    "traction_base_kwh",
    "fuel_litres",
    "paired_km",
    "unexplained_kwh",
    "unexplained_base_kwh",
    "split_traction_kwh",
    "split_other_kwh",
    "split_source",
];

pub(super) fn components(energy: &EnergySums) -> [Cell; 19] {
    [
        energy.intervals.into(),
        energy.energy_seconds.into(),
        energy.heat_pump.kwh.into(),
        energy.heat_pump.base_kwh.into(),
        energy.battery_heater.kwh.into(),
        energy.battery_heater.base_kwh.into(),
        energy.air_conditioning.kwh.into(),
        energy.air_conditioning.base_kwh.into(),
        energy.auxiliary.kwh.into(),
        energy.auxiliary.base_kwh.into(),
        energy.traction.kwh.into(),
        energy.traction.base_kwh.into(),
        energy.fuel_litres.into(),
        energy.paired_km.into(),
        energy.unexplained.kwh.into(),
        energy.unexplained.base_kwh.into(),
        energy.split.traction_kwh.into(),
        energy.split.other_kwh.into(),
        energy.split.source.clone().into(),
    ]
}

/// Beside `heater_share`, which is that of the electric cabin heater alone.
pub(super) const HEAT_SHARES: [&str; 2] = ["heat_pump_share", "battery_heater_share"];

pub(super) fn heat_shares(energy: &EnergySums) -> [Cell; 2] {
    [
        energy.heat_pump.share().into(),
        energy.battery_heater.share().into(),
    ]
}

/// Last columns: all heat, what the wheels recovered, and what the cabin was like.
pub(super) const COMFORT: [&str; 8] = [
    "heat_kwh",
    "heat_share",
    "fuel_heat_kwh",
    "wheel_regen_kwh",
    "wheel_regen_base_km",
    "cabin_temperature_mean_celsius",
    "setpoint_near_share",
    "is_cabin_cold",
];

pub(super) fn comfort(energy: &EnergySums) -> [Cell; 8] {
    [
        energy.heat_kwh.into(),
        energy.heat_share.into(),
        energy.fuel_heat_kwh.into(),
        energy.wheel_regen_kwh.into(),
        energy.wheel_regen_base_km.into(),
        energy.cabin_temperature_mean_celsius.into(),
        energy.setpoint_near_share.into(),
        energy.is_cabin_cold.into(),
    ]
}
