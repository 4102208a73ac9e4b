//! The energy rules, and what they work on and come to. No I/O, no asynchronous code, no database.

pub mod activity;
pub mod clock;
pub mod days;
pub mod ends;
pub mod energy;
pub mod exterior;
pub mod hours;
pub mod pieces;
pub mod sample;
pub mod service_days;
pub mod sessions;
pub mod trip_days;

pub use activity::Activity;
pub use ends::{Ends, FirstLast};
pub use energy::Energy;
pub use pieces::Piece;
pub use sample::Sample;
