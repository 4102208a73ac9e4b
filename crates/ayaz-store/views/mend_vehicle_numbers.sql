create or replace function mend_vehicle_numbers() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    given bigint;
    used bigint;
begin
    -- Reads only indexes and the latest notes of ingest. It does not read the table of readings, which may
    -- have a thousand chunks.
    used := greatest(
        0,
        (select max(vehicle_id) from public.vehicle),
        (select max(vehicle_id) from public.vehicle_status),
        (select max(vehicle_id) from public.refreshed_hour),
        (select max(vehicle_id) from public.refresh_queue),
        (select max(number) from (
            select vehicle_ids from public.dirty_hours order by touch_id desc limit 1000
        ) as latest, unnest(vehicle_ids) as number)
    );
    -- Reads the sequence last, so that numbers which another transaction gives out meanwhile do not count as
    -- a gap.
    select case when is_called then last_value else last_value - 1 end into given
    from public.vehicle_vehicle_id_seq;
    if used > given then
        raise warning 'the next vehicle number was %, but numbers up to % are in use, as after a copy of rows '
            'without their sequences; the sequence now starts above them',
            given + 1, used;
        if used - given > 1000000 then
            perform setval('public.vehicle_vehicle_id_seq', used);
        else
            -- Advances one by one: of two transactions that do this at once, neither may set it back.
            perform nextval('public.vehicle_vehicle_id_seq')
            from generate_series(1, used - given);
        end if;
    end if;
    return null;
end
$$;

create or replace trigger mend_vehicle_numbers before insert on vehicle
    for each statement execute function mend_vehicle_numbers();

comment on function mend_vehicle_numbers() is
    'Runs before vehicles are inserted. Sets the sequence of vehicle numbers above all numbers in use.';

revoke execute on function mend_vehicle_numbers from public;
