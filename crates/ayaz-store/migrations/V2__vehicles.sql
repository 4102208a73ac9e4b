-- What is known of a type of vehicle. Filled by the operator; a model without usable energy gives
-- no range.
create table vehicle_model (
    model text primary key,
    length_m real check (length_m > 0),
    usable_energy_kwh real check (usable_energy_kwh > 0)
);

-- A vehicle's number stands in every reading instead of its two names.
create table vehicle (
    vehicle_id integer generated always as identity primary key,
    fleet text not null check (fleet ~ '^[A-Za-z0-9_-]{1,64}$'),
    vehicle text not null check (vehicle ~ '^[A-Za-z0-9_-]{1,64}$'),
    model text references vehicle_model,
    first_seen_at timestamptz not null default now(),
    unique (fleet, vehicle)
);

grant select on vehicle, vehicle_model to ayaz_ingest, ayaz_analytics, ayaz_reader;
grant insert (fleet, vehicle) on vehicle to ayaz_ingest;

-- Whether the vehicle is connected, as its retained status and its last will say.
create table vehicle_status (
    vehicle_id integer primary key references vehicle,
    online boolean not null,
    boot_id bigint not null,
    changed_at timestamptz not null
);

grant select, insert, update on vehicle_status to ayaz_ingest;
grant select on vehicle_status to ayaz_analytics, ayaz_reader;
