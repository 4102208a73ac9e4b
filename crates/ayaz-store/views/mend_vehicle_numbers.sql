create or replace function mend_vehicle_numbers() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    given bigint;
    used bigint;
begin
    -- What an index tells at once, and what ingest has noted last. The table of readings is not asked: it
    -- may have a thousand parts.
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
    -- Last: numbers that another one's vehicles got meanwhile are not taken for such a copy's.
    select case when is_called then last_value else last_value - 1 end into given
    from public.vehicle_vehicle_id_seq;
    if used > given then
        raise warning 'new vehicles would have got numbers from % on, but numbers up to % are in use, as '
            'after a copy of the rows without their sequences: the sequence was set after them',
            given + 1, used;
        if used - given > 1000000 then
            perform setval('public.vehicle_vehicle_id_seq', used);
        else
            -- One by one, since of two who mend it at once neither must set it back.
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
    'Before vehicles are entered: sets the sequence of their numbers after all numbers that are in use.';

revoke execute on function mend_vehicle_numbers from public;
