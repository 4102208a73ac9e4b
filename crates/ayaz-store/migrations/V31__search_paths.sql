-- Whoever may make temporary tables can name one like a table of ours, or a type like one of the server's,
-- and a function that looks names up when it runs would find theirs first. So functions in plpgsql have a
-- path of their own, in which temporary tables come last; those in plain SQL, which must be inlined and
-- so cannot have one, have bodies whose names were looked up here.
--
-- A test looks at every function of the schema, so the next one cannot be forgotten.
alter function check_zone() set search_path = pg_catalog, public, pg_temp;
alter function check_vehicle_context() set search_path = pg_catalog, public, pg_temp;
alter function check_depot_unused() set search_path = pg_catalog, public, pg_temp;
alter function touch_vehicle_depot() set search_path = pg_catalog, public, pg_temp;
alter function touch_depot() set search_path = pg_catalog, public, pg_temp;

create or replace function dead_letter_source(topic text) returns text
language sql immutable parallel safe
return case
    when topic ~ '^ayaz/v1/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/'
        and length(split_part(topic, '/', 3)) <= 64
        and length(split_part(topic, '/', 4)) <= 64
        then split_part(topic, '/', 3) || '/' || split_part(topic, '/', 4)
    else ''
end;

create or replace function service_day(at timestamptz, zone text, cut_over_hour integer) returns date
language sql immutable parallel safe
return ((at at time zone zone) - make_interval(hours => cut_over_hour))::date;

create or replace function vehicle_attribute_at(vehicle_id integer, attribute text, at timestamptz)
returns text
language sql stable parallel safe
begin atomic
    select c.value
    from vehicle_context c
    where c.vehicle_id = $1 and c.attribute = $2 and c.valid_from <= $3 and c.valid_to > $3;
end;

create or replace function fuel_heat_kwh(litres double precision) returns double precision
language sql stable parallel safe
return litres * (select fuel_kwh_per_litre from energy_setting);

create or replace function vehicle_context_at(vehicle_id integer, at timestamptz)
returns table (
    depot text,
    zone text,
    cut_over_hour smallint,
    service_day date,
    tyres text,
    firmware text,
    cabin_setpoint_celsius double precision,
    route text,
    usable_energy_kwh double precision,
    usable_energy_source text
)
language sql stable parallel safe
begin atomic
    select
        c.depot,
        coalesce(d.zone, f.zone),
        coalesce(d.cut_over_hour, f.cut_over_hour),
        service_day($2, coalesce(d.zone, f.zone), coalesce(d.cut_over_hour, f.cut_over_hour)),
        c.tyres,
        c.firmware,
        c.cabin_setpoint_celsius,
        c.route,
        coalesce(c.usable_energy_kwh, m.usable_energy_kwh::double precision),
        case
            when c.usable_energy_kwh is not null then 'vehicle'
            when m.usable_energy_kwh is not null then 'model'
        end
    from (
        select
            max(x.value) filter (where x.attribute = 'depot') as depot,
            max(x.value) filter (where x.attribute = 'tyres') as tyres,
            max(x.value) filter (where x.attribute = 'firmware') as firmware,
            max(case when x.attribute = 'cabin_setpoint_celsius' then x.value end)
                ::double precision as cabin_setpoint_celsius,
            max(x.value) filter (where x.attribute = 'route') as route,
            max(case when x.attribute = 'usable_energy_kwh' then x.value end)
                ::double precision as usable_energy_kwh
        from vehicle_context x
        where x.vehicle_id = $1 and x.valid_from <= $2 and x.valid_to > $2
    ) as c
    cross join service_day_default f
    left join depot d on d.depot = c.depot
    left join vehicle v on v.vehicle_id = $1
    left join vehicle_model m on m.model = v.model;
end;
