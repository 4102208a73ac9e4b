//! The worker that turns readings into energy per kilometre.
//!
//! Ingest leaves in the database which hours of which vehicles it touched; the worker works these
//! hours out anew, so that late data corrects the numbers it belongs to.
//!
//! What hours come to is the matter of `ayaz-energy`; here they are fetched, and what they come to is
//! stored. Reading order: [`config`], [`metrics`], [`open_hours`] (hours that grow, as far as they were read),
//! [`refresh`] (hours of one vehicle, worked out anew), [`work`] (the queue, worked off) and [`run`] (the
//! daemon).

// A closed pipe or a full disk makes `println!` and `eprintln!` panic.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod config;
pub mod metrics;
pub mod open_hours;
pub mod refresh;
pub mod run;
pub mod work;
