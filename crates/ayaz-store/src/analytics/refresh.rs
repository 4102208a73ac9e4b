//! Refreshes neighbouring hours of one vehicle in one transaction.

mod statements;

pub use statements::RefreshStatements;

use ayaz_energy::clock::ClockRun;
use ayaz_energy::days::{DayTime, SessionSpan, Span};
use ayaz_energy::exterior::ExteriorChanges;
use ayaz_energy::hours::HoursOutcome;
use ayaz_energy::service_days::ServiceDayRules;
use ayaz_energy::sessions::{Session, SessionHead};
use ayaz_energy::trip_days::{DayTripBand, TripDay};
use ayaz_energy::{Bucket, Sample};
use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use futures_util::future::try_join;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, IsolationLevel, Transaction};

use super::states::KnownHours;
use super::storage::{HourRange, RefreshStorage, ReplacedHours, SessionHeads};
use super::{buckets, clock, days, exterior, quality, samples, sessions, states, timestamp};
use super::{trip_days, trip_sums};
use crate::context::rules_by;
use crate::error::StoreError;

/// A transaction with one snapshot.
pub(super) async fn snapshot(client: &mut Client) -> Result<Transaction<'_>, Error> {
    let builder = client.build_transaction();
    builder
        .isolation_level(IsolationLevel::RepeatableRead)
        .start()
        .await
}

/// The transaction, with one snapshot. Dropping it undoes all changes.
pub struct Refresh<'a> {
    transaction: Transaction<'a>,
    statements: &'a RefreshStatements,
    range: HourRange,
}

impl<'a> Refresh<'a> {
    /// Begins a refresh of the hours.
    pub async fn begin(
        client: &'a mut Client,
        statements: &'a RefreshStatements,
        range: HourRange,
    ) -> Result<Self, StoreError> {
        let transaction = snapshot(client)
            .await
            .map_err(|error| StoreError::from_driver("begin a refresh", error))?;
        Ok(Self {
            transaction,
            statements,
            range,
        })
    }

    /// The same within a larger transaction. Its commit becomes part of that one.
    pub(super) async fn within(
        transaction: &'a mut Transaction<'_>,
        statements: &'a RefreshStatements,
        range: HourRange,
    ) -> Result<Self, StoreError> {
        let transaction = transaction
            .transaction()
            .await
            .map_err(|error| StoreError::from_driver("begin a refresh in a savepoint", error))?;
        Ok(Self {
            transaction,
            statements,
            range,
        })
    }

    /// Deletes the old rows of the hours, and inserts buckets. Returns the row of the first statement.
    async fn replace_buckets(&self, buckets: &[Bucket]) -> Result<ReplacedHours, StoreError> {
        let vehicle = self.range.vehicle;
        let own: Vec<Timestamp> = self.range.hours().map(timestamp).collect();
        let (from, to) = (timestamp(self.range.from), timestamp(self.range.to()));
        let range: [&(dyn ToSql + Sync); 4] = [&vehicle, &from, &to, &own];
        let forget = async {
            let statement = &self.statements.forget;
            let row = self.transaction.query_one(statement, &range).await;
            row.map_err(|error| StoreError::from_driver("write refreshed hours", error))
        };
        let insert = &self.statements.insert_buckets;
        // Sends the statements without waiting for answers ([`CopyIn`] describes the limits).
        //
        // [`CopyIn`]: super::rows::CopyIn
        let (gone, ()) = try_join(
            forget,
            buckets::insert(&self.transaction, insert, vehicle, buckets),
        )
        .await?;
        Ok(ReplacedHours {
            queued_at: gone.get::<_, Option<Timestamp>>(0).map(Into::into),
            exteriors: exterior::from_row(&gone, 1),
            refreshed_at: gone.get::<_, Timestamp>(4).into(),
        })
    }

    /// Inserts hour states and clock runs.
    async fn remember(&self, hours: &HoursOutcome) -> Result<(), StoreError> {
        if hours.states.is_empty() {
            return Ok(());
        }
        let (vehicle, statements) = (self.range.vehicle, self.statements);
        let (remember, insert) = (&statements.remember, &statements.insert_clock_runs);
        try_join(
            states::insert(&self.transaction, remember, vehicle, &hours.states),
            clock::insert(&self.transaction, insert, vehicle, &hours.clock_runs),
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("write refreshed hours", error))
    }
}

impl RefreshStorage for Refresh<'_> {
    fn range(&self) -> HourRange {
        self.range
    }

    async fn known(&self) -> Result<KnownHours, StoreError> {
        let before = timestamp(self.range.from.plus(-HOUR_MICROSECONDS));
        let after = timestamp(self.range.to().plus(HOUR_MICROSECONDS));
        let statement = &self.statements.states;
        let rows = self
            .transaction
            .query(statement, &[&self.range.vehicle, &before, &after])
            .await
            .map_err(|error| StoreError::from_driver("read the state of hours", error))?;
        Ok(KnownHours::of(&rows, self.range.from))
    }

    async fn clock_runs(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> Result<Vec<ClockRun>, StoreError> {
        let statement = &self.statements.clock_runs;
        clock::read(&self.transaction, statement, self.range.vehicle, from, to)
            .await
            .map_err(|error| StoreError::from_driver("read clock runs", error))
    }

    async fn service_day_rules(&self) -> Result<ServiceDayRules, StoreError> {
        let RefreshStatements {
            service_day_rules,
            zones,
            ..
        } = self.statements;
        rules_by(
            &self.transaction,
            service_day_rules,
            self.range.vehicle,
            zones,
        )
        .await
    }

    async fn read_samples(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
        take: impl FnMut(Sample) -> bool + Send,
    ) -> Result<u64, StoreError> {
        samples::read(&self.transaction, self.range.vehicle, from, to, take).await
    }

    async fn replace_hours(&self, hours: &HoursOutcome) -> Result<ReplacedHours, StoreError> {
        let replaced = self.replace_buckets(&hours.buckets).await?;
        try_join(
            quality::insert(
                &self.transaction,
                &self.statements.quality,
                self.range.vehicle,
                &hours.sequences,
                &hours.flagged_spans,
            ),
            self.remember(hours),
        )
        .await?;
        Ok(replaced)
    }

    async fn change_exteriors(&self, changes: &ExteriorChanges) -> Result<(), StoreError> {
        let statement = &self.statements.change_exteriors;
        exterior::change(&self.transaction, statement, self.range.vehicle, changes).await
    }

    async fn queue_hours(
        &self,
        hours: &[UnixMicroseconds],
        queued_at: Option<UnixMicroseconds>,
    ) -> Result<(), StoreError> {
        let hours: Vec<Timestamp> = hours.iter().copied().map(timestamp).collect();
        let queued_at = queued_at.map(timestamp);
        self.transaction
            .execute(
                &self.statements.queue,
                &[&self.range.vehicle, &hours, &queued_at],
            )
            .await
            .map(drop)
            .map_err(|error| StoreError::from_driver("queue hours", error))
    }

    async fn session_heads(&self, after: Option<SessionHead>) -> Result<SessionHeads, StoreError> {
        let statements = &self.statements.sessions;
        sessions::heads(&self.transaction, statements, self.range, after).await
    }

    async fn buckets(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> Result<Vec<Bucket>, StoreError> {
        let statement = &self.statements.read_buckets;
        buckets::read(&self.transaction, statement, self.range.vehicle, from, to).await
    }

    async fn replace_sessions(
        &self,
        begins: Span,
        sessions: &[Session],
    ) -> Result<Vec<Date>, StoreError> {
        let (vehicle, statements) = (self.range.vehicle, &self.statements.sessions);
        sessions::replace(&self.transaction, statements, vehicle, begins, sessions).await
    }

    async fn session_spans(&self, time: Span) -> Result<Vec<SessionSpan>, StoreError> {
        let statement = &self.statements.days.spans;
        days::spans(&self.transaction, statement, self.range.vehicle, time).await
    }

    async fn replace_day_times(
        &self,
        days: (Date, Date),
        time: Span,
        times: &[DayTime],
    ) -> Result<(), StoreError> {
        let (vehicle, statement) = (self.range.vehicle, &self.statements.days.replace);
        days::replace(&self.transaction, statement, vehicle, days, time, times).await
    }

    async fn day_trips(&self, service_days: &[Date]) -> Result<Vec<DayTripBand>, StoreError> {
        let (vehicle, statement) = (self.range.vehicle, &self.statements.trip_days.trips);
        trip_days::trips(&self.transaction, statement, vehicle, service_days).await
    }

    async fn replace_trip_days(
        &self,
        service_days: &[Date],
        sums: &[TripDay],
    ) -> Result<(), StoreError> {
        let ([first, ..], [.., last]) = (service_days, service_days) else {
            return Ok(());
        };
        let vehicle = self.range.vehicle;
        let (days, statements) = (&self.statements.trip_days, &self.statements.trip_sums);
        // Sends the statements without waiting for answers.
        try_join(
            trip_days::replace(&self.transaction, days, vehicle, service_days, sums),
            trip_sums::add_up(&self.transaction, statements, vehicle, (*first, *last)),
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("add trips up", error))
    }

    async fn commit(self) -> Result<(), StoreError> {
        if let Some(lease) = &self.statements.lease {
            lease.check(&self.transaction).await?;
        }
        self.transaction
            .commit()
            .await
            .map_err(|error| StoreError::from_driver("commit a refresh", error))
    }
}
