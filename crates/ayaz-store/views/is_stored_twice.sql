-- The query gets the hour as a constant, so that the planner reads only one chunk.
create or replace function is_stored_twice(vehicle_ids integer[], instants timestamptz[]) returns boolean
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    touched record;
    is_twice boolean;
begin
    lock table reading_place_gate in row share mode;
    for touched in
        select 'reading' as name, k.vehicle_id, date_trunc('hour', k.recorded_at, 'UTC') as hour
        from set_aside_keys('reading', vehicle_ids, instants) as k
        union
        select 'cell_reading', k.vehicle_id, date_trunc('hour', k.recorded_at, 'UTC')
        from set_aside_keys('cell_reading', vehicle_ids, instants) as k
    loop
        execute format(
            'select exists (
                select from %1$I r
                join %2$I s using (vehicle_id, recorded_at, boot_id, sequence)
                where r.vehicle_id = $1 and r.recorded_at >= $2 and r.recorded_at < $3
            )',
            touched.name, touched.name || '_set_aside'
        )
        into is_twice
        using touched.vehicle_id, touched.hour, touched.hour + interval '1 hour';
        if is_twice then
            return true;
        end if;
    end loop;
    return false;
end
$$;

comment on function is_stored_twice is
    'Whether a reading of these vehicles'' hours is both stored and set aside, as this transaction sees it. '
    'Prevents setting readings aside until the transaction ends.';

revoke execute on function is_stored_twice from public;

grant execute on function is_stored_twice to ayaz_ingest;
