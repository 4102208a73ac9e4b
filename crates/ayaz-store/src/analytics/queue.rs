//! The queue of hours to refresh.

use std::time::Duration;

use ayaz_model::{UnixMicroseconds, VehicleNumber};
use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, GenericClient};

use super::timestamp;
use crate::error::StoreError;

/// A queued hour of a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueuedHour {
    /// The vehicle.
    pub vehicle: VehicleNumber,
    /// Start of the UTC hour.
    pub hour: UnixMicroseconds,
}

/// Seconds after its end at which an hour is over. Before that, readings around the end still arrive, and
/// each would cause another refresh.
pub const OVER_SECONDS: i64 = 180;

/// Which queued hours are due. An hour that is over ([`OVER_SECONDS`]) is due at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// An open hour is due only this long after its first new reading was stored, since it changes all the
    /// time.
    pub open_hour_interval: Duration,
    /// Ignores hours queued after this instant of the database's clock; `None` ignores none.
    pub stored_until: Option<UnixMicroseconds>,
}

/// Length of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Number of hours in it, counted up to 100,000.
    pub hours: u64,
    /// Whether any hour is due.
    pub is_due: bool,
}

/// $1 and $2 are [`Due::parameters`]; $3 are vehicles to skip.
fn is_due() -> String {
    format!(
        "vehicle_id <> all ($3::integer[]) and queued_at <= coalesce($2::timestamptz, 'infinity')
            and (hour <= now() - interval '1 hour {OVER_SECONDS} seconds'
                or queued_at <= now() - make_interval(secs => $1::float8))"
    )
}

impl Due {
    fn parameters(&self) -> (f64, Option<Timestamp>) {
        (
            self.open_hour_interval.as_secs_f64(),
            self.stored_until.map(timestamp),
        )
    }
}

/// Time by the database's clock, which `queued_at` uses.
pub async fn now(client: &Client) -> Result<UnixMicroseconds, StoreError> {
    client
        .query_one("-- now\nselect now()", &[])
        .await
        .map(|row| row.get::<_, Timestamp>(0).into())
        .map_err(|error| StoreError::from_driver("read the database's clock", error))
}

/// Moves up to `touches_max` rows of `dirty_hours` into the queue, and returns their number.
///
/// Nothing is lost, whatever ingest does at the same time: a row becomes visible together with its readings; only
/// rows that were seen are deleted (a row with a lower number may commit later, and is seen later); and a
/// refresh takes its snapshot after this commits. Readings that arrive after that snapshot bring a row of
/// their own.
///
/// The queue stores the earliest change of an hour since its last refresh, by the rows taken so far. A
/// refresh may see readings whose row was not taken yet. The next refresh gets them again, and must not use a
/// checkpoint of the hour made in between ([`KnownHours`] states the rule for checkpoints).
///
/// [`KnownHours`]: super::KnownHours
pub async fn take_over(client: &impl GenericClient, touches_max: i64) -> Result<u64, StoreError> {
    client
        .query_one(
            "-- take_over
            with taken as (
                delete from dirty_hours
                where touch_id in (
                    select touch_id from dirty_hours order by touch_id limit $1
                )
                returning vehicle_ids, changed_from, touched_at
            ), touched as (
                select
                    t.vehicle_id,
                    date_trunc('hour', t.at, 'UTC') as hour,
                    min(touched_at) as touched_at,
                    min(t.at) as changed_from
                from taken, unnest(vehicle_ids, changed_from) as t (vehicle_id, at)
                where t.vehicle_id is not null
                    and t.at >= '0001-01-02 00:00:00+00' and t.at < '9999-12-30 00:00:00+00'
                group by 1, 2
            ), moved as (
                insert into refresh_queue as q (vehicle_id, hour, queued_at, changed_from)
                select * from touched
                -- A conflict locks the row even if nothing is updated.
                where not exists (
                    select from refresh_queue w
                    where w.vehicle_id = touched.vehicle_id and w.hour = touched.hour
                        and w.changed_from <= touched.changed_from
                )
                on conflict (vehicle_id, hour) do update
                    set changed_from = least(q.changed_from, excluded.changed_from)
            )
            select count(*) from taken",
            &[&touches_max],
        )
        .await
        .map(|row| row.get::<_, i64>(0).unsigned_abs())
        .map_err(|error| StoreError::from_driver("take over dirty hours", error))
}

/// Divides a number of hours: three quarters are the latest ones, the rest the oldest in the queue. Current
/// hours come before a backlog of old data, and every hour is refreshed at some time.
pub(super) fn shares(hours_max: u32) -> (i64, i64) {
    let oldest = i64::from(hours_max.div_ceil(4));
    (i64::from(hours_max) - oldest, oldest)
}

/// Takes hours from a queue of vehicles or fleets (`of`) that match the condition `is_due`. Two parameters
/// give the number of the latest, and of the oldest in the queue.
pub(super) fn next_statement(
    queue: &str,
    of: &str,
    is_due: &str,
    [latest_max, oldest_max]: [&str; 2],
) -> String {
    format!(
        "-- next_hours
        with latest as (
            select {of}, hour from {queue}
            where {is_due}
            order by hour desc, queued_at
            limit {latest_max}
        ), longest as (
            select {of}, hour from {queue}
            where {is_due} and ({of}, hour) not in (select * from latest)
            order by queued_at, hour
            limit {oldest_max}
        )
        select * from latest union all select * from longest
        order by {of}, hour"
    )
}

/// Up to `hours_max` due hours, in the mix of [`shares`], sorted by vehicle and hour. Skips the vehicles
/// `without`.
pub async fn next_hours(
    client: &Client,
    due: Due,
    without: &[VehicleNumber],
    hours_max: u32,
) -> Result<Vec<QueuedHour>, StoreError> {
    let (interval, until) = due.parameters();
    let (latest, oldest) = shares(hours_max);
    let parameters: [&(dyn ToSql + Sync); 5] = [&interval, &until, &without, &latest, &oldest];
    let statement = next_statement("refresh_queue", "vehicle_id", &is_due(), ["$4", "$5"]);
    let rows = client
        .query(&statement, &parameters)
        .await
        .map_err(|error| StoreError::from_driver("read the refresh queue", error))?;
    Ok(rows
        .iter()
        .map(|row| QueuedHour {
            vehicle: row.get(0),
            hour: row.get::<_, Timestamp>(1).into(),
        })
        .collect())
}

/// Maximum number of hours to count: a migration may queue years of hours, and each round counts them.
const COUNTED_MAX: u32 = 100_000;

/// Length of the queue. Hours of the vehicles `without` count, but are not due.
pub async fn backlog(
    client: &Client,
    due: Due,
    without: &[VehicleNumber],
) -> Result<Backlog, StoreError> {
    let (interval, until) = due.parameters();
    let statement = format!(
        "-- backlog
        select
            (select count(*) from (select from refresh_queue limit {COUNTED_MAX}) as counted),
            exists (select from refresh_queue where {})",
        is_due()
    );
    let row = client
        .query_one(&statement, &[&interval, &until, &without])
        .await
        .map_err(|error| StoreError::from_driver("count the refresh queue", error))?;
    Ok(Backlog {
        hours: row.get::<_, i64>(0).unsigned_abs(),
        is_due: row.get(1),
    })
}

/// Whether rows of `dirty_hours` up to this instant of the database's clock wait to be taken over.
pub async fn is_touched(client: &Client, until: UnixMicroseconds) -> Result<bool, StoreError> {
    client
        .query_one(
            "-- is_touched
            select exists (select from dirty_hours where touched_at <= $1)",
            &[&timestamp(until)],
        )
        .await
        .map(|row| row.get(0))
        .map_err(|error| StoreError::from_driver("look for dirty hours", error))
}
