create or replace function touch_vehicle_depot() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
    before tstzmultirange := '{}';
    after tstzmultirange := '{}';
begin
    if tg_op <> 'INSERT' and old.depot is not null then
        before := tstzmultirange(tstzrange(old.valid_from, old.valid_to));
    end if;
    if tg_op <> 'DELETE' and new.depot is not null then
        after := tstzmultirange(tstzrange(new.valid_from, new.valid_to));
    end if;
    -- Nothing changes where the same depot was valid before and after.
    if tg_op = 'UPDATE' and old.vehicle_id = new.vehicle_id and old.depot = new.depot then
        insert into touched_context (vehicle_id, valid_from, valid_to)
        select new.vehicle_id, lower(period), upper(period)
        from unnest((before + after) - (before * after)) as period;
        return null;
    end if;
    if before <> '{}' then
        insert into touched_context (vehicle_id, valid_from, valid_to)
        values (old.vehicle_id, lower(before), upper(before));
    end if;
    if after <> '{}' then
        insert into touched_context (vehicle_id, valid_from, valid_to)
        values (new.vehicle_id, lower(after), upper(after));
    end if;
    return null;
end
$$;

create or replace trigger touch_vehicle_depot after insert or update or delete on vehicle_context
    for each row execute function touch_vehicle_depot();
