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
    select
        t.fleet,
        t.vehicle,
        t.model,
        t.started_at as trip_began_at,
        t.ended_at as trip_ended_at,
        t.seconds as trip_seconds,
        t.drive_cycle,
        t.route as trip_route,
        t.soc_start_percent,
        t.soc_end_percent,
        t.km as trip_km,
        t.odometer_km,
        t.coverage as trip_coverage,
        t.completeness as trip_completeness,
        b.*
    from trip_energy t
    join trip_band b using (vehicle_id, started_at, number)
    where ($1::text is null or t.fleet = $1)
        and ($2::text is null or t.vehicle = $2)
        and ($3::timestamptz is null or t.started_at >= $3)
        and ($4::timestamptz is null or t.started_at < $4)";

/// Whether a trip of [`SELECTED_PIECES`] is as complete as parameter $5 asks for. One of which nothing
/// can be said is not, unless nothing is asked for.
pub(super) const IS_COMPLETE: &str =
    "($5::double precision <= 0 or coalesce(trip_completeness >= $5, false))";

/// The usable energy of each vehicle as `usable`, for a statement that reads `piece`: its own at the time
/// of the trip, else what `vehicle_usable_energy` says. Joined as tables, since a season of a large
/// fleet has millions of trips.
pub(super) const USABLE_ENERGY: &str = "
    left join (
        select vehicle_id, value::double precision as usable_energy_kwh, valid_from, valid_to
        from vehicle_context
        where attribute = 'usable_energy_kwh'
    ) as own on own.vehicle_id = piece.vehicle_id
        and own.valid_from <= piece.trip_began_at and own.valid_to > piece.trip_began_at
    left join (
        select vehicle_id, usable_energy_kwh, usable_energy_source from vehicle_usable_energy
    ) as usable on usable.vehicle_id = piece.vehicle_id";

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
