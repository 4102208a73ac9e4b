-- Counts the vehicles' days against the limit of this hour, the latest day first, and returns the days over
-- it, which must be set aside. is_first marks the first ones of that vehicle and hour. Daemons that share a
-- vehicle wait for each other only when a day is new.
create or replace function take_reading_days(vehicle_ids integer[], wanted_days date[], days_max integer)
returns table (vehicle_id integer, day date, is_first boolean)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
    this_hour constant timestamptz := date_trunc('hour', clock_timestamp(), 'UTC');
    wanted record;
    known record;
    missing date[];
    room integer;
begin
    for wanted in
        select w.vehicle_id as id, array_agg(distinct w.day) as days
        from unnest(vehicle_ids, wanted_days) as w (vehicle_id, day)
        where not exists (
            select from history_announcement a
            join vehicle v using (fleet, vehicle)
            where v.vehicle_id = w.vehicle_id and a.ends_at > now()
        )
        group by w.vehicle_id
        order by w.vehicle_id
    loop
        continue when exists (
            select from reading_day_quota q
            where q.vehicle_id = wanted.id and q.hour = this_hour and q.days @> wanted.days
        );
        insert into reading_day_quota as q (vehicle_id, hour) values (wanted.id, this_hour)
        on conflict (vehicle_id, hour) do update set days = q.days
        returning q.days, q.is_exceeded into known;
        missing := array(
            select d from unnest(wanted.days) as d where d <> all (known.days) order by d desc
        );
        room := greatest(days_max - cardinality(known.days), 0);
        update reading_day_quota q
        set days = q.days || missing[:room],
            is_exceeded = q.is_exceeded or cardinality(missing) > room
        where q.vehicle_id = wanted.id and q.hour = this_hour;
        return query
        select wanted.id, d, not known.is_exceeded from unnest(missing[room + 1:]) as d;
    end loop;
end
$$;

comment on function take_reading_days is
    'Counts days of vehicles against the limit of this hour, and returns the days over it, which must be set '
    'aside.';

revoke execute on function take_reading_days from public;

grant execute on function take_reading_days to ayaz_ingest;
