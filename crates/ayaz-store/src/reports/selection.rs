//! Selection of trips.

use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::error::StoreError;

/// Filters of a report; `None` means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TripSelection {
    /// Trips of this fleet.
    pub fleet: Option<String>,
    /// Trips of vehicles of this name, in every fleet selected.
    pub vehicle: Option<String>,
    /// Trips that began at this instant or later.
    pub from: Option<Timestamp>,
    /// Trips that began before this instant.
    pub to: Option<Timestamp>,
}

impl TripSelection {
    /// Parameters $1 to $4 of all report statements.
    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.fleet, &self.vehicle, &self.from, &self.to]
    }
}

/// The selected trips, divided by band and route. A trip is selected as a whole, by its start; figures of the
/// whole trip are named trip_….
pub(super) const SELECTED_PIECES: &str = "
    select *
    from trip_part
    where ($1::text is null or fleet = $1)
        and ($2::text is null or vehicle = $2)
        and ($3::timestamptz is null or trip_began_at >= $3)
        and ($4::timestamptz is null or trip_began_at < $4)";

/// Whether a trip of [`SELECTED_PIECES`] reaches the completeness of parameter $5. A trip of unknown
/// completeness does so only if the parameter is 0. The statement joins `energy_setting as setting`, so that
/// the planner inlines the function.
pub(super) const IS_COMPLETE: &str = "is_complete(trip_completeness, $5, setting)";

/// Kind of the rows of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Trips.
    Trip,
    /// Trips, charging, conditioning and parking.
    Session,
    /// Service days of vehicles.
    Day,
}

/// Whether the worker has written any rows of this kind; an empty report uses it to explain why it is empty.
pub async fn any(client: &Client, subject: Subject) -> Result<bool, StoreError> {
    let statement = match subject {
        Subject::Trip => "-- any_trip\nselect exists (select from trip_band where intervals > 0)",
        Subject::Session => "-- any_session\nselect exists (select from session)",
        Subject::Day => "-- any_day\nselect exists (select from hour_sequence)",
    };
    client
        .query_one(statement, &[])
        .await
        .map(|row| row.get(0))
        .map_err(|error| StoreError::from_driver("check for rows to report", error))
}
