//! Energy, one row per trip.

use jiff::Timestamp;
use tokio_postgres::Client;

use super::selection::SELECTED_PIECES;
use super::sums::SUMS;
use super::{EnergySums, TripSelection};
use crate::error::StoreError;

/// One trip.
#[derive(Debug, Clone, PartialEq)]
pub struct TripEnergy {
    /// The vehicle's fleet.
    pub fleet: String,
    /// The vehicle's name in its fleet.
    pub vehicle: String,
    /// The vehicle's model, if the operator named one.
    pub model: Option<String>,
    /// Number of the drive cycle, if the source numbers them.
    pub drive_cycle: Option<i64>,
    /// The route; `None` if there were none or several.
    pub route: Option<String>,
    /// First sample.
    pub started_at: Timestamp,
    /// Last sample.
    pub ended_at: Timestamp,
    /// Measured share of the time between them, 0 to 1.
    pub coverage: Option<f64>,
    /// State of charge at the first sample that has one, %.
    pub soc_start_percent: Option<f32>,
    /// State of charge at the last sample that has one, %.
    pub soc_end_percent: Option<f32>,
    /// How far the trip can be trusted, 0 to 1: the least of `coverage`, unflagged share and distance share;
    /// `None` if not known.
    pub completeness: Option<f64>,
    /// Distance by the odometer, km: a quality figure. It never corrects `energy.km`.
    pub odometer_km: Option<f64>,
    /// Sums of energy, distance and time.
    pub energy: EnergySums,
}

/// The selected trips, by start and vehicle.
pub async fn energy_by_trip(
    client: &Client,
    selection: &TripSelection,
) -> Result<Vec<TripEnergy>, StoreError> {
    let rows = client
        .query(&statement(), &selection.parameters())
        .await
        .map_err(|error| StoreError::from_driver("read energy by trip", error))?;
    Ok(rows
        .iter()
        .map(|row| TripEnergy {
            fleet: row.get("fleet"),
            vehicle: row.get("vehicle"),
            model: row.get("model"),
            drive_cycle: row.get("drive_cycle"),
            route: row.get("route"),
            started_at: row.get("started_at"),
            ended_at: row.get("ended_at"),
            coverage: row.get("coverage"),
            completeness: row.get("completeness"),
            soc_start_percent: as_sent(row.get("soc_start_percent")),
            soc_end_percent: as_sent(row.get("soc_end_percent")),
            odometer_km: row.get("odometer_km"),
            energy: EnergySums::from_row(row),
        })
        .collect())
}

/// 86.9, not 86.900002. Rust converts it, since the database refuses values outside the range of `f32`.
pub(super) fn as_sent(percent: Option<f64>) -> Option<f32> {
    percent.map(|percent| percent as f32)
}

fn statement() -> String {
    format!(
        "-- energy_by_trip
        with bucket as ({SELECTED_PIECES})
        select
            fleet,
            vehicle,
            model,
            drive_cycle,
            trip_route as route,
            trip_began_at as started_at,
            trip_ended_at as ended_at,
            trip_coverage as coverage,
            trip_completeness as completeness,
            soc_start_percent,
            soc_end_percent,
            odometer_km,
            {SUMS}
        from bucket
        group by fleet, vehicle, model, vehicle_id, started_at, number, drive_cycle, trip_route,
            trip_began_at, trip_ended_at, trip_coverage, trip_completeness, soc_start_percent, soc_end_percent,
            odometer_km
        having sum(intervals) > 0
        order by trip_began_at, vehicle, fleet"
    )
}
