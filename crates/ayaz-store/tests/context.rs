//! What is known of vehicles, on a real TimescaleDB: what is refused, what holds when, and what is
//! worked out again.

#[path = "context/database.rs"]
mod database;
#[path = "context/refusals.rs"]
mod refusals;
#[path = "context/service_days.rs"]
mod service_days;
#[path = "context/touches.rs"]
mod touches;
#[path = "context/writer.rs"]
mod writer;
