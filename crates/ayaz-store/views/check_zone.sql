-- `at time zone` also accepts abbreviations, POSIX rules ('FOO+5' is no error) and files that only this
-- server has, so this compares the name with the list of zones. Reading the list takes a tenth of a second,
-- so this skips zones that a depot already uses.
create or replace function check_zone() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
    if exists (select from depot d where d.zone = new.zone) then
        return new;
    end if;
    if new.zone ~ '^(posix|right)/' or new.zone in ('localtime', 'posixrules', 'Factory')
        or not exists (select from pg_timezone_names z where z.name = new.zone)
    then
        raise invalid_parameter_value using message = format(
            '%s: the time zone %L is not known: write a name such as Asia/Almaty or Europe/Oslo '
            '(select name from pg_timezone_names shows all)',
            case tg_table_name
                when 'depot' then format('depot %L', to_jsonb(new) ->> 'depot')
                else tg_table_name
            end,
            new.zone
        );
    end if;
    return new;
end
$$;

create or replace trigger check_zone_inserted before insert on depot
    for each row when (new.zone is not null) execute function check_zone();

create or replace trigger check_zone_updated before update on depot
    for each row when (new.zone is distinct from old.zone) execute function check_zone();

create or replace trigger check_zone_updated before update on service_day_default
    for each row when (new.zone is distinct from old.zone) execute function check_zone();
