//! Range, one row per trip: the details of [`range_by_band`](super::range_by_band).

use std::sync::Arc;

use futures_util::{TryStreamExt, pin_mut};
use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use super::selection::SELECTED_PIECES;
use super::{RangeGroup, TripSelection};
use crate::error::StoreError;

/// Range of one trip. Grouped by route, it is the part of the trip on that route.
#[derive(Debug, Clone, PartialEq)]
pub struct TripRange {
    /// The bus, model or route, as in [`RangeBand`](super::RangeBand).
    pub group: Arc<str>,
    /// The vehicle's key.
    pub vehicle_id: i32,
    /// First sample of the trip.
    pub began_at: Timestamp,
    /// Mean of the measured exterior temperature, °C.
    pub exterior_temperature_mean_celsius: Option<f64>,
    /// Distance with measured energy, km.
    pub paired_km: f64,
    /// Net energy per distance where both were measured, kWh/km.
    pub kwh_per_km: Option<f64>,
    /// Usable energy of the vehicle, kWh.
    pub usable_energy_kwh: Option<f64>,
    /// Whether the cabin was cold; `None` if it was not measured.
    pub is_cabin_cold: Option<bool>,
    /// How far the whole trip can be trusted, 0 to 1; `None` if not known.
    pub completeness: Option<f64>,
    /// Measured part of the whole trip, s.
    pub measured_seconds: f64,
    /// From the first to the last sample of the whole trip, s.
    pub duration_seconds: f64,
}

impl TripRange {
    /// Range from full to empty at the trip's consumption, km; `None` if the usable energy or the consumption
    /// is not known, or if the trip used no energy (downhill).
    pub fn range_km(&self) -> Option<f64> {
        let (usable, consumption) = self.usable_energy_kwh.zip(self.kwh_per_km)?;
        (consumption > 0.0).then(|| usable / consumption)
    }
}

/// The selected trips of the named groups, by group and start.
pub async fn range_by_trip(
    client: &Client,
    group: RangeGroup,
    names: &[String],
    selection: &TripSelection,
) -> Result<Vec<TripRange>, StoreError> {
    let failed = |error| StoreError::from_driver("read range by trip", error);
    let mut parameters = selection.parameters().to_vec();
    let names: &(dyn ToSql + Sync) = &names;
    parameters.push(names);
    // As a stream, since a season of a large fleet has millions of trips.
    let rows = client
        .query_raw(&statement(group), parameters)
        .await
        .map_err(failed)?;
    pin_mut!(rows);
    let mut trips: Vec<TripRange> = Vec::new();
    while let Some(row) = rows.try_next().await.map_err(failed)? {
        let previous = trips.last().map(|trip| &trip.group);
        let trip = from_row(&row, previous);
        trips.push(trip);
    }
    Ok(trips)
}

/// Rows are sorted by group, so that the trips of a group share its name.
fn from_row(row: &Row, previous: Option<&Arc<str>>) -> TripRange {
    let name: &str = row.get("name");
    TripRange {
        group: previous
            .filter(|previous| &***previous == name)
            .map_or_else(|| Arc::from(name), Arc::clone),
        vehicle_id: row.get("vehicle_id"),
        began_at: row.get("trip_began_at"),
        exterior_temperature_mean_celsius: row.get("exterior_temperature_mean_celsius"),
        paired_km: row.get("paired_km"),
        kwh_per_km: row.get("kwh_per_km"),
        usable_energy_kwh: row.get("usable_energy_kwh"),
        is_cabin_cold: row.get("is_cabin_cold"),
        completeness: row.get("completeness"),
        measured_seconds: row.get("trip_seconds"),
        duration_seconds: row.get("duration_seconds"),
    }
}

fn statement(group: RangeGroup) -> String {
    let name = group.expression();
    format!(
        "-- range_by_trip
        select
            trip.*,
            is_cabin_cold(
                cabin_kelvin_seconds, cabin_seconds, setpoint_seconds, cabin_cold_seconds, setting
            ) as is_cabin_cold
        from (
            select
                {name} as name,
                vehicle_id,
                trip_began_at,
                sum(exterior_kelvin_seconds) / nullif(sum(exterior_seconds), 0) - 273.15
                    as exterior_temperature_mean_celsius,
                sum(paired_km) as paired_km,
                sum(paired_net_kwh) / nullif(sum(paired_km), 0) as kwh_per_km,
                trip_completeness as completeness,
                least(trip_seconds, trip_duration_seconds::double precision) as trip_seconds,
                trip_duration_seconds::double precision as duration_seconds,
                usable_energy_kwh,
                sum(cabin_kelvin_seconds) as cabin_kelvin_seconds,
                sum(cabin_seconds) as cabin_seconds,
                sum(setpoint_seconds) as setpoint_seconds,
                sum(cabin_cold_seconds) as cabin_cold_seconds
            from ({SELECTED_PIECES}) as part
            where {name} = any($5)
            group by 1, vehicle_id, started_at, number, trip_began_at, trip_completeness,
                trip_seconds, trip_duration_seconds, usable_energy_kwh
            having sum(intervals) > 0
        ) as trip
        cross join energy_setting as setting
        order by name, trip_began_at, vehicle_id"
    )
}
