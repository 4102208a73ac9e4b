-- Facts about each vehicle model, entered by the operator. A model without usable energy gives no range.
create table vehicle_model (
    model text primary key,
    length_m real check (length_m > 0),
    usable_energy_kwh real check (usable_energy_kwh > 0),
    heater text
        constraint heater_is_electric_or_fuel_or_heat_pump_or_none
        check (heater in ('electric', 'fuel', 'heat_pump', 'none'))
);

-- Readings hold the vehicle's number instead of its two names.
create table vehicle (
    vehicle_id integer generated always as identity primary key,
    fleet text not null check (fleet ~ '^[A-Za-z0-9_-]{1,64}$'),
    vehicle text not null check (vehicle ~ '^[A-Za-z0-9_-]{1,64}$'),
    model text references vehicle_model,
    first_seen_at timestamptz not null default now(),
    unique (fleet, vehicle)
);

-- Whether the vehicle is connected, from its retained status and its last will.
create table vehicle_status (
    vehicle_id integer primary key references vehicle,
    online boolean not null,
    boot_id bigint not null,
    changed_at timestamptz not null
);

comment on table vehicle_model is 'Facts about each vehicle model, entered by the operator.';
comment on column vehicle_model.model is 'Name of the model, as entered by the operator.';
comment on column vehicle_model.length_m is 'Length of the vehicle, m; null where not known.';
comment on column vehicle_model.usable_energy_kwh is
    'Energy between full and empty of a new battery, kWh, as entered by the operator; null where not known.';
comment on column vehicle_model.heater is
    'Cabin heater: electric, fuel, heat_pump or none; null where not known.';

comment on table vehicle is
    'Every vehicle that ever sent a message. Other tables refer to its number.';
comment on column vehicle.vehicle_id is 'The vehicle''s number in this database.';
comment on column vehicle.fleet is 'The fleet''s name.';
comment on column vehicle.vehicle is 'The vehicle''s name within its fleet.';
comment on column vehicle.model is
    'Model of the vehicle. It has no period of validity: a change is a correction and applies to the whole '
    'past. Attributes that change over time are in vehicle_context.';
comment on column vehicle.first_seen_at is 'When the database first saw the vehicle.';

comment on table vehicle_status is 'Whether each vehicle is connected, by its own status messages.';
comment on column vehicle_status.vehicle_id is 'The vehicle''s number in this database.';
comment on column vehicle_status.online is
    'Whether the vehicle is connected, from its status and its last will.';
comment on column vehicle_status.boot_id is 'Boot of the device that sent the status.';
comment on column vehicle_status.changed_at is
    'When the status was received, by the daemon''s clock.';

grant select on vehicle, vehicle_model to ayaz_ingest, ayaz_analytics, ayaz_reader, ayaz_operator;
grant insert (fleet, vehicle) on vehicle to ayaz_ingest;
grant insert (fleet, vehicle, model), update (model) on vehicle to ayaz_operator;
grant insert, update, delete on vehicle_model to ayaz_operator;

grant select, insert, update on vehicle_status to ayaz_ingest;
grant select on vehicle_status to ayaz_analytics, ayaz_reader;
