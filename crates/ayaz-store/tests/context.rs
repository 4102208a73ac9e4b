//! Context of vehicles, on a real TimescaleDB: refusals, validity, and hours to refresh.

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
