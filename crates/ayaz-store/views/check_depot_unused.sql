create or replace function check_depot_unused() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
    bus text;
begin
    select fleet || '/' || vehicle into bus
    from vehicle_context c join vehicle v using (vehicle_id)
    where c.depot = old.depot
    limit 1;
    if found then
        raise foreign_key_violation using message = format(
            'depot %L has vehicles, such as %s: give them another depot first', old.depot, bus
        );
    end if;
    return case tg_op when 'DELETE' then old else new end;
end
$$;

create or replace trigger check_depot_deleted before delete on depot
    for each row execute function check_depot_unused();

create or replace trigger check_depot_renamed before update on depot
    for each row when (new.depot is distinct from old.depot) execute function check_depot_unused();
