//! All SQL statements and migrations of the project, one module per subject.
//!
//! Reading order: [`connect`] (connections and roles), [`migrate`] (the schema), [`vehicles`] (names to
//! numbers); [`message`], [`encoded`] and [`ingest`] (write path of the daemon, with `copy`, the binary
//! format); [`analytics`] (reads and writes of the worker); [`context`] (attributes of vehicles, and service
//! days); [`reports`] (queries of reports); [`dead_letters`] (refused messages, and replaying them);
//! [`set_aside`] (readings that wait for a decision).

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
pub use pulse::{CHECK_INTERVAL, CHECK_TIMEOUT, Pulse};
