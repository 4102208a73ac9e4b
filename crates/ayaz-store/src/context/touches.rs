//! Changed service days.

use tokio_postgres::GenericClient;

use crate::error::StoreError;

/// Turns up to `touches_max` notes of `touched_context` into hours of the queue, and returns the number of
/// notes.
///
/// Nothing gets lost, as with [`take_over`](crate::analytics::queue::take_over): a note becomes visible
/// together with its change, and the worker, which refreshes nothing meanwhile, finds the hours. An hour
/// refreshed before by the old rules is in `refreshed_hour` by now; an hour refreshed later uses the new
/// rules. So the worker must call this between refreshes; the transaction that makes the change must not.
pub async fn take_over_context(
    client: &impl GenericClient,
    touches_max: i64,
) -> Result<u64, StoreError> {
    client
        .query_one(
            "-- take_over_context
            with taken as (
                delete from touched_context
                where touch_id in (
                    select touch_id from touched_context order by touch_id limit $1
                )
                returning *
            ), period as (
                select vehicle_id, valid_from, valid_to, touched_at
                from taken where vehicle_id is not null
                union all
                select c.vehicle_id, c.valid_from, c.valid_to, t.touched_at
                from taken t
                join vehicle_context c on c.depot = t.depot
                union all
                select
                    s.vehicle_id,
                    coalesce(s.valid_from, '-infinity'),
                    coalesce(s.valid_to, 'infinity'),
                    t.touched_at
                from taken t
                join service_day_period s on s.depot is null
                where t.vehicle_id is null and t.depot is null
            ), moved as (
                insert into refresh_queue as q (vehicle_id, hour, queued_at)
                select r.vehicle_id, r.hour, min(p.touched_at)
                from period p
                join refreshed_hour r on r.vehicle_id = p.vehicle_id
                    and r.hour > p.valid_from - interval '1 hour'
                    and r.hour < p.valid_to
                group by 1, 2
                on conflict (vehicle_id, hour) do update set changed_from = '-infinity'
                    where q.changed_from > '-infinity'
            )
            select count(*) from taken",
            &[&touches_max],
        )
        .await
        .map(|row| row.get::<_, i64>(0).unsigned_abs())
        .map_err(|error| StoreError::from_driver("take over changes of depots", error))
}
