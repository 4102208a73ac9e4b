create or replace view worker_backlog as
select
    count(*) as hours_pending,
    min(waits_since) as pending_since
from (
    select vehicle_id, hour, min(waits_since) as waits_since
    from (
        select vehicle_id, hour, queued_at as waits_since from refresh_queue
        union all
        select t.vehicle_id, date_trunc('hour', t.at, 'UTC'), h.touched_at
        from dirty_hours h
        cross join lateral unnest(h.vehicle_ids, h.changed_from) as t (vehicle_id, at)
    ) as of_vehicle
    group by vehicle_id, hour
    union all
    -- A fleet's hour is judged once it is over, and its buses had time to say the last of it.
    select null, hour, greatest(queued_at, hour + interval '1 hour 5 minutes')
    from fleet_hour_queue
    where hour <= now() - interval '1 hour 5 minutes'
) as pending;

comment on view worker_backlog is
    'One row: how many hours wait for ayaz-analytics, and since when. What views of energy and sessions say '
    'of these hours is from before their latest readings came in, or is missing. Hours of buses that send '
    'right now are always among them, for a minute or so.';

comment on column worker_backlog.hours_pending is
    'Hours of vehicles with readings that are not worked out yet, and hours of fleets that are '
    'over and not judged yet, h.';
comment on column worker_backlog.pending_since is
    'When the first of them began to wait, by the database''s clock: when the first new reading '
    'of it was stored; null where nothing waits.';

grant select on worker_backlog to ayaz_analytics, ayaz_reader;
