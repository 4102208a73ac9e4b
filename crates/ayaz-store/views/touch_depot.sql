create or replace function touch_depot() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
    -- Vehicles without a depot use service_day_default.
    insert into touched_context (depot) values (to_jsonb(new) ->> 'depot');
    return null;
end
$$;

create or replace trigger touch_depot after update on depot
    for each row
    when ((new.zone, new.cut_over_hour) is distinct from (old.zone, old.cut_over_hour))
    execute function touch_depot();

create or replace trigger touch_default after update on service_day_default
    for each row
    when ((new.zone, new.cut_over_hour) is distinct from (old.zone, old.cut_over_hour))
    execute function touch_depot();
