//! How far each vehicle's service day can be trusted.

use jiff::civil::Date;
use tokio_postgres::Client;

use super::TripSelection;
use crate::error::StoreError;

/// A vehicle's service day: a row of the view `bus_day_completeness`, with its column names.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the columns of `bus_day_completeness`")]
pub struct CompletenessRow {
    pub fleet: String,
    pub vehicle: String,
    pub service_day: Date,
    pub readings: i64,
    pub readings_missing: i64,
    pub readings_flagged: i64,
    pub readings_out_of_order: i64,
    pub trips: i64,
    pub km: Option<f64>,
    pub odometer_km: Option<f64>,
    pub sequence_share: Option<f64>,
    pub trip_coverage: Option<f64>,
    pub distance_share: Option<f64>,
    pub unflagged_share: Option<f64>,
    pub completeness: Option<f64>,
    pub time_share: Option<f64>,
    pub active_seconds: Option<f64>,
    pub still_seconds: Option<f64>,
}

const STATEMENT: &str = "-- completeness
    select
        fleet, vehicle, service_day, readings, readings_missing, readings_flagged,
        readings_out_of_order, trips, km, odometer_km, sequence_share, trip_coverage,
        distance_share, unflagged_share, completeness, time_share, active_seconds, still_seconds
    from bus_day_completeness
    where ($1::text is null or fleet = $1)
        and ($2::text is null or vehicle = $2)
        and ($3::timestamptz is null or service_day >= ($3 at time zone 'UTC')::date)
        and ($4::timestamptz is null or service_day < ($4 at time zone 'UTC')::date)
    order by service_day, fleet, vehicle";

/// The selected days, in order. Only the dates of `from` and `to` count.
pub async fn completeness(
    client: &Client,
    selection: &TripSelection,
) -> Result<Vec<CompletenessRow>, StoreError> {
    let rows = client
        .query(STATEMENT, &selection.parameters())
        .await
        .map_err(|error| StoreError::from_driver("read completeness", error))?;
    Ok(rows
        .iter()
        .map(|row| CompletenessRow {
            fleet: row.get("fleet"),
            vehicle: row.get("vehicle"),
            service_day: row.get("service_day"),
            readings: row.get("readings"),
            readings_missing: row.get("readings_missing"),
            readings_flagged: row.get("readings_flagged"),
            readings_out_of_order: row.get("readings_out_of_order"),
            trips: row.get("trips"),
            km: row.get("km"),
            odometer_km: row.get("odometer_km"),
            sequence_share: row.get("sequence_share"),
            trip_coverage: row.get("trip_coverage"),
            distance_share: row.get("distance_share"),
            unflagged_share: row.get("unflagged_share"),
            completeness: row.get("completeness"),
            time_share: row.get("time_share"),
            active_seconds: row.get("active_seconds"),
            still_seconds: row.get("still_seconds"),
        })
        .collect())
}
