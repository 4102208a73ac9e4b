//! Neighbouring hours of one vehicle, worked out anew in one transaction.

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use jiff::Timestamp;
use tokio_postgres::{Client, IsolationLevel, Row, Statement, Transaction};

use super::pieces::{self, Piece};
use super::samples::{self, Sample, Which};
use super::states::{HourState, OpenTrip};
use super::timestamp;
use crate::error::StoreError;
use crate::vehicles::VehicleNumber;

/// The statements of a refresh, prepared once a connection.
#[derive(Debug, Clone)]
pub struct RefreshStatements {
    states: Statement,
    forget: Statement,
    remember: Statement,
    queue: Statement,
}

impl RefreshStatements {
    /// Prepares them.
    pub async fn prepare(client: &Client) -> Result<Self, StoreError> {
        let failed = |error| StoreError::from_driver("prepare the refresh", error);
        Ok(Self {
            states: client.prepare(STATES).await.map_err(failed)?,
            forget: client.prepare(FORGET).await.map_err(failed)?,
            remember: client.prepare(REMEMBER).await.map_err(failed)?,
            queue: client.prepare(QUEUE).await.map_err(failed)?,
        })
    }
}

const STATES: &str = "-- refreshed_hours
    select hour, readings, readings_after, open_trip_started_at, open_trip_moved_at,
        open_trip_continued
    from refreshed_hour
    where vehicle_id = $1 and hour >= $2 and hour < $3
    order by hour";

const FORGET: &str = "-- forget_hours
    with pieces as (
        delete from energy_piece where vehicle_id = $1 and hour >= $2 and hour < $3
    ), queued as (
        delete from refresh_queue where vehicle_id = $1 and hour >= $2 and hour < $3
        returning queued_at
    ), states as (
        delete from refreshed_hour where vehicle_id = $1 and hour >= $2 and hour < $3
    )
    select min(queued_at) from queued";

const REMEMBER: &str = "-- remember_hours
    insert into refreshed_hour (
        vehicle_id, hour, readings, readings_after, open_trip_started_at, open_trip_moved_at,
        open_trip_continued
    )
    select $1, * from unnest(
        $2::timestamptz[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[],
        $7::boolean[]
    )";

/// An hour that was never worked out either has no readings or waits in the queue anyway. What made
/// a neighbour wrong are the readings that made the hours themselves wrong, so it has waited as long.
const QUEUE: &str = "-- queue_neighbours
    insert into refresh_queue as q (vehicle_id, hour, queued_at)
    select vehicle_id, hour, coalesce($3, now())
    from refreshed_hour where vehicle_id = $1 and hour = any ($2)
    on conflict (vehicle_id, hour)
        do update set queued_at = excluded.queued_at where q.queued_at > excluded.queued_at";

/// Which hours beside the refreshed ones are no longer right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Neighbours {
    /// The hour before.
    pub before: bool,
    /// The hour after.
    pub after: bool,
}

/// The transaction. Everything is read from one snapshot; dropped, it leaves all as it was.
pub struct Refresh<'a> {
    transaction: Transaction<'a>,
    statements: &'a RefreshStatements,
    vehicle: VehicleNumber,
    from: UnixMicroseconds,
    to: UnixMicroseconds,
}

impl<'a> Refresh<'a> {
    /// Begins to work out the hours of the vehicle from `from` up to and without `to`.
    pub async fn begin(
        client: &'a mut Client,
        statements: &'a RefreshStatements,
        vehicle: VehicleNumber,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> Result<Self, StoreError> {
        let transaction = client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .start()
            .await
            .map_err(|error| StoreError::from_driver("begin a refresh", error))?;
        Ok(Self {
            transaction,
            statements,
            vehicle,
            from,
            to,
        })
    }

    /// What is known of these hours and of the one before them.
    pub async fn states(&self) -> Result<Vec<HourState>, StoreError> {
        let before = timestamp(self.from.plus(-HOUR_MICROSECONDS));
        let rows = self
            .transaction
            .query(
                &self.statements.states,
                &[&self.vehicle, &before, &timestamp(self.to)],
            )
            .await
            .map_err(|error| StoreError::from_driver("read refreshed hours", error))?;
        Ok(rows.iter().map(state).collect())
    }

    /// Hands the vehicle's good samples from the first hour's start up to and without `until` to
    /// `take`, in order. Returns their number.
    pub async fn read_samples(
        &self,
        until: UnixMicroseconds,
        mut take: impl FnMut(Sample),
    ) -> Result<u64, StoreError> {
        let take = |sample| {
            take(sample);
            true
        };
        samples::read(
            &self.transaction,
            self.vehicle,
            self.from,
            until,
            Which::All,
            take,
        )
        .await
    }

    /// As [`read_samples`](Self::read_samples), from another instant, only samples without a
    /// drive cycle, and until `take` says `false`.
    pub async fn read_unnumbered_samples(
        &self,
        from: UnixMicroseconds,
        until: UnixMicroseconds,
        take: impl FnMut(Sample) -> bool,
    ) -> Result<u64, StoreError> {
        samples::read(
            &self.transaction,
            self.vehicle,
            from,
            until,
            Which::Unnumbered,
            take,
        )
        .await
    }

    /// Puts the new pieces (sorted by hour) and states in the place of the old ones, takes the
    /// hours off the queue, puts the neighbours on it, and commits.
    pub async fn finish(
        self,
        pieces: &[Piece],
        states: &[HourState],
        neighbours: Neighbours,
    ) -> Result<(), StoreError> {
        let failed = |error| StoreError::from_driver("write refreshed hours", error);
        let vehicle = self.vehicle;
        let queued_at: Option<Timestamp> = self
            .transaction
            .query_one(
                &self.statements.forget,
                &[&vehicle, &timestamp(self.from), &timestamp(self.to)],
            )
            .await
            .map_err(failed)?
            .get(0);
        pieces::insert(&self.transaction, vehicle, pieces).await?;
        if !states.is_empty() {
            self.remember(states).await.map_err(failed)?;
        }
        let queued: Vec<Timestamp> = [
            neighbours
                .before
                .then(|| timestamp(self.from.plus(-HOUR_MICROSECONDS))),
            neighbours.after.then(|| timestamp(self.to)),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !queued.is_empty() {
            self.transaction
                .execute(&self.statements.queue, &[&vehicle, &queued, &queued_at])
                .await
                .map_err(failed)?;
        }
        self.transaction.commit().await.map_err(failed)
    }

    async fn remember(&self, states: &[HourState]) -> Result<(), tokio_postgres::Error> {
        let hours: Vec<Timestamp> = states.iter().map(|s| timestamp(s.hour)).collect();
        let readings: Vec<i64> = states.iter().map(|s| s.readings).collect();
        let readings_after: Vec<i64> = states.iter().map(|s| s.readings_after).collect();
        let trip = |pick: fn(OpenTrip) -> UnixMicroseconds| -> Vec<Option<Timestamp>> {
            states
                .iter()
                .map(|s| s.open_trip.map(|trip| timestamp(pick(trip))))
                .collect()
        };
        let continued: Vec<bool> = states.iter().map(|s| s.open_trip_continued).collect();
        self.transaction
            .execute(
                &self.statements.remember,
                &[
                    &self.vehicle,
                    &hours,
                    &readings,
                    &readings_after,
                    &trip(|t| t.started_at),
                    &trip(|t| t.moved_at),
                    &continued,
                ],
            )
            .await
            .map(drop)
    }
}

fn state(row: &Row) -> HourState {
    let instant = |column| {
        row.get::<_, Option<Timestamp>>(column)
            .map(UnixMicroseconds::from)
    };
    let open_trip = instant(3)
        .zip(instant(4))
        .map(|(started_at, moved_at)| OpenTrip {
            started_at,
            moved_at,
        });
    HourState {
        hour: row.get::<_, Timestamp>(0).into(),
        readings: row.get(1),
        readings_after: row.get(2),
        open_trip,
        open_trip_continued: row.get(5),
    }
}
