//! Every SQL statement and migration of the project, one module per concern.
//!
//! Reading order: [`connect`] (a connection in its role), [`migrate`] (the schema), [`vehicles`]
//! (names to numbers); [`message`], [`encoded`] and [`ingest`] (what the daemon writes, over
//! `copy`, the binary format); [`analytics`] (what the worker reads and writes); [`context`] (what is
//! known of vehicles beside their readings, and their service days); [`reports`] (what people read);
//! [`dead_letters`] (what was refused, and running it again); [`set_aside`] (readings that wait for a
//! decision).

pub mod analytics;
pub mod backlog;
pub mod columns;
pub mod connect;
pub mod context;
pub mod copy;
pub mod dead_letters;
pub mod encoded;
pub mod error;
pub mod failpoint;
pub mod ingest;
pub mod message;
pub mod migrate;
mod pulse;
pub mod reports;
mod rights;
pub mod set_aside;
pub mod vehicles;

pub use connect::{Connection, DatabaseUrl, Role};
pub use encoded::{EncodedReadings, ReadingEncoder, RowHead};
pub use error::StoreError;
pub use ingest::{IngestStore, Written};
pub use message::{Content, Envelope, Message, Rejection};
pub use pulse::{ANSWER_TIME_MAX, ASKED_EVERY, Pulse};
