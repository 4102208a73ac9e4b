//! The write path: one batch of messages, one transaction, no losses.
//!
//! A batch is first written the fast way, by plain binary COPY. If a row is a duplicate (SQLSTATE 23505) or
//! set aside, the whole batch goes through staging tables with `on conflict do nothing`, which costs about
//! twice as much; so do the next batches, until there are no more duplicates. If the database refuses the
//! data for another reason, the batch is halved until the refused message is alone; it becomes a dead letter.
//! A batch over too many chunks for one transaction is also halved, down to single rows of a message. If the
//! server fails because of its own state, the caller gets an error and tries the same batch again.

mod aside;
mod bisect;
mod clock;
mod dead_letters;
mod insert;
mod redelivery;
mod rows;
mod side_tables;
mod spread;
mod transaction;
mod verify;

use std::time::Duration;

use crate::connect::{Connection, DatabaseUrl, Role, transaction_pooler};
use crate::error::StoreError;
use crate::message::{Content, Message, Rejection};
use crate::migrate::check_tables;

pub use aside::{SetAside, VEHICLE_DAYS_PER_HOUR_MAX};
use bisect::{PartWriter, write_bisecting};
pub use clock::ClockOffset;
pub use dead_letters::{DeadLetterLimits, PAYLOAD_START_BYTES};
use redelivery::Redelivery;
use rows::RowPlan;
use transaction::{Session, WriteMode};

/// Result of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// New readings and cell readings, including those that are set aside.
    pub readings_new: u64,
    /// Duplicates.
    pub readings_duplicate: u64,
    /// New readings that were set aside.
    pub readings_set_aside: SetAside,
    /// Messages that became dead letters because the database refused them. Messages that ingest rejected
    /// before do not count.
    pub messages_refused: u64,
    /// Rejected or refused messages over the limit of dead letters: counted, not kept.
    pub messages_suppressed: u64,
    /// Transactions committed.
    pub transactions: u64,
}

impl Written {
    fn add(&mut self, other: Self) {
        self.readings_new += other.readings_new;
        self.readings_duplicate += other.readings_duplicate;
        self.readings_set_aside.add(other.readings_set_aside);
        self.messages_refused += other.messages_refused;
        self.messages_suppressed += other.messages_suppressed;
        self.transactions += other.transactions;
    }
}

/// Limits for writing a batch.
#[derive(Debug, Clone, Copy)]
struct Rules {
    daemon_version: &'static str,
    dead_letter_limits: DeadLetterLimits,
    /// Distinct days of one vehicle in an hour, without the days around today.
    vehicle_days_per_hour_max: u32,
}

/// Writes batches, one at a time. Several stores may write at the same time: a reading that both get is
/// stored once, and all take their locks in one order.
#[derive(Debug)]
pub struct IngestStore {
    url: DatabaseUrl,
    write_timeout: Duration,
    rules: Rules,
    session: Option<Session>,
    /// From the last connection.
    clock_offset: Option<ClockOffset>,
    redelivery: Redelivery,
}

impl IngestStore {
    /// A store that connects at first use. If a batch takes longer than `write_timeout`, it fails and its
    /// connection is dropped: COPY does not obey `statement_timeout` (rust-postgres #1109).
    pub fn new(url: DatabaseUrl, write_timeout: Duration, daemon_version: &'static str) -> Self {
        Self {
            url,
            write_timeout,
            rules: Rules {
                daemon_version,
                dead_letter_limits: DeadLetterLimits::default(),
                vehicle_days_per_hour_max: VEHICLE_DAYS_PER_HOUR_MAX,
            },
            session: None,
            clock_offset: None,
            redelivery: Redelivery::default(),
        }
    }

    /// A second store with the same settings and its own connection.
    pub fn beside(&self) -> Self {
        Self {
            url: self.url.clone(),
            write_timeout: self.write_timeout,
            rules: self.rules,
            session: None,
            clock_offset: None,
            redelivery: Redelivery::default(),
        }
    }

    /// The same store with other limits on dead letters.
    pub fn with_dead_letter_limits(mut self, dead_letter_limits: DeadLetterLimits) -> Self {
        self.rules.dead_letter_limits = dead_letter_limits;
        self
    }

    /// The same store with another limit on the distinct days of a vehicle in an hour, without the days
    /// around today. Days over the limit are set aside.
    pub fn with_vehicle_days_per_hour_max(mut self, days_max: u32) -> Self {
        self.rules.vehicle_days_per_hour_max = days_max;
        self
    }

    /// Connects if there is no connection, and checks the schema version.
    pub async fn connect(&mut self) -> Result<(), StoreError> {
        if self
            .session
            .as_ref()
            .is_none_or(|session| session.connection.is_closed())
        {
            self.session = None;
            let open = async {
                let connection = Connection::open(&self.url, Role::Ingest).await?;
                check_tables(&connection).await?;
                transaction::check_may_stage(&connection).await?;
                let offset = clock::measure(&connection.client).await?;
                let session = Session::prepare(connection, self.write_timeout).await?;
                Ok((session, offset))
            };
            let (session, offset) = self.bounded(open).await?;
            self.session = Some(session);
            self.clock_offset = Some(offset);
        }
        Ok(())
    }

    /// Returns the clock difference of the last connection once; then `None` until the next one.
    pub fn take_clock_offset(&mut self) -> Option<ClockOffset> {
        self.clock_offset.take()
    }

    /// Compares the clocks of this machine and the database.
    pub async fn compare_clocks(&mut self) -> Result<ClockOffset, StoreError> {
        self.connect().await?;
        // After an error, the state of the connection is not known.
        let session = self.session.take().ok_or_else(gone)?;
        let offset = clock::measure(&session.connection.client);
        let offset = self.bounded(offset).await?;
        self.session = Some(session);
        Ok(offset)
    }

    /// Writes the messages: each becomes rows or a dead letter. After an error some of them may be stored;
    /// writing all again is safe and changes no stored data.
    pub async fn write(&mut self, messages: &[Message]) -> Result<Written, StoreError> {
        write_bisecting(self, messages).await
    }

    async fn attempt(
        &mut self,
        messages: &[Message],
        mode: WriteMode,
    ) -> Result<Written, StoreError> {
        self.connect().await?;
        let mut session = self.session.take().ok_or_else(gone)?;
        let rules = self.rules;
        let work = async {
            let numbers = session.numbers(messages).await?;
            let plan = RowPlan::new(messages, &numbers);
            session.write(plan, mode, &rules).await
        };
        let Ok(outcome) = tokio::time::timeout(self.write_timeout, work).await else {
            session.abandon();
            return Err(timed_out());
        };
        // After an error that is not caused by the data, the state of the connection is not known. After
        // `TooLarge` the connection is kept: the server reports the error before it releases the locks, and
        // only statements on the same connection wait for that.
        let usable = matches!(
            outcome,
            Ok(_)
                | Err(StoreError::Duplicate { .. }
                    | StoreError::TooLarge { .. }
                    | StoreError::Refused { .. })
        );
        if usable {
            self.session = Some(session);
        }
        // A problem of the connection itself explains the error better.
        outcome.map_err(|error| match error {
            StoreError::Fatal(cause) if cause == verify::NOT_OURS => transaction_pooler(&self.url),
            other => other,
        })
    }

    async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        tokio::time::timeout(self.write_timeout, work)
            .await
            .unwrap_or_else(|_| Err(timed_out()))
    }
}

impl PartWriter<Message> for IngestStore {
    async fn write_part(&mut self, messages: &[Message]) -> Result<Written, StoreError> {
        spread::check(messages)?;
        if self.redelivery.mode() == WriteMode::Direct {
            match self.attempt(messages, WriteMode::Direct).await {
                Err(StoreError::Duplicate { .. }) => self.redelivery.found_duplicate(),
                other => return other,
            }
        }
        let mut outcome = self.attempt(messages, WriteMode::Staged).await;
        // A reading was set aside at the same time.
        if matches!(outcome, Err(StoreError::Duplicate { .. })) {
            outcome = self.attempt(messages, WriteMode::Alone).await;
        }
        match outcome {
            // Only an unknown unique key of a table can cause this.
            Err(StoreError::Duplicate { operation }) => Err(StoreError::Fatal(format!(
                "{operation}: a duplicate key that `on conflict do nothing` does not cover"
            ))),
            Ok(written) => {
                self.redelivery.staged(written.readings_duplicate);
                Ok(written)
            }
            other => other,
        }
    }

    async fn store_dead_letter(
        &mut self,
        message: &Message,
        cause: String,
    ) -> Result<Written, StoreError> {
        let content = Content::Rejected(Rejection {
            reason: "refused_by_database",
            detail: cause,
        });
        let letter = Message {
            envelope: message.envelope.clone(),
            content,
        };
        match self.attempt(&[letter], WriteMode::Direct).await {
            Ok(written) => Ok(Written {
                messages_refused: 1,
                ..written
            }),
            // The data is not the cause: a dead letter accepts any bytes.
            Err(StoreError::Refused { operation, cause }) => {
                self.session = None;
                Err(StoreError::Transient { operation, cause })
            }
            Err(error) => Err(error),
        }
    }

    fn halve(whole: &Message) -> Option<[Message; 2]> {
        spread::halve(whole)
    }
}

fn gone() -> StoreError {
    StoreError::Transient {
        operation: "write",
        cause: "the connection is closed".to_owned(),
    }
}

fn timed_out() -> StoreError {
    StoreError::Transient {
        operation: "write",
        cause: "the database did not answer".to_owned(),
    }
}
