//! Every SQL statement and migration of the project, one module per concern.
//!
//! Reading order: [`connect`] (a connection in its role), [`migrate`] (the schema), [`vehicles`]
//! (names to numbers); [`message`] and [`ingest`] (what the daemon writes, over `copy`, the binary
//! format); [`analytics`] (what the worker reads and writes); [`reports`] (what people read).

pub mod analytics;
pub mod backlog;
pub mod columns;
pub mod connect;
mod copy;
pub mod error;
pub mod ingest;
pub mod message;
pub mod migrate;
pub mod raw_copy;
pub mod reports;
pub mod vehicles;

pub use connect::{Connection, DatabaseUrl, Role};
pub use error::StoreError;
pub use ingest::{IngestStore, Written};
pub use message::{Content, Envelope, Message, Rejection};
