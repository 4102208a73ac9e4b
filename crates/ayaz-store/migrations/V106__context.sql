-- What is known of a vehicle beside its readings, and since when: depot, tyres, firmware, set-point,
-- route, usable energy. And from the depot, where its service days begin.
--
-- Whoever acts as ayaz_operator keeps it, by `ayaz context import` or by SQL; ingest has no business
-- here. Every refusal says what is wrong, of which vehicle, and what to do: the checks stand in views/
-- (check_zone, check_vehicle_context, check_depot_unused).

create table depot (
    depot text primary key
        constraint depot_name_has_1_to_64_characters_and_no_outer_blanks
        check (length(depot) between 1 and 64 and depot = btrim(depot, E' \t\r\n')),
    zone text not null,
    cut_over_hour smallint not null default 3
        constraint cut_over_hour_is_0_to_23 check (cut_over_hour between 0 and 23)
);

-- What holds for a vehicle while it has no depot, in this one place.
create table service_day_default (
    one_row boolean primary key default true check (one_row),
    zone text not null,
    cut_over_hour smallint not null
        constraint default_cut_over_hour_is_0_to_23 check (cut_over_hour between 0 and 23)
);

insert into service_day_default (zone, cut_over_hour) values ('UTC', 3);

-- Else the planner takes it for a table of a thousand rows.
analyze service_day_default;

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

-- Who is in a depot, for when its zone changes.
create index on vehicle_context (depot) where depot is not null;

-- A depot that changes moves hours to another service day. As with dirty_hours, who changes it leaves
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

comment on table depot is
    'Where vehicles spend the night: its time zone and the hour of its clock at which a service '
    'day begins.';
comment on column depot.depot is 'Name of the depot.';
comment on column depot.zone is 'Time zone by whose clock the service day begins.';
comment on column depot.cut_over_hour is
    'Hour of that clock at which the service day begins, 0 to 23.';

comment on table service_day_default is
    'Zone and cut-over hour of vehicles while they have no depot: one row, to be updated.';
comment on column service_day_default.one_row is 'Always true: the table has one row.';
comment on column service_day_default.zone is 'Time zone by whose clock the service day begins.';
comment on column service_day_default.cut_over_hour is
    'Hour of that clock at which the service day begins, 0 to 23.';

comment on table vehicle_context is
    'Attributes of vehicles with the time during which they hold: depot, tyres, firmware, '
    'cabin_setpoint_celsius, route, usable_energy_kwh. Records of one vehicle and attribute do '
    'not overlap. For reading, see vehicle_period and vehicle_context_at.';
comment on column vehicle_context.vehicle_id is 'The vehicle''s number in this database.';
comment on column vehicle_context.attribute is
    'What is said: depot, tyres, firmware, cabin_setpoint_celsius, route or usable_energy_kwh.';
comment on column vehicle_context.valid_from is 'First instant; -infinity is since ever.';
comment on column vehicle_context.valid_to is
    'First instant after; infinity is until further notice.';
comment on column vehicle_context.value is
    'What holds, as text; numbers in the unit of the attribute''s name.';
comment on column vehicle_context.depot is
    'The value of a depot record, so that its depot must exist.';

comment on table touched_context is
    'Whose service days have changed, until the worker has put the hours into refresh_queue.';
comment on column touched_context.touch_id is 'Number of the note.';
comment on column touched_context.vehicle_id is
    'Vehicle whose service days have changed; null where a depot''s have.';
comment on column touched_context.valid_from is 'From when on they have.';
comment on column touched_context.valid_to is 'Until when.';
comment on column touched_context.depot is
    'Depot whose service days have changed; null for those of vehicles without a depot.';
comment on column touched_context.touched_at is 'When the context was changed.';

grant select on depot, service_day_default, vehicle_context
to ayaz_operator, ayaz_reader, ayaz_analytics;
grant insert, update, delete on depot, vehicle_context to ayaz_operator;
grant update (zone, cut_over_hour) on service_day_default to ayaz_operator;

grant insert on touched_context to ayaz_operator;
grant select, delete on touched_context to ayaz_analytics;
grant select on touched_context to ayaz_reader;
