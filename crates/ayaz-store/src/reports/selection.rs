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
    /// Trips that began before this instant. Of a trip that goes on for longer than 7 days after it,
    /// the rest is left out.
    pub to: Option<Timestamp>,
}

impl TripSelection {
    /// Parameters $1 to $4 of every report's statement.
    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.fleet, &self.vehicle, &self.from, &self.to]
    }
}

/// Pieces of the selected trips. A trip is selected as a whole, by when it began, so the windows run
/// over all pieces of a trip before the times are compared. A number that comes again after more
/// than a day is another trip, as in the view `numbered_trip_piece`, which reads the whole history:
/// here only the hours from 7 days before `from` to 7 days after `to` are read, so that what a trip
/// did longer after `to` is left out. None that began before `from` is taken for a later one, since its
/// pieces are less than a day apart.
pub(super) const SELECTED_PIECES: &str = "
    select * from (
        select
            *,
            min(started_at) over whole as trip_began_at,
            max(ended_at) over whole as trip_ended_at,
            sum(seconds) over whole as trip_seconds
        from (
            select
                *,
                count(*) filter (where is_after_gap) over (
                    partition by vehicle_id, drive_cycle, trip_started_at order by started_at
                ) as occurrence
            from (
                select
                    *,
                    started_at - max(ended_at) over (
                        partition by vehicle_id, drive_cycle, trip_started_at order by started_at
                        rows between unbounded preceding and 1 preceding
                    ) > interval '1 day' as is_after_gap
                from trip_piece
                where ($1::text is null or fleet = $1)
                    and ($2::text is null or vehicle = $2)
                    and ($3::timestamptz is null or hour >= $3 - interval '7 days')
                    and ($4::timestamptz is null or hour < $4 + interval '7 days')
            ) as trip_piece
        ) as numbered
        window whole as (partition by vehicle_id, drive_cycle, trip_started_at, occurrence)
    ) as whole_trip
    where ($3::timestamptz is null or trip_began_at >= $3)
        and ($4::timestamptz is null or trip_began_at < $4)";

/// Whether the worker has found any trip at all, so that an empty report can say why it is empty.
pub async fn any_trip(client: &Client) -> Result<bool, StoreError> {
    client
        .query_one(
            "-- any_trip\nselect exists (select from trip_piece where intervals > 0)",
            &[],
        )
        .await
        .map(|row| row.get(0))
        .map_err(|error| StoreError::from_driver("look for trips", error))
}
