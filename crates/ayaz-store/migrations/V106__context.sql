-- Context of vehicles, with periods of validity: depot, tyres, firmware, set-point, route, usable energy. The
-- depot decides where service days begin.
--
-- The role ayaz_operator edits it, by `ayaz context import` or SQL; ingest has no rights here. Each refusal
-- names the error, the vehicle and what to do: see check_zone, check_vehicle_context and check_depot_unused
-- in views/.

create table depot (
    depot text primary key
        constraint depot_name_has_1_to_64_characters_and_no_outer_blanks
        check (length(depot) between 1 and 64 and depot = btrim(depot, E' \t\r\n')),
    zone text not null,
    cut_over_hour smallint not null default 3
        constraint cut_over_hour_is_0_to_23 check (cut_over_hour between 0 and 23)
);

-- Rule for vehicles without a depot. It exists only here.
create table service_day_default (
    one_row boolean primary key default true check (one_row),
    zone text not null,
    cut_over_hour smallint not null
        constraint default_cut_over_hour_is_0_to_23 check (cut_over_hour between 0 and 23)
);

insert into service_day_default (zone, cut_over_hour) values ('UTC', 3);

-- Without statistics, the planner assumes a thousand rows.
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

-- Finds the vehicles of a depot when its zone changes.
create index on vehicle_context (depot) where depot is not null;

-- A change of depot moves hours to another service day. As with dirty_hours, the change adds a note in the
-- same transaction, and the worker finds the hours, since only it knows which ones it has worked out. A
-- search in this transaction would miss an hour that the worker is working out by the old rule at that
-- moment.
create table touched_context (
    touch_id bigint generated always as identity primary key,
    -- Identifies a period of a vehicle, all vehicles of a depot, or (both null) vehicles without a depot.
    vehicle_id integer,
    valid_from timestamptz,
    valid_to timestamptz,
    depot text,
    touched_at timestamptz not null default now()
);

comment on table depot is
    'Depots where vehicles park: the time zone, and the local hour at which a service day begins.';
comment on column depot.depot is 'Name of the depot.';
comment on column depot.zone is 'Time zone of the depot.';
comment on column depot.cut_over_hour is 'Local hour at which the service day begins, 0 to 23.';

comment on table service_day_default is
    'Zone and cut-over hour of vehicles without a depot: one row, to be updated.';
comment on column service_day_default.one_row is 'Always true: the table has one row.';
comment on column service_day_default.zone is 'Time zone of the service day.';
comment on column service_day_default.cut_over_hour is
    'Local hour at which the service day begins, 0 to 23.';

comment on table vehicle_context is
    'Attributes of vehicles with their period of validity: depot, tyres, firmware, cabin_setpoint_celsius, '
    'route, usable_energy_kwh. Records of one vehicle and attribute do not overlap. To read it, use '
    'vehicle_period and vehicle_context_at.';
comment on column vehicle_context.vehicle_id is 'The vehicle''s number in this database.';
comment on column vehicle_context.attribute is
    'Name of the attribute: depot, tyres, firmware, cabin_setpoint_celsius, route or usable_energy_kwh.';
comment on column vehicle_context.valid_from is
    'First instant at which it is valid; -infinity means no start.';
comment on column vehicle_context.valid_to is 'First instant after; infinity means no end.';
comment on column vehicle_context.value is
    'The value as text; numbers in the unit of the attribute''s name.';
comment on column vehicle_context.depot is
    'The value of a depot record, as a foreign key to its depot.';

comment on table touched_context is
    'Changes that affect service days, until the worker has queued the hours in refresh_queue.';
comment on column touched_context.touch_id is 'Number of the note.';
comment on column touched_context.vehicle_id is
    'Vehicle with changed service days; null where a depot''s have changed.';
comment on column touched_context.valid_from is 'Start of the change.';
comment on column touched_context.valid_to is 'End of the change.';
comment on column touched_context.depot is
    'Depot with changed service days; null for vehicles without a depot.';
comment on column touched_context.touched_at is 'When the context was changed.';

grant select on depot, service_day_default, vehicle_context
to ayaz_operator, ayaz_reader, ayaz_analytics;
grant insert, update, delete on depot, vehicle_context to ayaz_operator;
grant update (zone, cut_over_hour) on service_day_default to ayaz_operator;

grant insert on touched_context to ayaz_operator;
grant select, delete on touched_context to ayaz_analytics;
grant select on touched_context to ayaz_reader;
