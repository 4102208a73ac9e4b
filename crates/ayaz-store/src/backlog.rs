//! How far the daemons are: what is stored, and what waits to be worked out.

use tokio_postgres::Client;

use crate::error::StoreError;

/// Readings that are stored, those that are set aside included.
pub async fn readings_stored(client: &Client) -> Result<u64, StoreError> {
    count(
        client,
        "-- readings_stored
        select (select count(*) from reading) + (select count(*) from reading_set_aside)",
    )
    .await
}

/// Whether there is any reading; a database without our schema has none.
pub async fn holds_readings(client: &Client) -> Result<bool, StoreError> {
    let failed = |error| StoreError::from_driver("look for readings", error);
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

/// (vehicle, hour) pairs that the worker has not worked out yet, and hours of fleets that are over
/// and that it has not judged.
pub async fn hours_pending(client: &Client) -> Result<u64, StoreError> {
    count(
        client,
        "-- hours_pending
        select count(*) from (
            select vehicle_id, hour from refresh_queue
            union
            select t.vehicle_id, date_trunc('hour', t.at, 'UTC')
            from touched_hours, unnest(vehicle_ids, changed_from) as t (vehicle_id, at)
            union all
            select null, hour from fleet_hour_queue where hour <= now() - interval '1 hour 5 minutes'
        ) as pending",
    )
    .await
}

async fn count(client: &Client, sql: &str) -> Result<u64, StoreError> {
    let row = client
        .query_one(sql, &[])
        .await
        .map_err(|error| StoreError::from_driver("count", error))?;
    Ok(row.get::<_, i64>(0).unsigned_abs())
}
