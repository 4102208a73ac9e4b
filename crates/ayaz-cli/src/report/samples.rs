//! Fixtures for tests of reports.

use ayaz_store::reports::{Band, Component, EnergySums, FigureSettings, HeatSources, RangeBand};

use super::threshold::Threshold;

/// The defaults of a new database.
pub(super) const SETTINGS: FigureSettings = FigureSettings {
    band_trips_min: 3,
    band_hours_min: 1.0,
    band_km_min: 10.0,
    completeness_min: 0.9,
    mild_from_celsius: 10,
    mild_to_celsius: 20,
};

pub(super) fn threshold() -> Threshold {
    Threshold::of(&SETTINGS)
}

/// A band of two hours and 40 km, with this many trips.
pub(super) fn band(group: &str, edge: i16, trips: i64, kwh_per_km: f64) -> RangeBand {
    RangeBand {
        group: group.to_owned(),
        band: Band::From(edge),
        trips,
        trips_left_out: 0,
        completeness: Some(0.99),
        has_enough_data: trips >= i64::from(SETTINGS.band_trips_min),
        range_loss_share: None,
        vehicles: 1,
        range_vehicles: 1,
        heat_sources: HeatSources::new(["electric".to_owned()]),
        usable_energy_kwh: Some(300.0),
        usable_energy_source: Some("model".to_owned()),
        range_km: Some(300.0 / kwh_per_km),
        coverage: Some(0.99),
        energy: EnergySums {
            seconds: 7200.0,
            energy_seconds: 7200.0,
            km: Some(40.0),
            paired_km: 40.0,
            kwh_per_km: Some(kwh_per_km),
            ..EnergySums::default()
        },
    }
}

/// Adds to each band the loss against the band of its group at +10 °C, if that has enough data.
pub(super) fn with_losses(mut bands: Vec<RangeBand>) -> Vec<RangeBand> {
    let mild: Vec<(String, Option<f64>)> = bands
        .iter()
        .filter(|it| it.band == Band::From(SETTINGS.mild_from_celsius) && it.has_enough_data)
        .map(|it| (it.group.clone(), it.energy.kwh_per_km))
        .collect();
    for band in &mut bands {
        let mild = mild.iter().find(|(group, _)| *group == band.group);
        let compared = mild.and_then(|(_, mild)| mild.zip(band.energy.kwh_per_km));
        band.range_loss_share = compared.map(|(mild, here)| 1.0 - mild / here);
    }
    bands
}

/// Two hours and 40 km with a cold cabin.
pub(super) fn energy() -> EnergySums {
    EnergySums {
        intervals: 7200,
        seconds: 7200.0,
        energy_seconds: 7200.0,
        km: Some(40.0),
        net_kwh: Some(60.0),
        discharge_kwh: Some(70.0),
        regen_kwh: Some(10.0),
        kwh_per_km: Some(1.5),
        heater: Component {
            kwh: Some(15.0),
            base_kwh: Some(30.0),
        },
        heat_kwh: Some(15.0),
        heat_share: Some(0.5),
        wheel_regen_kwh: Some(14.0),
        wheel_regen_base_km: Some(40.0),
        cabin_temperature_mean_celsius: Some(8.5),
        setpoint_near_share: Some(0.25),
        is_cabin_cold: Some(true),
        ..EnergySums::default()
    }
}
