-- Which of these keys are stored, by their position from 1 on. Transactions that store readings wait before
-- their commit until this transaction ends.
create or replace function stored_places(
    name text, vehicle_ids integer[], instants timestamptz[], boot_ids bigint[], sequences bigint[]
)
returns setof bigint
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    days timestamptz[];
    day timestamptz;
begin
    lock table reading_place_gate in exclusive mode;
    days := array(select distinct date_trunc('day', at, 'UTC') from unnest(instants) as i (at));
    -- Other transactions wait, so this must be fast. With many days, most have no chunk, and this reads only
    -- days that have one; with few days, that check takes longer than it saves.
    if cardinality(days) > 16 then
        days := array(
            select range_start
            from timescaledb_information.chunks
            where hypertable_schema = 'public'
                and hypertable_name = name
                and range_start = any (days)
        );
    end if;
    foreach day in array days loop
        return query execute format(
            'select wanted.number
            from unnest($1, $2, $3, $4) with ordinality
                as wanted (vehicle_id, recorded_at, boot_id, sequence, number)
            join %I r using (vehicle_id, recorded_at, boot_id, sequence)
            where r.recorded_at >= $5 and r.recorded_at < $6',
            name
        )
        using vehicle_ids, instants, boot_ids, sequences, day, day + interval '1 day';
    end loop;
end
$$;

comment on function stored_places is
    'Which of these keys of reading or cell_reading are stored, by their position in the arrays. No other '
    'transaction stores readings until this one ends.';

revoke execute on function stored_places from public;

grant execute on function stored_places to ayaz_ingest;
