//! The energy rules: what the samples of a bus come to. No I/O, no asynchronous code, no database.
//!
//! Reading order: [`sample`] (what comes in), [`interval`] (two neighbouring samples), [`energy`] and [`ends`]
//! (what is summed), [`integrate`] (sums over intervals), [`exact`] (so that they add up),
//! [`plausibility`] (what is not believed), [`clock`] (what was recorded with a wrong time), [`trips`] (where
//! drive cycles are not numbered), [`activity`] (what a bus does), [`service_days`] (which day an instant
//! belongs to), [`pieces`] (what sums are grouped by), [`hours`] (all of it for neighbouring hours),
//! [`sessions`], [`days`] and [`trip_days`] (what hours add up to), [`exterior`] and [`fleet`] (vehicles held
//! against each other).

// A closed pipe or a full disk makes `println!` and `eprintln!` panic.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod activity;
pub mod clock;
pub mod days;
pub mod ends;
pub mod energy;
pub mod exact;
pub mod exterior;
pub mod fleet;
pub mod hours;
pub mod integrate;
pub mod interval;
pub mod pieces;
pub mod plausibility;
pub mod sample;
pub mod service_days;
pub mod sessions;
pub mod trip_days;
pub mod trips;

pub use activity::Activity;
pub use ends::{Ends, FirstLast};
pub use energy::Energy;
pub use pieces::Piece;
pub use sample::Sample;
