//! Range by temperature, by bus, model or route.

use tokio_postgres::Client;

use super::{Band, EnergySums, HeatSources, TripSelection, heat};
use crate::error::StoreError;

/// Grouping of a range report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeGroup {
    /// Each vehicle, as `fleet/vehicle`.
    Bus,
    /// Each model; vehicles without a model are one group.
    Model,
    /// Each route of each fleet, as `fleet/route`; driving without a route is one group per fleet.
    Route,
}

impl RangeGroup {
    /// The name in the database's functions.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bus => "bus",
            Self::Model => "model",
            Self::Route => "route",
        }
    }

    /// SQL of the group's name, for a part of a trip.
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
    /// Trips that touch it and are below the minimum completeness. They are in no figure here.
    pub trips_left_out: i64,
    /// How far the figures can be trusted, 0 to 1: the least of `coverage`, unflagged share and distance
    /// share.
    pub completeness: Option<f64>,
    /// Whether it has enough trips, time and distance to state a range
    /// ([`FigureSettings`](super::FigureSettings)).
    pub has_enough_data: bool,
    /// Share of range lost compared with mild weather, 0 to 1; negative means a gain; `None` if the group has
    /// too few trips in mild weather.
    pub range_loss_share: Option<f64>,
    /// Vehicles with at least one interval in it.
    pub vehicles: i64,
    /// Vehicles among them with known usable energy; the range is theirs.
    pub range_vehicles: i64,
    /// Heat sources of the vehicles: ranges of buses with different ones cannot be compared.
    pub heat_sources: HeatSources,
    /// Usable energy, the mean of those vehicles weighted by distance, kWh.
    pub usable_energy_kwh: Option<f64>,
    /// Source of the usable energy: `model` or `vehicle` (entered by the operator), `soc` (estimated), or
    /// `mixed` (partly estimated).
    pub usable_energy_source: Option<String>,
    /// Range from full to empty at the measured consumption of those vehicles, km.
    pub range_km: Option<f64>,
    /// Measured share of the duration of the trips that touch the band, 0 to 1. Missing time has no
    /// temperature, so it refers to whole trips.
    pub coverage: Option<f64>,
    /// Sums of energy, distance and time.
    pub energy: EnergySums,
}

/// The selected trips by group and band: each group's bands ascending, then unknown if there is any. Trips
/// below `completeness_min` (0 to 1) are left out and counted; a band with only such trips has a row without
/// figures.
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
