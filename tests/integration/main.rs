//! Real daemon, real broker, real database.

mod bad_input;
mod faults;
mod fixtures;
mod guarantee;
mod store;
