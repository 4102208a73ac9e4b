//! The worker that turns readings into energy per kilometre.
//!
//! Ingest leaves in the database which hours of which vehicles it touched; the worker works these
//! hours out anew, so that late data corrects the numbers it belongs to.
//!
//! Reading order, all of it pure: [`interval`] (two neighbouring samples), [`integrate`] (sums over
//! intervals), [`exact`] (so that they add up), [`plausibility`] (what is not believed), [`clock`] (what
//! was recorded with a wrong time), [`trips`] (where drive cycles are not numbered), [`activity`] (what a
//! parked bus does), [`service_days`], [`pieces`] (what sums are grouped by), [`hours`] (all of it for
//! neighbouring hours), [`sessions`], [`days`] and [`trip_days`] (what hours add up to), [`fleet`]
//! (vehicles held against each other). Then [`config`], [`metrics`], [`running`] (hours that grow, as far
//! as they were read), [`work`] (the queue, worked off) and [`run`] (the daemon).

// A closed pipe or a full disk makes `println!` and `eprintln!` panic.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod activity;
pub mod clock;
pub mod config;
pub mod days;
pub mod exact;
pub mod fleet;
pub mod hours;
pub mod integrate;
pub mod interval;
pub mod metrics;
pub mod pieces;
pub mod plausibility;
pub mod run;
pub mod running;
pub mod service_days;
pub mod sessions;
pub mod trip_days;
pub mod trips;
pub mod work;
