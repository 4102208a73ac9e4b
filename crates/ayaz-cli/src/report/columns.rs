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

/// Columns after the agreed ones: how much was measured, and the other components.
pub(super) const COMPONENTS: [&str; 14] = [
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
];

pub(super) fn components(energy: &EnergySums) -> [Cell; 14] {
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
    ]
}
