//! Range against temperature, by bus, model or route.

use tokio_postgres::Client;

use super::{Band, EnergySums, HeatSources, TripSelection, heat};
use crate::error::StoreError;

/// What the rows of a range report are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeGroup {
    /// Each vehicle, as `fleet/vehicle`.
    Bus,
    /// Each model; vehicles without one are together.
    Model,
    /// Each route of each fleet, as `fleet/route`; what was driven on none is together.
    Route,
}

impl RangeGroup {
    /// As the functions of the database name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bus => "bus",
            Self::Model => "model",
            Self::Route => "route",
        }
    }

    /// The group's name, of a part of a trip.
    pub(super) fn expression(self) -> &'static str {
        match self {
            Self::Bus => "fleet || '/' || vehicle",
            Self::Model => "coalesce(model, 'unknown model')",
            Self::Route => "fleet || '/' || coalesce(route, 'no route')",
        }
    }
}

/// One band of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeBand {
    /// The bus, model or route.
    pub group: String,
    /// The band.
    pub band: Band,
    /// Trips with at least one interval in it, without those that are left out.
    pub trips: i64,
    /// Trips that touch it and are less complete than was asked for. They are in no figure here.
    pub trips_left_out: i64,
    /// How far the figures can be trusted, 0 to 1: the least of `coverage`, time without flags, and
    /// distance against the odometer.
    pub completeness: Option<f64>,
    /// Whether it rests on enough trips, time and distance to state a range
    /// ([`FigureSettings`](super::FigureSettings)).
    pub has_enough_data: bool,
    /// Share of the range in mild weather that is lost, 0 to 1; negative where there is more range;
    /// `None` where the group has not driven enough in mild weather.
    pub range_loss_share: Option<f64>,
    /// Vehicles with at least one interval in it.
    pub vehicles: i64,
    /// Those of them whose usable energy is known: what the range rests on.
    pub range_vehicles: i64,
    /// What heats them: ranges of buses with different ones do not compare.
    pub heat_sources: HeatSources,
    /// Usable energy, the mean of those vehicles by distance, kWh.
    pub usable_energy_kwh: Option<f64>,
    /// Where that is from: `model` or `vehicle` (what the operator says), `soc` (an estimate), or
    /// `mixed` (some of it is an estimate).
    pub usable_energy_source: Option<String>,
    /// Range from full to empty at the measured consumption of those vehicles, km.
    pub range_km: Option<f64>,
    /// Share of the duration of the trips that touch the band which was measured, 0 to 1. Time that
    /// is missing has no temperature, so it can be told by trip only.
    pub coverage: Option<f64>,
    /// What was used.
    pub energy: EnergySums,
}

/// The selected trips by group and band: each group's bands ascending, then unknown if there is any.
/// Trips less complete than `completeness_min` (0 to 1) are left out and counted; a band of which
/// nothing else is left is there, without figures.
pub async fn range_by_band(
    client: &Client,
    group: RangeGroup,
    selection: &TripSelection,
    completeness_min: f64,
) -> Result<Vec<RangeBand>, StoreError> {
    let rows = client
        .query(
            "-- range_by_band
            select * from range_by_band($1, $2, $3, $4, $5, $6)",
            &[
                &group.name(),
                &selection.fleet.as_ref().map(|fleet| vec![fleet]),
                &selection.vehicle.as_ref().map(|vehicle| vec![vehicle]),
                &selection.from,
                &selection.to,
                &completeness_min,
            ],
        )
        .await
        .map_err(|error| StoreError::from_driver("read range by temperature", error))?;
    let mut bands: Vec<RangeBand> = rows
        .iter()
        .map(|row| RangeBand {
            group: row.get("name"),
            band: row
                .get::<_, Option<i16>>("band_celsius")
                .map_or(Band::Unknown, Band::From),
            trips: row.get("trips"),
            trips_left_out: row.get("trips_left_out"),
            completeness: row.get("completeness"),
            has_enough_data: row.get("has_enough_data"),
            range_loss_share: row.get("range_loss_share"),
            vehicles: row.get("vehicles"),
            range_vehicles: row.get("range_vehicles"),
            heat_sources: heat::sources(row),
            usable_energy_kwh: row.get("usable_energy_kwh"),
            usable_energy_source: row.get("usable_energy_source"),
            range_km: row.get("range_km"),
            coverage: row.get("coverage"),
            energy: EnergySums::from_row(row),
        })
        .collect();
    bands.sort_by(|a, b| (&a.group, a.band).cmp(&(&b.group, b.band)));
    Ok(bands)
}
