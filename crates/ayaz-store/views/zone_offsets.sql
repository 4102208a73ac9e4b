create or replace function zone_offsets(zone text) returns table (since timestamptz, offset_seconds integer)
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
    start constant timestamptz := '1970-01-01 00:00:00+00';
    stop constant timestamptz := '2100-01-01 00:00:00+00';
    day timestamptz;
    seen integer;
    low timestamptz;
    high timestamptz;
    middle timestamptz;
begin
    since := start;
    offset_seconds := extract(epoch from (start at time zone zone) - (start at time zone 'UTC'));
    return next;
    -- Days at whose end the offset differs from their beginning.
    for day in
        select days.at
        from (
            select
                at,
                (at at time zone zone) - (at at time zone 'UTC') as ahead,
                lead((at at time zone zone) - (at at time zone 'UTC')) over (order by at) as ahead_then
            from generate_series(0, 47481) as number,
                lateral (select start + number * interval '24 hours' as at) as moment
            where at <= stop
        ) as days
        where days.ahead_then <> days.ahead
        order by days.at
    loop
        low := day;
        -- A day may have two changes, so the search goes on while the offset at its end differs.
        loop
            high := day + interval '24 hours';
            seen := extract(epoch from (high at time zone zone) - (high at time zone 'UTC'));
            exit when seen = offset_seconds;
            while high - low > interval '1 second' loop
                middle := low
                    + floor(extract(epoch from high - low) / 2) * interval '1 second';
                seen := extract(epoch from (middle at time zone zone) - (middle at time zone 'UTC'));
                if seen = offset_seconds then
                    low := middle;
                else
                    high := middle;
                end if;
            end loop;
            since := high;
            offset_seconds := extract(epoch from (high at time zone zone) - (high at time zone 'UTC'));
            return next;
            low := high;
        end loop;
    end loop;
end
$$;

comment on function zone_offsets(text) is
    'Offset of a zone from UTC, s, and since when, from 1970 to 2100, by the server''s time zone data. The '
    'worker uses it to compute service days.';
