//! Real daemon, real broker, real database.

mod bad_input;
mod dashboards;
mod faults;
mod fixtures;
mod guarantee;
mod real_trips;
mod store;
