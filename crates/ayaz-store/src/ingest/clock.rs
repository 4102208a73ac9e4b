//! Difference between the clocks of this machine and of the database.

use ayaz_model::UnixMicroseconds;
use jiff::Timestamp;
use tokio_postgres::Client;

use crate::error::StoreError;

/// A comparison of two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset {
    /// How far this machine is ahead of the database, µs; negative if it is behind.
    pub ahead_microseconds: i64,
    /// Maximum error of the comparison, from the time of the query, µs.
    pub uncertainty_microseconds: i64,
}

/// Compares the clocks.
pub(super) async fn measure(client: &Client) -> Result<ClockOffset, StoreError> {
    let before = UnixMicroseconds::now();
    let row = client
        .query_one("-- database_clock\nselect clock_timestamp()", &[])
        .await
        .map_err(|error| StoreError::from_driver("read the database's clock", error))?;
    let after = UnixMicroseconds::now();
    let there = UnixMicroseconds::from(row.get::<_, Timestamp>(0));
    let half = after.0.saturating_sub(before.0) / 2;
    Ok(ClockOffset {
        ahead_microseconds: before.plus(half).0.saturating_sub(there.0),
        uncertainty_microseconds: half,
    })
}
