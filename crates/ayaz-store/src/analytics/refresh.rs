//! Neighbouring hours of one vehicle, worked out anew in one transaction.

use ayaz_energy::clock::ClockRun;
use ayaz_energy::days::{DayTime, SessionSpan};
use ayaz_energy::exterior::exterior_on_trips;
use ayaz_energy::hours::HoursOutcome;
use ayaz_energy::service_days::ServiceDayRules;
use ayaz_energy::sessions::{Session, Window};
use ayaz_energy::trip_days::{DayTripBand, TripDay};
use ayaz_energy::{Bucket, Sample};
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_model::{UnixMicroseconds, VehicleNumber};
use futures_util::future::try_join;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, IsolationLevel, Statement, Transaction};

use super::buckets;
use super::clock;
use super::days;
use super::exterior;
use super::lease::Lease;
use super::quality;
use super::rows::CopyIn;
use super::samples;
use super::sessions;
use super::states::{self, KnownHours};
use super::timestamp;
use super::trip_days;
use super::trip_sums;
use crate::context::{SERVICE_DAY_RULES, Zones, rules_by};
use crate::error::StoreError;

/// The statements of a refresh, prepared once a connection, and the time zones that they came upon.
#[derive(Debug, Clone)]
pub struct RefreshStatements {
    states: Statement,
    forget: Statement,
    remember: Statement,
    clock_runs: Statement,
    insert_clock_runs: Statement,
    queue: Statement,
    change_exteriors: Statement,
    service_day_rules: Statement,
    zones: Zones,
    lease: Option<Lease>,
    read_buckets: Statement,
    insert_buckets: CopyIn,
    quality: quality::Statements,
    sessions: sessions::Statements,
    days: days::Statements,
    trip_days: trip_days::Statements,
    trip_sums: trip_sums::Statements,
}

impl RefreshStatements {
    /// Prepares them.
    pub async fn prepare(client: &Client) -> Result<Self, StoreError> {
        Self::prepare_all(client)
            .await
            .map_err(|error| StoreError::from_driver("prepare the refresh", error))
    }

    /// The same for the holder of that lease: only as long as it has it, anything is committed.
    pub fn under(self, lease: Lease) -> Self {
        Self {
            lease: Some(lease),
            ..self
        }
    }

    async fn prepare_all(client: &Client) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            states: client.prepare(states::READ).await?,
            forget: client.prepare(FORGET).await?,
            remember: client.prepare(states::INSERT).await?,
            clock_runs: client.prepare(clock::READ).await?,
            insert_clock_runs: client.prepare(clock::INSERT).await?,
            queue: client.prepare(QUEUE).await?,
            change_exteriors: client.prepare(exterior::CHANGE).await?,
            service_day_rules: client.prepare(SERVICE_DAY_RULES).await?,
            zones: Zones::default(),
            lease: None,
            read_buckets: client.prepare(&buckets::read_statement()).await?,
            insert_buckets: buckets::prepare_insert(client).await?,
            quality: quality::Statements::prepare(client).await?,
            sessions: sessions::Statements::prepare(client).await?,
            days: days::Statements {
                spans: client.prepare(days::SPANS).await?,
                replace: client.prepare(days::REPLACE).await?,
            },
            trip_days: trip_days::Statements::prepare(client).await?,
            trip_sums: trip_sums::Statements::prepare(client).await?,
        })
    }
}

/// $4 are the hours, since an index begins with them. Returns what is known of the air in them.
const FORGET: &str = "-- forget_hours
    with buckets as (
        delete from energy_bucket where vehicle_id = $1 and hour >= $2 and hour < $3
    ), sequences as (
        delete from hour_sequence where vehicle_id = $1 and hour >= $2 and hour < $3
    ), spans as (
        delete from flagged_span where vehicle_id = $1 and hour >= $2 and hour < $3
    ), runs as (
        delete from clock_run where vehicle_id = $1 and hour >= $2 and hour < $3
    ), queued as (
        delete from refresh_queue where vehicle_id = $1 and hour >= $2 and hour < $3
        returning queued_at
    ), states as (
        delete from refreshed_hour where vehicle_id = $1 and hour >= $2 and hour < $3
    )
    select (select min(queued_at) from queued),
        coalesce(array_agg(hour), '{}'),
        coalesce(array_agg(kelvin_seconds), '{}'),
        coalesce(array_agg(seconds), '{}'),
        now()
    from hour_exterior where hour = any ($4) and vehicle_id = $1";

/// An hour that was never worked out either has no readings or waits in the queue anyway. What made
/// another one wrong are the readings that made the hours themselves wrong, so it has waited as long.
const QUEUE: &str = "-- queue_others
    insert into refresh_queue as q (vehicle_id, hour, queued_at)
    select vehicle_id, hour, coalesce($3, now())
    from refreshed_hour where vehicle_id = $1 and hour = any ($2)
    on conflict (vehicle_id, hour) do update
        set queued_at = least(q.queued_at, excluded.queued_at), changed_from = '-infinity'
        where q.queued_at > excluded.queued_at or q.changed_from > '-infinity'";

/// A transaction that reads everything from one snapshot.
pub(super) async fn snapshot(client: &mut Client) -> Result<Transaction<'_>, Error> {
    let builder = client.build_transaction();
    builder
        .isolation_level(IsolationLevel::RepeatableRead)
        .start()
        .await
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
        let transaction = snapshot(client)
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

    /// The same within a transaction that does more. Committed, it is part of that one.
    pub(super) async fn within(
        transaction: &'a mut Transaction<'_>,
        statements: &'a RefreshStatements,
        vehicle: VehicleNumber,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> Result<Self, StoreError> {
        let transaction = transaction
            .transaction()
            .await
            .map_err(|error| StoreError::from_driver("begin a part of a refresh", error))?;
        Ok(Self {
            transaction,
            statements,
            vehicle,
            from,
            to,
        })
    }

    /// What is known of these hours.
    pub async fn known(&self) -> Result<KnownHours, StoreError> {
        let before = timestamp(self.from.plus(-HOUR_MICROSECONDS));
        let after = timestamp(self.to.plus(HOUR_MICROSECONDS));
        let statement = &self.statements.states;
        let rows = self
            .transaction
            .query(statement, &[&self.vehicle, &before, &after])
            .await
            .map_err(|error| StoreError::from_driver("read refreshed hours", error))?;
        Ok(KnownHours::of(&rows, self.from))
    }

    /// What is known of the clock in the hours from `from` up to and without `to`.
    pub async fn clock_runs(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> Result<Vec<ClockRun>, StoreError> {
        let statement = &self.statements.clock_runs;
        clock::read(&self.transaction, statement, self.vehicle, from, to)
            .await
            .map_err(|error| StoreError::from_driver("read what is known of the clock", error))
    }

    /// By which rules the vehicle's service days are told.
    pub async fn service_day_rules(&self) -> Result<ServiceDayRules, StoreError> {
        let RefreshStatements {
            service_day_rules,
            zones,
            ..
        } = self.statements;
        rules_by(&self.transaction, service_day_rules, self.vehicle, zones).await
    }

    /// Puts the hours back on the queue, as far as they were worked out before.
    pub async fn put_back(&self) -> Result<(), StoreError> {
        let queued_at: Option<Timestamp> = None;
        self.transaction
            .execute(
                &self.statements.queue,
                &[&self.vehicle, &self.own_hours(), &queued_at],
            )
            .await
            .map(drop)
            .map_err(|error| StoreError::from_driver("put hours back on the queue", error))
    }

    fn own_hours(&self) -> Vec<Timestamp> {
        let own = std::iter::successors(Some(self.from), |hour| {
            Some(hour.plus(HOUR_MICROSECONDS)).filter(|hour| *hour < self.to)
        });
        own.map(timestamp).collect()
    }

    /// Hands the vehicle's good samples from `from` up to and without `to` to `take`, in order,
    /// until it says `false`. Returns their number.
    pub async fn read_samples(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
        take: impl FnMut(Sample) -> bool,
    ) -> Result<u64, StoreError> {
        samples::read(&self.transaction, self.vehicle, from, to, take).await
    }

    /// Puts what the hours come to in the place of what was known of them, takes them off the
    /// queue, and puts those on it that are no longer right. Returns when they were worked out, as it
    /// stands in [`KnownHours::refreshed_at`].
    pub async fn write_hours(&self, hours: &HoursOutcome) -> Result<UnixMicroseconds, StoreError> {
        let failed = |error| StoreError::from_driver("write refreshed hours", error);
        let (vehicle, statements) = (self.vehicle, self.statements);
        let own = self.own_hours();
        let (from, to) = (timestamp(self.from), timestamp(self.to));
        let range: [&(dyn ToSql + Sync); 4] = [&vehicle, &from, &to, &own];
        let forget = async {
            let row = self.transaction.query_one(&statements.forget, &range).await;
            row.map_err(failed)
        };
        let remember = async {
            if hours.states.is_empty() {
                return Ok(());
            }
            let insert = &statements.insert_clock_runs;
            try_join(
                states::insert(
                    &self.transaction,
                    &self.statements.remember,
                    self.vehicle,
                    &hours.states,
                ),
                clock::insert(&self.transaction, insert, vehicle, &hours.clock_runs),
            )
            .await
            .map(drop)
            .map_err(failed)
        };
        // Sent one after the other, without waiting for the answers ([`CopyIn`] says how far).
        let (gone, ()) = try_join(
            forget,
            buckets::insert(
                &self.transaction,
                &statements.insert_buckets,
                vehicle,
                &hours.buckets,
            ),
        )
        .await?;
        try_join(
            quality::insert(
                &self.transaction,
                &statements.quality,
                vehicle,
                &hours.sequences,
                &hours.flagged_spans,
            ),
            remember,
        )
        .await?;
        let queued_at: Option<Timestamp> = gone.get(0);
        let before = exterior::from_row(&gone, 1);
        let now = exterior_on_trips(&hours.buckets);
        let statement = &statements.change_exteriors;
        exterior::change(&self.transaction, statement, vehicle, &before, &now).await?;
        let queued: Vec<Timestamp> = [
            hours
                .neighbours
                .before
                .then(|| timestamp(self.from.plus(-HOUR_MICROSECONDS))),
            hours.neighbours.after.then(|| timestamp(self.to)),
        ]
        .into_iter()
        .flatten()
        .chain(hours.clock_changed.iter().copied().map(timestamp))
        .collect();
        if !queued.is_empty() {
            self.transaction
                .execute(&self.statements.queue, &[&vehicle, &queued, &queued_at])
                .await
                .map_err(failed)?;
        }
        Ok(gone.get::<_, Timestamp>(4).into())
    }

    /// The time whose sessions may be others now, and the buckets that they are made of. After
    /// [`write_hours`](Self::write_hours).
    pub async fn session_buckets(&self) -> Result<(Window, Vec<Bucket>), StoreError> {
        let row = self
            .transaction
            .query_one(
                &self.statements.sessions.window,
                &[&self.vehicle, &timestamp(self.from), &timestamp(self.to)],
            )
            .await
            .map_err(|error| StoreError::from_driver("look for sessions", error))?;
        let at = |column| row.get::<_, Option<Timestamp>>(column).map(Into::into);
        let window = Window {
            from: at(0),
            is_on_trip: row.get(1),
            is_cut_before: row.get(2),
            to: at(3),
            goes_on_at: at(4),
        };
        let (from, to) = window.hours(self.from, self.to);
        let statement = &self.statements.read_buckets;
        let buckets = buckets::read(&self.transaction, statement, self.vehicle, from, to).await?;
        Ok((window, buckets))
    }

    /// Puts the sessions, in the order of their start, in the place of those of the window. Returns
    /// the service days of trips that were taken away.
    pub async fn replace_sessions(
        &self,
        window: Window,
        sessions: &[Session],
    ) -> Result<Vec<Date>, StoreError> {
        let range = self.begins_of(window);
        let statements = &self.statements.sessions;
        sessions::replace(&self.transaction, statements, self.vehicle, range, sessions).await
    }

    /// From the first to the last instant at which a session of the window can begin.
    pub fn begins_of(&self, window: Window) -> (UnixMicroseconds, UnixMicroseconds) {
        let (from, to) = window.hours(self.from, self.to);
        (window.from.unwrap_or(from), window.to.unwrap_or(to))
    }

    /// The sessions that touch a time, and their neighbours, by their start.
    pub async fn session_spans(
        &self,
        time: (UnixMicroseconds, UnixMicroseconds),
    ) -> Result<Vec<SessionSpan>, StoreError> {
        let statement = &self.statements.days.spans;
        days::spans(&self.transaction, statement, self.vehicle, time).await
    }

    /// Puts the times of days in the place of those from the first to the last day, which are a time.
    pub async fn replace_day_times(
        &self,
        days: (Date, Date),
        time: (UnixMicroseconds, UnixMicroseconds),
        times: &[DayTime],
    ) -> Result<(), StoreError> {
        let statement = &self.statements.days.replace;
        days::replace(
            &self.transaction,
            statement,
            self.vehicle,
            days,
            time,
            times,
        )
        .await
    }

    /// The trips that began on these service days, band by band, in order.
    pub async fn day_trips(&self, service_days: &[Date]) -> Result<Vec<DayTripBand>, StoreError> {
        let statement = &self.statements.trip_days.trips;
        trip_days::trips(&self.transaction, statement, self.vehicle, service_days).await
    }

    /// Puts the sums of trips in the place of those of these service days, which are in order, and has
    /// the vehicle's months around them and all its months added up from them. A day without a sum has
    /// no trips.
    pub async fn replace_trip_days(
        &self,
        service_days: &[Date],
        sums: &[TripDay],
    ) -> Result<(), StoreError> {
        let ([first, ..], [.., last]) = (service_days, service_days) else {
            return Ok(());
        };
        let (days, statements) = (&self.statements.trip_days, &self.statements.trip_sums);
        // Sent one after the other, without waiting for the answers.
        try_join(
            trip_days::replace(&self.transaction, days, self.vehicle, service_days, sums),
            trip_sums::add_up(&self.transaction, statements, self.vehicle, (*first, *last)),
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("add trips up", error))
    }

    /// Makes all of it visible at once.
    pub async fn commit(self) -> Result<(), StoreError> {
        if let Some(lease) = &self.statements.lease {
            lease.check(&self.transaction).await?;
        }
        self.transaction
            .commit()
            .await
            .map_err(|error| StoreError::from_driver("commit a refresh", error))
    }
}
