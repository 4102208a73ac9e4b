//! Progress of the daemons: stored readings, and hours that wait for the worker.

use jiff::Timestamp;
use tokio_postgres::Client;

use crate::error::StoreError;

/// Number of stored readings, with those that are set aside.
pub async fn readings_stored(client: &Client) -> Result<u64, StoreError> {
    count(
        client,
        "-- readings_stored
        select (select count(*) from reading) + (select count(*) from reading_set_aside)",
    )
    .await
}

/// Whether there is any reading. A database without our schema has none.
pub async fn holds_readings(client: &Client) -> Result<bool, StoreError> {
    let failed = |error| StoreError::from_driver("check for readings", error);
    let table = "-- has_schema\nselect to_regclass('public.reading') is not null";
    if !client
        .query_one(table, &[])
        .await
        .map_err(failed)?
        .get::<_, bool>(0)
    {
        return Ok(false);
    }
    let rows = "-- holds_readings\nselect exists (select from reading)";
    Ok(client.query_one(rows, &[]).await.map_err(failed)?.get(0))
}

/// Backlog of the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Hours of vehicles that are not worked out yet, plus hours of fleets that are over and not checked yet.
    pub hours: u64,
    /// Since when the first of them waits; `None` if none does.
    pub since: Option<Timestamp>,
    /// Time by the database's clock.
    pub now: Timestamp,
}

/// The backlog of the worker, from the view `worker_backlog`.
pub async fn pending(client: &Client) -> Result<Backlog, StoreError> {
    let row = client
        .query_one(
            "-- worker_backlog
            select hours_pending, pending_since, now() from worker_backlog",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("read the backlog of the worker", error))?;
    Ok(Backlog {
        hours: row.get::<_, i64>(0).unsigned_abs(),
        since: row.get(1),
        now: row.get(2),
    })
}

/// Number of hours that wait for the worker.
pub async fn hours_pending(client: &Client) -> Result<u64, StoreError> {
    Ok(pending(client).await?.hours)
}

async fn count(client: &Client, sql: &str) -> Result<u64, StoreError> {
    let row = client
        .query_one(sql, &[])
        .await
        .map_err(|error| StoreError::from_driver("count", error))?;
    Ok(row.get::<_, i64>(0).unsigned_abs())
}
