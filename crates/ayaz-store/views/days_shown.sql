-- Service days of the selected vehicles that overlap a time range, for panels. Returns one row per vehicle
-- and day, so that joins on both use their indexes.
create or replace function days_shown(
    fleets text[],
    vehicles text[],
    since timestamptz,
    until timestamptz,
    -- Maximum number of vehicles, in order of fleet and name.
    vehicles_max integer,
    -- Maximum number of days, over all vehicles.
    vehicle_days_max integer
)
returns table (
    bus text,
    vehicle_id integer,
    service_day date,
    started_at timestamptz,
    ended_at timestamptz
)
language sql stable parallel safe
begin atomic
    with chosen as (
        select
            v.vehicle_id,
            case when cardinality(fleets) = 1 then v.vehicle else v.fleet || '/' || v.vehicle end as bus
        from vehicle v
        where v.fleet = any (fleets) and v.vehicle = any (vehicles)
        order by v.fleet, v.vehicle
        limit least(
            vehicles_max,
            greatest(
                vehicle_days_max
                    / greatest((until at time zone 'UTC')::date - (since at time zone 'UTC')::date, 1),
                1
            )
        )
    )
    select chosen.bus, chosen.vehicle_id, day.service_day, day.started_at, day.ended_at
    from chosen
    -- A service day begins at most a day from the start of its date in UTC.
    cross join generate_series(
        -1, (until at time zone 'UTC')::date - (since at time zone 'UTC')::date + 1
    ) as n
    cross join lateral (
        select
            date.service_day,
            coalesce(t.started_at, date.service_day::timestamp at time zone 'UTC') as started_at,
            coalesce(t.ended_at, (date.service_day + 1)::timestamp at time zone 'UTC') as ended_at
        from (select (since at time zone 'UTC')::date + n) as date (service_day)
        left join service_day_time as t
            on t.vehicle_id = chosen.vehicle_id and t.service_day = date.service_day
        offset 0
    ) as day
    where day.started_at < until and day.ended_at > since;
end;

comment on function days_shown is
    'Service days of the selected vehicles that overlap a time range, for panels.';
