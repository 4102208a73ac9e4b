-- What is known of a vehicle beside its readings, and since when: depot, tyres, firmware, set-point,
-- route, usable energy. And from the depot, where its service days begin.
--
-- Whoever acts as ayaz_operator keeps it, by `ayaz context import` or by SQL; ingest has no business
-- here. Every refusal says what is wrong, of which vehicle, and what to do.

-- For an index that knows both equality and overlap; an extension that a database's owner may create.
create extension if not exists btree_gist;

alter table vehicle_model
    add column heater text
        constraint heater_is_electric_or_fuel_or_heat_pump_or_none
        check (heater in ('electric', 'fuel', 'heat_pump', 'none'));

comment on column vehicle_model.heater is
    'What heats the cabin: electric, fuel, heat_pump or none; null where not known.';
comment on column vehicle.model is
    'What the vehicle is, which does not change in its life: a change is a correction, and holds for '
    'all of its past. What does change has a time, in vehicle_context.';

-- === Service days ===

create function service_day(at timestamptz, zone text, cut_over_hour integer) returns date
language sql immutable parallel safe
as $$
    select ((at at time zone zone) - make_interval(hours => cut_over_hour))::date
$$;

comment on function service_day(timestamptz, text, integer) is
    'The service day of an instant: the date on the zone''s clock, cut_over_hour hours ago. A service '
    'day has 23 or 25 hours where the clock changes. Its results change only with the server''s '
    'time zone data.';

create table depot (
    depot text primary key
        constraint depot_name_has_1_to_64_characters_and_no_outer_blanks
        check (length(depot) between 1 and 64 and depot = btrim(depot, E' \t\r\n')),
    zone text not null,
    cut_over_hour smallint not null default 3
        constraint cut_over_hour_is_0_to_23 check (cut_over_hour between 0 and 23)
);

comment on table depot is
    'Where vehicles spend the night: its time zone and the hour of its clock at which a service day '
    'begins.';

-- What holds for a vehicle while it has no depot, in this one place.
create table service_day_default (
    one_row boolean primary key default true check (one_row),
    zone text not null,
    cut_over_hour smallint not null
        constraint default_cut_over_hour_is_0_to_23 check (cut_over_hour between 0 and 23)
);

comment on table service_day_default is
    'Zone and cut-over hour of vehicles while they have no depot: one row, to be updated.';

insert into service_day_default (zone, cut_over_hour) values ('UTC', 3);

-- Else the planner takes it for a table of a thousand rows.
analyze service_day_default;

-- `at time zone` takes abbreviations and POSIX rules too ('FOO+5' is no error), and some names are
-- those of files only this server has, so names are compared. Looking through all of them takes a
-- tenth of a second, which only a zone that no depot has yet costs.
create function check_zone() returns trigger
language plpgsql
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

create trigger check_zone_inserted before insert on depot
    for each row when (new.zone is not null) execute function check_zone();
create trigger check_zone_updated before update on depot
    for each row when (new.zone is distinct from old.zone) execute function check_zone();
create trigger check_zone_updated before update on service_day_default
    for each row when (new.zone is distinct from old.zone) execute function check_zone();

-- === Effective-dated attributes ===

create table vehicle_context (
    vehicle_id integer not null references vehicle,
    attribute text not null,
    -- Half-open: the record of the next set of tyres begins when this one ends.
    valid_from timestamptz not null default '-infinity',
    valid_to timestamptz not null default 'infinity',
    value text not null,
    depot text generated always as (case when attribute = 'depot' then value end) stored
        constraint a_vehicle_is_in_this_depot references depot,
    primary key (vehicle_id, attribute, valid_from),
    check (valid_from < valid_to),
    constraint two_records_of_one_vehicle_and_attribute_overlap exclude using gist (
        vehicle_id with =, attribute with =, tstzrange(valid_from, valid_to) with &&
    )
);

comment on table vehicle_context is
    'Attributes of vehicles with the time during which they hold: depot, tyres, firmware, '
    'cabin_setpoint_celsius, route, usable_energy_kwh. Records of one vehicle and attribute do not '
    'overlap. For reading, see vehicle_period and vehicle_context_at.';
comment on column vehicle_context.valid_from is 'First instant; -infinity is since ever.';
comment on column vehicle_context.valid_to is 'First instant after; infinity is until further notice.';
comment on column vehicle_context.depot is 'The value of a depot record, so that its depot must exist.';

-- Who is in a depot, for when its zone changes.
create index on vehicle_context (depot) where depot is not null;

-- Constraints guarantee; this says it in words. It locks the vehicle, so that of two who enter
-- overlapping records at once the later gets words too.
create function check_vehicle_context() returns trigger
language plpgsql
as $$
declare
    bus text;
    what text;
    number_min numeric;
    number_max numeric;
    other vehicle_context;
begin
    select fleet || '/' || vehicle into bus
    from vehicle v where v.vehicle_id = new.vehicle_id
    for no key update;
    if not found then
        raise foreign_key_violation using message = format(
            'there is no vehicle with the number %s: enter it first (insert into vehicle (fleet, '
            'vehicle) …)', coalesce(new.vehicle_id::text, 'null')
        );
    end if;
    what := format('%s of %s, %s to %s', new.attribute, bus, new.valid_from, new.valid_to);

    if new.attribute is null or new.attribute not in (
        'depot', 'tyres', 'firmware', 'cabin_setpoint_celsius', 'route', 'usable_energy_kwh'
    ) then
        raise check_violation using message = format(
            '%s has no attribute %L: write depot, tyres, firmware, cabin_setpoint_celsius, route or '
            'usable_energy_kwh', bus, new.attribute
        );
    end if;

    if new.valid_from is null or new.valid_to is null then
        raise not_null_violation using message = format(
            '%s: an end is null: write -infinity for since ever, infinity for until further notice',
            what
        );
    elsif new.valid_from >= new.valid_to then
        raise check_violation using message = format(
            '%s: ends before it starts: valid_to must be later than valid_from', what
        );
    elsif new.valid_from < '1990-01-01Z' and new.valid_from <> '-infinity'
        or new.valid_to > '2200-01-01Z' and new.valid_to <> 'infinity'
    then
        raise check_violation using message = format(
            '%s: a time is not between 1990 and 2200: correct it, or write -infinity for since ever, '
            'infinity for until further notice', what
        );
    end if;

    if new.value is null or length(new.value) not between 1 and 100
        or new.value <> btrim(new.value, E' \t\r\n') or new.value ~ '[\u0001-\u001f\u007f]'
    then
        raise check_violation using message = format(
            '%s: the value %L must have 1 to 100 characters, without blanks around it and without '
            'control characters', what, new.value
        );
    end if;
    if new.attribute in ('cabin_setpoint_celsius', 'usable_energy_kwh') then
        number_min := case new.attribute when 'usable_energy_kwh' then 1 else 0 end;
        number_max := case new.attribute when 'usable_energy_kwh' then 2000 else 40 end;
        -- In this order: what is no number is not cast.
        if (case
            when new.value !~ '^[0-9]{1,6}(\.[0-9]{1,6})?$' then true
            else new.value::numeric not between number_min and number_max
        end) then
            raise check_violation using message = format(
                '%s: the value %L must be a number from %s to %s, such as 22.5',
                what, new.value, number_min, number_max
            );
        end if;
    elsif new.attribute = 'depot'
        and not exists (select from depot d where d.depot = new.value)
    then
        raise foreign_key_violation using message = format(
            '%s: there is no depot %L: enter it first (insert into depot (depot, zone) …)',
            what, new.value
        );
    end if;

    -- A record of the same key is the one that is being replaced, or the primary key refuses it.
    select * into other
    from vehicle_context c
    where c.vehicle_id = new.vehicle_id and c.attribute = new.attribute
        and c.valid_from < new.valid_to and c.valid_to > new.valid_from
        and c.valid_from <> new.valid_from
        and (tg_op = 'INSERT' or (c.vehicle_id, c.attribute, c.valid_from)
            <> (old.vehicle_id, old.attribute, old.valid_from))
    order by c.valid_from
    limit 1;
    if found then
        raise exclusion_violation using message = format(
            '%s: overlaps the record %L from %s to %s: end the earlier one where the later begins',
            what, other.value, other.valid_from, other.valid_to
        );
    end if;
    return new;
end
$$;

create trigger check_vehicle_context before insert or update on vehicle_context
    for each row execute function check_vehicle_context();

create function check_depot_unused() returns trigger
language plpgsql
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

create trigger check_depot_deleted before delete on depot
    for each row execute function check_depot_unused();
create trigger check_depot_renamed before update on depot
    for each row when (new.depot is distinct from old.depot) execute function check_depot_unused();

-- === Reading it ===

create view vehicle_period as
select
    v.fleet,
    v.vehicle,
    v.model,
    c.vehicle_id,
    c.attribute,
    c.value,
    nullif(c.valid_from, '-infinity') as valid_from,
    nullif(c.valid_to, 'infinity') as valid_to
from vehicle_context c
join vehicle v using (vehicle_id);

comment on view vehicle_period is
    'What held for each vehicle, and when: valid_from is the first instant, null is since ever; '
    'valid_to is the first instant after, null is until further notice.';

-- The default in the gaps between depots, so that every instant of a vehicle has one rule.
create view service_day_period as
select
    c.vehicle_id,
    d.depot,
    d.zone,
    d.cut_over_hour,
    nullif(c.valid_from, '-infinity') as valid_from,
    nullif(c.valid_to, 'infinity') as valid_to
from vehicle_context c
join depot d on d.depot = c.depot
union all
select
    v.vehicle_id,
    null,
    f.zone,
    f.cut_over_hour,
    lower(gap),
    upper(gap)
from service_day_default f
cross join vehicle v
cross join lateral unnest(
    '{(,)}'::tstzmultirange - coalesce((
        select range_agg(
            tstzrange(nullif(c.valid_from, '-infinity'), nullif(c.valid_to, 'infinity'))
        )
        from vehicle_context c
        where c.vehicle_id = v.vehicle_id and c.attribute = 'depot'
    ), '{}')
) as gap;

comment on view service_day_period is
    'By which zone and cut-over hour the service days of each vehicle are told, and when: its depot''s, '
    'or where depot is null those of service_day_default. The periods of a vehicle leave no gap; a null '
    'end is open.';

create function vehicle_context_at(vehicle_id integer, at timestamptz)
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
as $$
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
    left join vehicle_model m on m.model = v.model
$$;

comment on function vehicle_context_at(integer, timestamptz) is
    'What held for a vehicle at an instant, in one row: … from trip_energy t cross join lateral '
    'vehicle_context_at(t.vehicle_id, t.started_at) c. What is not known is null; usable_energy_source '
    'says whether usable energy is the vehicle''s own or its model''s; zone, cut_over_hour and '
    'service_day are always there.';

-- === What has to be worked out again ===

-- A depot that changes moves hours to another service day. As with touched_hours, who changes it leaves
-- a note, which becomes visible together with the change, and the worker, which alone knows what it
-- has worked out, finds the hours. Were the hours looked up here, one that the worker is just
-- working out by the old rule would be missed.
create table touched_context (
    touch_id bigint generated always as identity primary key,
    -- A vehicle's time, or a depot's vehicles, or (both null) the time of vehicles without a depot.
    vehicle_id integer,
    valid_from timestamptz,
    valid_to timestamptz,
    depot text,
    touched_at timestamptz not null default now()
);

comment on table touched_context is
    'Whose service days have changed, until the worker has put the hours into refresh_queue.';

create function touch_vehicle_depot() returns trigger
language plpgsql
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
    -- Where the same depot held before and after, nothing changes.
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

create trigger touch_vehicle_depot after insert or update or delete on vehicle_context
    for each row execute function touch_vehicle_depot();

create function touch_depot() returns trigger
language plpgsql
as $$
begin
    -- Without a depot: service_day_default.
    insert into touched_context (depot) values (to_jsonb(new) ->> 'depot');
    return null;
end
$$;

create trigger touch_depot after update on depot
    for each row
    when ((new.zone, new.cut_over_hour) is distinct from (old.zone, old.cut_over_hour))
    execute function touch_depot();
create trigger touch_default after update on service_day_default
    for each row
    when ((new.zone, new.cut_over_hour) is distinct from (old.zone, old.cut_over_hour))
    execute function touch_depot();

-- === Rights ===

grant select on vehicle, vehicle_model, depot, service_day_default, vehicle_context, vehicle_period,
    service_day_period
to ayaz_operator;
grant select on depot, service_day_default, vehicle_context, vehicle_period, service_day_period
to ayaz_reader, ayaz_analytics;

grant insert, update, delete on vehicle_model, depot, vehicle_context to ayaz_operator;
grant insert (fleet, vehicle, model), update (model) on vehicle to ayaz_operator;
grant update (zone, cut_over_hour) on service_day_default to ayaz_operator;

grant insert on touched_context to ayaz_operator;
grant select, delete on touched_context to ayaz_analytics;
grant select on touched_context to ayaz_reader;
