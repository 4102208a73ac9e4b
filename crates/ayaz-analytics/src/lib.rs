//! The worker that turns readings into energy per kilometre.
//!
//! Ingest records in the database which hours of which vehicles have new readings. The worker
//! refreshes these hours, so late data corrects its results.
//!
//! The rules are in `ayaz-energy`. This crate reads samples and writes results. Reading order:
//! [`config`], [`metrics`], [`open_hours`] (checkpoints), [`refresh`] (some hours of one vehicle),
//! [`work`] (the queue) and [`run`] (the daemon).

// A closed pipe or a full disk makes `println!` and `eprintln!` panic.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod config;
pub mod metrics;
pub mod open_hours;
pub mod refresh;
pub mod run;
pub mod work;
