-- Keys of readings that are set aside, for the hours of these vehicles. An instant selects the hour that
-- contains it.
create or replace function set_aside_keys(
    name text, vehicle_ids integer[], instants timestamptz[]
)
returns table (vehicle_id integer, recorded_at timestamptz, boot_id bigint, sequence bigint)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
-- A connection may plan this while the tables are empty. A plan that reads the whole table would later
-- compare tens of thousands of rows with every hour of a batch, and the write would time out.
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
    if name = 'reading' then
        return query
        select s.vehicle_id, s.recorded_at, s.boot_id, s.sequence
        from unnest(vehicle_ids, instants) as h (vehicle_id, at)
        join reading_set_aside s
            on s.vehicle_id = h.vehicle_id
            and s.recorded_at >= date_trunc('hour', h.at, 'UTC')
            and s.recorded_at < date_trunc('hour', h.at, 'UTC') + interval '1 hour';
    else
        return query
        select s.vehicle_id, s.recorded_at, s.boot_id, s.sequence
        from unnest(vehicle_ids, instants) as h (vehicle_id, at)
        join cell_reading_set_aside s
            on s.vehicle_id = h.vehicle_id
            and s.recorded_at >= date_trunc('hour', h.at, 'UTC')
            and s.recorded_at < date_trunc('hour', h.at, 'UTC') + interval '1 hour';
    end if;
end
$$;

comment on function set_aside_keys is
    'Keys of readings that are set aside for the hours of these vehicles, of reading or cell_reading.';

revoke execute on function set_aside_keys from public;

grant execute on function set_aside_keys to ayaz_ingest;
