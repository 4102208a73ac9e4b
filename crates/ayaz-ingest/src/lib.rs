//! The MQTT ingest daemon: receives from the broker, stores in TimescaleDB, acknowledges after commit.
//!
//! *Every QoS 1 message that the broker holds for our session becomes its rows exactly once, or
//! one dead-letter row that says why, before it is acknowledged.*
//!
//! ```text
//!            deliveries                     batch                      settled tokens
//!  mqtt ──(unbounded, bytes──> pipeline ──(1, when a ──> writers ──(unbounded, at most──┐
//!   ^      bounded by mqtt)    decode     writer is      one batch   the outstanding    │
//!   │                          validate   idle)          each        deliveries)        │
//!   └───────────────── acknowledges in the order of receipt <──────────────────────────┘
//! ```
//!
//! Reading order: [`delivery`] (a received message), [`fair_queue`] (pure: the order of vehicles),
//! [`decode`] and [`validate`] (pure), [`batch`] (pure), [`writer`], [`ack`] (pure), [`mqtt`] (the only
//! task that talks to the broker), [`daemon`] (connects the stages).

// A closed pipe or a full disk makes `println!` and `eprintln!` panic.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod ack;
#[cfg(any(test, fuzzing))]
pub mod any_payload;
pub mod batch;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod decode;
pub mod delivery;
pub mod fair_queue;
pub mod metrics;
pub mod mqtt;
mod payload_kind;
pub mod pipeline;
pub mod progress;
pub mod reject;
pub mod validate;
mod wire;
pub mod writer;

pub use config::Config;
pub use daemon::{Daemon, DaemonError};
