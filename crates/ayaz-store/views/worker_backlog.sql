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
    -- The worker checks a fleet's hour once it is over and its buses had time to send the last readings.
    select null, hour, greatest(queued_at, hour + interval '1 hour 5 minutes')
    from fleet_hour_queue
    where hour <= now() - interval '1 hour 5 minutes'
) as pending;

comment on view worker_backlog is
    'One row: how many hours wait for ayaz-analytics, and since when. For these hours, views of energy and '
    'sessions lack the latest readings. Hours of buses that send now are always included, for about a '
    'minute.';

comment on column worker_backlog.hours_pending is
    'Hours of vehicles with readings that are not worked out yet, plus hours of fleets that are over and not '
    'checked yet, h.';
comment on column worker_backlog.pending_since is
    'When the first of them began to wait, by the database''s clock: when its first new reading was stored; '
    'null where nothing waits.';

grant select on worker_backlog to ayaz_analytics, ayaz_reader;
