//! What the neighbours of a finished hour depend on: rows of `refreshed_hour`, described in its migration.

use ayaz_energy::hours::{HourState, OpenTrip};
use ayaz_model::{UnixMicroseconds, VehicleNumber};
use jiff::Timestamp;
use tokio_postgres::{Error, Row, Statement, Transaction};

use super::timestamp;

/// Stored state of hours before a refresh.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownHours {
    /// States of the hours, of the one before and of the one after. An hour that was never refreshed, or had
    /// no readings, has none.
    pub states: Vec<HourState>,
    /// Since the first of the hours was refreshed, the queue named only readings from this instant on; `None`
    /// means not known. A refresh sees readings before the queue names them, if ingest commits between
    /// [`take_over`](super::queue::take_over) and the refresh. So a later checkpoint must not end before an
    /// earlier one: then the queue names the readings that a checkpoint lacks before the end of all
    /// checkpoints that lack them.
    pub changed_from: Option<UnixMicroseconds>,
    /// When the first of the hours was refreshed. A restored or different database has another instant, or
    /// none, which shows that a checkpoint of that refresh is invalid.
    pub refreshed_at: Option<UnixMicroseconds>,
}

/// $2 and $3 are the first hour and the one after the last.
pub(super) const READ: &str = "-- refreshed_hours
    select hour, readings, readings_before, readings_after, open_trip_started_at,
        open_trip_moved_at, open_trip_continued, doubted_before, doubted_after,
        case when isfinite(q.changed_from) then q.changed_from end, refreshed_at
    from refreshed_hour
    left join refresh_queue q using (vehicle_id, hour)
    where vehicle_id = $1 and hour >= $2 and hour < $3
    order by hour";

pub(super) const INSERT: &str = "-- remember_hours
    insert into refreshed_hour (
        vehicle_id, hour, readings, readings_before, readings_after, open_trip_started_at,
        open_trip_moved_at, open_trip_continued, doubted_before, doubted_after
    )
    select $1, * from unnest(
        $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[],
        $7::timestamptz[], $8::boolean[], $9::bigint[], $10::bigint[]
    )";

impl KnownHours {
    /// From rows of [`READ`], and for the hour that begins then.
    pub(super) fn of(rows: &[Row], from: UnixMicroseconds) -> Self {
        let states: Vec<HourState> = rows.iter().map(state).collect();
        let own = states.iter().position(|state| state.hour == from);
        let of_own = |column| own.and_then(|index| instant(rows.get(index)?, column));
        Self {
            states,
            changed_from: of_own(9),
            refreshed_at: of_own(10),
        }
    }
}

fn instant(row: &Row, column: usize) -> Option<UnixMicroseconds> {
    row.get::<_, Option<Timestamp>>(column).map(Into::into)
}

fn state(row: &Row) -> HourState {
    let open_trip = instant(row, 4)
        .zip(instant(row, 5))
        .map(|(started_at, moved_at)| OpenTrip {
            started_at,
            moved_at,
        });
    HourState {
        hour: row.get::<_, Timestamp>(0).into(),
        readings: row.get(1),
        readings_before: row.get(2),
        readings_after: row.get(3),
        open_trip,
        open_trip_continued: row.get(6),
        doubted_before: row.get(7),
        doubted_after: row.get(8),
    }
}

/// Writes the rows, after the old ones were deleted.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    statement: &Statement,
    vehicle: VehicleNumber,
    states: &[HourState],
) -> Result<(), Error> {
    let hours: Vec<Timestamp> = states.iter().map(|s| timestamp(s.hour)).collect();
    let readings: Vec<i64> = states.iter().map(|s| s.readings).collect();
    let readings_before: Vec<i64> = states.iter().map(|s| s.readings_before).collect();
    let readings_after: Vec<i64> = states.iter().map(|s| s.readings_after).collect();
    let trip = |pick: fn(OpenTrip) -> UnixMicroseconds| -> Vec<Option<Timestamp>> {
        states
            .iter()
            .map(|s| s.open_trip.map(|trip| timestamp(pick(trip))))
            .collect()
    };
    let continued: Vec<bool> = states.iter().map(|s| s.open_trip_continued).collect();
    let doubted_before: Vec<i64> = states.iter().map(|s| s.doubted_before).collect();
    let doubted_after: Vec<i64> = states.iter().map(|s| s.doubted_after).collect();
    transaction
        .execute(
            statement,
            &[
                &vehicle,
                &hours,
                &readings,
                &readings_before,
                &readings_after,
                &trip(|t| t.started_at),
                &trip(|t| t.moved_at),
                &continued,
                &doubted_before,
                &doubted_after,
            ],
        )
        .await
        .map(drop)
}
