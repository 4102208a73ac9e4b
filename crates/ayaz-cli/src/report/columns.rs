//! Columns that several reports share.

use ayaz_store::reports::{COMPONENTS, ComponentColumns, EnergySums};

use crate::output::sheet::{Cell, Columns};

/// A column of energy: its name and its cell.
type EnergyColumn = (&'static str, fn(&EnergySums) -> Cell);

impl<'a, R: 'a> Columns<'a, R> {
    /// Adds columns of the row's energy.
    pub(super) fn with_energy(
        self,
        columns: &'static [EnergyColumn],
        energy: fn(&R) -> &EnergySums,
    ) -> Self {
        columns.iter().fold(self, |all, (name, cell)| {
            all.with(name, move |row| cell(energy(row)))
        })
    }

    /// Adds the share of every component.
    pub(super) fn with_shares(self, energy: fn(&R) -> &EnergySums) -> Self {
        COMPONENTS.iter().fold(self, |all, component| {
            all.with(component.share, move |row| {
                (component.of)(energy(row)).share()
            })
        })
    }

    /// Adds measured time, every component except those in [`SUMS`], and the split of driving and
    /// all else.
    pub(super) fn with_components(self, energy: fn(&R) -> &EnergySums) -> Self {
        let is_new =
            |component: &&ComponentColumns| SUMS.iter().all(|(column, _)| *column != component.kwh);
        let components = COMPONENTS.iter().filter(is_new);
        components
            .fold(self.with_energy(MEASURED, energy), |all, component| {
                all.with(component.kwh, move |row| (component.of)(energy(row)).kwh)
                    .with(component.base_kwh, move |row| {
                        (component.of)(energy(row)).base_kwh
                    })
            })
            .with_energy(SPLIT, energy)
    }
}

/// The first columns of energy reports, in a fixed order.
pub(super) const SUMS: &[EnergyColumn] = &[
    ("seconds", |it| it.seconds.into()),
    ("km", |it| it.km.into()),
    ("net_kwh", |it| it.net_kwh.into()),
    ("discharge_kwh", |it| it.discharge_kwh.into()),
    ("regen_kwh", |it| it.regen_kwh.into()),
    ("kwh_per_km", |it| it.kwh_per_km.into()),
    ("heater_kwh", |it| it.heater.kwh.into()),
    ("heater_base_kwh", |it| it.heater.base_kwh.into()),
    ("heater_share", |it| it.heater.share().into()),
];

/// Columns after the fixed ones: how much was measured. The components except `heater` follow
/// ([`Columns::with_components`]).
const MEASURED: &[EnergyColumn] = &[
    ("intervals", |it| it.intervals.into()),
    ("energy_seconds", |it| it.energy_seconds.into()),
];

/// Columns after the components: fuel, unexplained energy, and the split of driving and all else.
const SPLIT: &[EnergyColumn] = &[
    ("fuel_litres", |it| it.fuel_litres.into()),
    ("paired_km", |it| it.paired_km.into()),
    ("unexplained_kwh", |it| it.unexplained.kwh.into()),
    ("unexplained_base_kwh", |it| it.unexplained.base_kwh.into()),
    ("split_traction_kwh", |it| it.split.traction_kwh.into()),
    ("split_other_kwh", |it| it.split.other_kwh.into()),
    ("split_source", |it| it.split.source.clone().into()),
];

/// Other heat shares. `heater_share` is the share of the electric cabin heater only.
pub(super) const HEAT_SHARES: &[EnergyColumn] = &[
    ("heat_pump_share", |it| it.heat_pump.share().into()),
    ("battery_heater_share", |it| {
        it.battery_heater.share().into()
    }),
];

/// Last columns: all heat, energy recovered by the wheels, and cabin comfort.
pub(super) const COMFORT: &[EnergyColumn] = &[
    ("heat_kwh", |it| it.heat_kwh.into()),
    ("heat_share", |it| it.heat_share.into()),
    ("fuel_heat_kwh", |it| it.fuel_heat_kwh.into()),
    ("wheel_regen_kwh", |it| it.wheel_regen_kwh.into()),
    ("wheel_regen_base_km", |it| it.wheel_regen_base_km.into()),
    ("cabin_temperature_mean_celsius", |it| {
        it.cabin_temperature_mean_celsius.into()
    }),
    ("setpoint_near_share", |it| it.setpoint_near_share.into()),
    ("is_cabin_cold", |it| it.is_cabin_cold.into()),
];
