//! What a vehicle did from when to when.

mod session;
mod window;

pub use session::{Session, TripBand};
pub use window::{CUT_REACH_MICROSECONDS, GAP_MICROSECONDS_MAX, LONG_MICROSECONDS, Window};
