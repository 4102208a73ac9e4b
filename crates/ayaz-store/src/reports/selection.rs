//! Which trips a report is about.

use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::error::StoreError;

/// Which trips a report is about; `None` is "all".
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
    /// Parameters $1 to $4 of every report's statement.
    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.fleet, &self.vehicle, &self.from, &self.to]
    }
}

/// The selected trips, cut by band and route. A trip is selected as a whole, by when it began; what is
/// told of the whole of it is called trip_….
pub(super) const SELECTED_PIECES: &str = "
    select *
    from trip_part
    where ($1::text is null or fleet = $1)
        and ($2::text is null or vehicle = $2)
        and ($3::timestamptz is null or trip_began_at >= $3)
        and ($4::timestamptz is null or trip_began_at < $4)";

/// Whether a trip of [`SELECTED_PIECES`] is as complete as parameter $5 asks for. One of which nothing
/// can be said is not, unless nothing is asked for. The statement joins `energy_setting as setting`, so that
/// the rule is taken in and not called for each row.
pub(super) const IS_COMPLETE: &str = "is_complete(trip_completeness, $5, setting)";

/// What the rows of a report are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Trips.
    Trip,
    /// Trips, charging, conditioning and parking.
    Session,
    /// Service days of vehicles.
    Day,
}

/// Whether the worker has found any at all, so that an empty report can say why it is empty.
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
        .map_err(|error| StoreError::from_driver("look for anything to report", error))
}
