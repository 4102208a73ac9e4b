//! Rows of `service_day_time`, described in their migration.

use ayaz_energy::days::{DayTime, SessionSpan};
use ayaz_model::{UnixMicroseconds, VehicleNumber};
use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::{Statement, Transaction};

use super::buckets::activity;
use super::timestamp;
use crate::error::StoreError;

/// From the last block that begins before the time span to the first session that begins after it. Blocks do
/// not overlap, so no earlier one touches the span.
pub(super) const SPANS: &str = "-- session_spans
    select kind, started_at, ended_at, seconds, odometer_start_km, odometer_end_km
    from session
    where vehicle_id = $1
        and started_at >= coalesce(
            (
                select block_started_at from session
                where vehicle_id = $1 and started_at < $2
                order by started_at desc, number desc
                limit 1
            ),
            $2
        )
        and started_at <= coalesce(
            (
                select started_at from session
                where vehicle_id = $1 and started_at > $3
                order by started_at
                limit 1
            ),
            $3
        )
    order by started_at, number";

/// Writes only rows that change. Deletes rows in the time span that an earlier rule of service days made,
/// whatever their date.
pub(super) const REPLACE: &str = "-- replace_service_day_times
    with gone as (
        delete from service_day_time
        where vehicle_id = $1
            and (service_day between $2 and $3 or started_at < $11 and ended_at > $10)
            and service_day <> all ($4::date[])
    )
    insert into service_day_time as d (
        vehicle_id, service_day, started_at, ended_at, active_seconds, still_seconds, is_rest
    )
    select $1, * from unnest(
        $4::date[], $5::timestamptz[], $6::timestamptz[], $7::float8[], $8::float8[],
        $9::boolean[]
    )
    on conflict (vehicle_id, service_day) do update set
        started_at = excluded.started_at,
        ended_at = excluded.ended_at,
        active_seconds = excluded.active_seconds,
        still_seconds = excluded.still_seconds,
        is_rest = excluded.is_rest
    where (d.started_at, d.ended_at, d.active_seconds, d.still_seconds, d.is_rest)
        is distinct from (
            excluded.started_at, excluded.ended_at, excluded.active_seconds, excluded.still_seconds,
            excluded.is_rest
        )";

/// The statements, prepared once per connection.
#[derive(Debug, Clone)]
pub(super) struct Statements {
    pub(super) spans: Statement,
    pub(super) replace: Statement,
}

pub(super) async fn spans(
    transaction: &Transaction<'_>,
    statement: &Statement,
    vehicle: VehicleNumber,
    (from, to): (UnixMicroseconds, UnixMicroseconds),
) -> Result<Vec<SessionSpan>, StoreError> {
    let rows = transaction
        .query(statement, &[&vehicle, &timestamp(from), &timestamp(to)])
        .await
        .map_err(|error| StoreError::from_driver("read the sessions of days", error))?;
    rows.iter()
        .map(|row| {
            Ok(SessionSpan {
                kind: activity(row.get(0))?,
                started_at: row.get::<_, Timestamp>(1).into(),
                ended_at: row.get::<_, Timestamp>(2).into(),
                seconds: row.get(3),
                odometer_start_km: row.get(4),
                odometer_end_km: row.get(5),
            })
        })
        .collect()
}

/// Replaces the days from the first to the last.
pub(super) async fn replace(
    transaction: &Transaction<'_>,
    statement: &Statement,
    vehicle: VehicleNumber,
    (first, last): (Date, Date),
    (from, to): (UnixMicroseconds, UnixMicroseconds),
    times: &[DayTime],
) -> Result<(), StoreError> {
    let days: Vec<Date> = times.iter().map(|time| time.service_day).collect();
    let started: Vec<Timestamp> = times
        .iter()
        .map(|time| timestamp(time.started_at))
        .collect();
    let ended: Vec<Timestamp> = times.iter().map(|time| timestamp(time.ended_at)).collect();
    let active: Vec<f64> = times.iter().map(|time| time.active_seconds).collect();
    let still: Vec<f64> = times.iter().map(|time| time.still_seconds).collect();
    let is_rest: Vec<bool> = times.iter().map(|time| time.is_rest).collect();
    transaction
        .execute(
            statement,
            &[
                &vehicle,
                &first,
                &last,
                &days,
                &started,
                &ended,
                &active,
                &still,
                &is_rest,
                &timestamp(from),
                &timestamp(to),
            ],
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("write the time of days", error))
}
