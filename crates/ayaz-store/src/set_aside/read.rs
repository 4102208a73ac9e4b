//! Lists and counts the readings that are set aside.

use jiff::Timestamp;
use tokio_postgres::{Client, Row};

use super::SetAsideSelection;
use super::selection::{IS_PAST, Parameters, SELECTED};
use crate::error::StoreError;

/// Readings of one vehicle that were set aside for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAsideGroup {
    /// The vehicle's fleet.
    pub fleet: String,
    /// The vehicle.
    pub vehicle: String,
    /// Reason: future, ancient or many_days.
    pub reason: String,
    /// Number of readings.
    pub readings: i64,
    /// Number of cell readings.
    pub cell_readings: i64,
    /// Distinct UTC days.
    pub days: i64,
    /// Earliest time by the device's clock.
    pub first_recorded_at: Timestamp,
    /// Latest time by the device's clock.
    pub last_recorded_at: Timestamp,
    /// When the first of them arrived.
    pub first_received_at: Timestamp,
    /// When the last of them arrived.
    pub last_received_at: Timestamp,
}

impl SetAsideGroup {
    fn from_row(row: &Row) -> Self {
        Self {
            fleet: row.get("fleet"),
            vehicle: row.get("vehicle"),
            reason: row.get("reason"),
            readings: row.get("readings"),
            cell_readings: row.get("cell_readings"),
            days: row.get("days"),
            first_recorded_at: row.get("first_recorded_at"),
            last_recorded_at: row.get("last_recorded_at"),
            first_received_at: row.get("first_received_at"),
            last_received_at: row.get("last_received_at"),
        }
    }
}

/// The selected readings by vehicle and reason.
pub async fn set_aside_groups(
    reader: &Client,
    selection: &SetAsideSelection,
) -> Result<Vec<SetAsideGroup>, StoreError> {
    let statement = format!(
        "-- set_aside_groups
        select
            fleet, vehicle, reason,
            count(*) filter (where kind = 'reading') as readings,
            count(*) filter (where kind = 'cells') as cell_readings,
            count(distinct date_trunc('day', recorded_at, 'UTC')) as days,
            min(recorded_at) as first_recorded_at,
            max(recorded_at) as last_recorded_at,
            min(received_at) as first_received_at,
            max(received_at) as last_received_at
        from set_aside
        where {SELECTED}
        group by fleet, vehicle, reason
        order by fleet, vehicle, reason"
    );
    let rows = reader
        .query(&statement, &Parameters::of(selection).list())
        .await
        .map_err(|error| StoreError::from_driver("list readings that are set aside", error))?;
    Ok(rows.iter().map(SetAsideGroup::from_row).collect())
}

/// Size of a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SetAsideTotal {
    /// Number of readings and cell readings.
    pub readings: u64,
    /// Distinct UTC days of the readings whose time is in the past.
    pub days: u64,
    /// Readings whose time is in the future.
    pub still_future: u64,
}

/// Counts the selected readings.
pub async fn set_aside_total(
    reader: &Client,
    selection: &SetAsideSelection,
) -> Result<SetAsideTotal, StoreError> {
    let statement = format!(
        "-- set_aside_total
        select
            count(*),
            count(distinct date_trunc('day', recorded_at, 'UTC')) filter (where {IS_PAST}),
            count(*) filter (where not ({IS_PAST}))
        from set_aside
        where {SELECTED}"
    );
    let row = reader
        .query_one(&statement, &Parameters::of(selection).list())
        .await
        .map_err(|error| StoreError::from_driver("count readings that are set aside", error))?;
    let count = |place| row.get::<_, i64>(place).unsigned_abs();
    Ok(SetAsideTotal {
        readings: count(0),
        days: count(1),
        still_future: count(2),
    })
}
