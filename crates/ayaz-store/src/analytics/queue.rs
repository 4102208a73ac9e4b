//! Which hours are to be worked out.

use ayaz_model::UnixMicroseconds;
use jiff::Timestamp;
use tokio_postgres::Client;

use crate::error::StoreError;
use crate::vehicles::VehicleNumber;

/// An hour of a vehicle that waits in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueuedHour {
    /// The vehicle.
    pub vehicle: VehicleNumber,
    /// Start of the UTC hour.
    pub hour: UnixMicroseconds,
}

/// Moves up to `touches_max` rows of `touched_hours` into the queue and returns how many it moved.
///
/// Nothing gets lost between the two, whatever ingest does meanwhile: a touch becomes visible in
/// the same instant as its readings, exactly the touches that were seen are deleted (their numbers
/// are no order: one with a lower number may commit later, and is seen later), and whoever works
/// off the queue reads with a snapshot taken after this committed. Readings that arrive after that
/// snapshot bring a touch of their own.
pub async fn take_over(client: &Client, touches_max: i64) -> Result<u64, StoreError> {
    client
        .query_one(
            "-- take_over
            with taken as (
                delete from touched_hours
                where touch_id in (
                    select touch_id from touched_hours order by touch_id limit $1
                )
                returning vehicle_ids, hours
            ), moved as (
                insert into refresh_queue (vehicle_id, hour)
                select distinct t.vehicle_id, date_trunc('hour', t.hour, 'UTC')
                from taken, unnest(vehicle_ids, hours) as t (vehicle_id, hour)
                where t.vehicle_id is not null
                    and t.hour >= '0001-01-02 00:00:00+00' and t.hour < '9999-12-30 00:00:00+00'
                on conflict do nothing
            )
            select count(*) from taken",
            &[&touches_max],
        )
        .await
        .map(|row| row.get::<_, i64>(0).unsigned_abs())
        .map_err(|error| StoreError::from_driver("take over touched hours", error))
}

/// The latest `hours_max` hours of the queue, sorted by vehicle and hour: what happens now is
/// looked at before a backlog of old data.
pub async fn next_hours(client: &Client, hours_max: i64) -> Result<Vec<QueuedHour>, StoreError> {
    let rows = client
        .query(
            "-- next_hours
            select vehicle_id, hour from refresh_queue order by hour desc, vehicle_id limit $1",
            &[&hours_max],
        )
        .await
        .map_err(|error| StoreError::from_driver("read the refresh queue", error))?;
    let mut hours: Vec<QueuedHour> = rows
        .iter()
        .map(|row| QueuedHour {
            vehicle: row.get(0),
            hour: row.get::<_, Timestamp>(1).into(),
        })
        .collect();
    hours.sort_unstable();
    Ok(hours)
}

/// How many hours wait in the queue.
pub async fn backlog_hours(client: &Client) -> Result<u64, StoreError> {
    client
        .query_one("-- backlog_hours\nselect count(*) from refresh_queue", &[])
        .await
        .map(|row| row.get::<_, i64>(0).unsigned_abs())
        .map_err(|error| StoreError::from_driver("count the refresh queue", error))
}
