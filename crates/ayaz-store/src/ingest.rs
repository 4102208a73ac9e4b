//! The write path: one batch of messages, one transaction, and nothing lost on the way.
//!
//! A batch is first written the fast way: plain binary COPY. Where a row is there already
//! (SQLSTATE 23505), or set aside, the whole batch is redone through staging tables with `on conflict
//! do nothing`, which costs about twice as much; so are the batches after it, until there are no
//! more duplicates. Where the database refuses the data for any other reason, the batch is halved until
//! the one message that it will not take is alone; that becomes a dead letter. Halved too is what spreads over more chunks
//! than one transaction can hold, down to single rows of a message. What the server could not do
//! because of its own state is an error to the caller, who tries the same batch again.

mod aside;
mod bisect;
mod clock;
mod dead_letters;
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
use transaction::{Session, Way};

/// What a batch became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Readings and looks at all cells that are new, wherever they are kept.
    pub readings_new: u64,
    /// Readings that were there already.
    pub readings_duplicate: u64,
    /// Those of the new ones that wait for an operator's decision.
    pub readings_set_aside: SetAside,
    /// Messages that became dead letters because the database refused them. Those that ingest had
    /// rejected before are not counted again.
    pub messages_refused: u64,
    /// Rejected or refused messages that were over the limit on dead letters: counted, not kept.
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

/// By which a batch is written.
#[derive(Debug, Clone, Copy)]
struct Rules {
    daemon_version: &'static str,
    dead_letter_limits: DeadLetterLimits,
    /// Distinct days of one vehicle in an hour, without those around today.
    vehicle_days_per_hour_max: u32,
}

/// Writes batches, one at a time. Several may write at the same time: what both were given is
/// stored once, and they take their locks in one order.
#[derive(Debug)]
pub struct IngestStore {
    url: DatabaseUrl,
    write_timeout: Duration,
    rules: Rules,
    session: Option<Session>,
    /// As the last connection found it.
    clock_offset: Option<ClockOffset>,
    redelivery: Redelivery,
}

impl IngestStore {
    /// A store that connects when it is first used. A batch that takes longer than
    /// `write_timeout` counts as failed and its connection is dropped: COPY does not obey
    /// `statement_timeout` (rust-postgres #1109).
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

    /// Another that writes beside this one, over a connection of its own.
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

    /// The same store with another bound on the distinct days that a vehicle sends in an hour, without
    /// those around today; what comes over it is set aside.
    pub fn with_vehicle_days_per_hour_max(mut self, days_max: u32) -> Self {
        self.rules.vehicle_days_per_hour_max = days_max;
        self
    }

    /// Connects if there is no connection, and checks the schema's version.
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

    /// How far this machine's clock was from the database's at the last connection; `None` if there was
    /// none since it was last asked for.
    pub fn take_clock_offset(&mut self) -> Option<ClockOffset> {
        self.clock_offset.take()
    }

    /// How far this machine's clock is from the database's.
    pub async fn compare_clocks(&mut self) -> Result<ClockOffset, StoreError> {
        self.connect().await?;
        // After an error nothing is known of the connection's state.
        let session = self.session.take().ok_or_else(gone)?;
        let offset = clock::measure(&session.connection.client);
        let offset = self.bounded(offset).await?;
        self.session = Some(session);
        Ok(offset)
    }

    /// Writes the messages: each becomes its rows or a dead letter. After an error some of them may
    /// be stored; writing all of them again is right and changes nothing that is stored.
    pub async fn write(&mut self, messages: &[Message]) -> Result<Written, StoreError> {
        write_bisecting(self, messages).await
    }

    async fn attempt(&mut self, messages: &[Message], way: Way) -> Result<Written, StoreError> {
        self.connect().await?;
        let mut session = self.session.take().ok_or_else(gone)?;
        let rules = self.rules;
        let work = async {
            let numbers = session.numbers(messages).await?;
            let plan = RowPlan::new(messages, &numbers);
            session.write(plan, way, &rules).await
        };
        let Ok(outcome) = tokio::time::timeout(self.write_timeout, work).await else {
            session.abandon();
            return Err(timed_out());
        };
        // After an error that is not about the data, nothing is known of the connection's state. After
        // one of size it is kept: the server tells of it before it has given up the locks, and only
        // what comes over the same connection waits for that.
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
        // What is wrong with the connection itself is said by itself.
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
        if self.redelivery.way() == Way::Direct {
            match self.attempt(messages, Way::Direct).await {
                Err(StoreError::Duplicate { .. }) => self.redelivery.begins(),
                other => return other,
            }
        }
        let mut outcome = self.attempt(messages, Way::Staged).await;
        // One of them was set aside at the same time.
        if matches!(outcome, Err(StoreError::Duplicate { .. })) {
            outcome = self.attempt(messages, Way::Alone).await;
        }
        match outcome {
            // Only a table that has another unique key than the one we know does this.
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

    async fn bury(&mut self, culprit: &Message, cause: String) -> Result<Written, StoreError> {
        let content = Content::Rejected(Rejection {
            reason: "refused_by_database",
            detail: cause,
        });
        let letter = Message {
            envelope: culprit.envelope.clone(),
            content,
        };
        match self.attempt(&[letter], Way::Direct).await {
            Ok(written) => Ok(Written {
                messages_refused: 1,
                ..written
            }),
            // Not the data's fault then: a dead letter takes any bytes.
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
        cause: "the connection is gone".to_owned(),
    }
}

fn timed_out() -> StoreError {
    StoreError::Transient {
        operation: "write",
        cause: "the database did not answer".to_owned(),
    }
}
