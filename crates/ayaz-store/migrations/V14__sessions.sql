-- Pieces are cut by activity and service day too, so everything is worked out again: the hours go
-- back into the queue, and until the worker has been through them the views show what is done.
insert into refresh_queue (vehicle_id, hour)
select vehicle_id, hour from refreshed_hour
on conflict do nothing;

drop view winter_range, vehicle_usable_energy, band_energy, trip_band_energy, trip_energy,
    hour_energy, numbered_trip_piece, trip_piece;
drop table energy_piece;
truncate refreshed_hour;

alter table refreshed_hour
    -- Good readings within reach before the hour: whether its first readings are plausible depends
    -- on them. readings_after is those within reach after it.
    add column readings_before bigint not null;

comment on column refreshed_hour.readings_after is
    'Good readings after the hour that its last interval, or the plausibility of its last readings, '
    'depends on.';

-- The sums that pieces, sessions, bands and months have in common; removed again below.
create table energy_columns (
    seconds double precision not null,
    -- Time in which at least one value was doubted by the plausibility checks. Where all of a reading
    -- is doubted, that time is not among seconds.
    doubted_seconds double precision not null,
    distance_seconds double precision not null,
    km double precision not null,
    energy_seconds double precision not null,
    net_kwh double precision not null,
    discharge_kwh double precision not null,
    regen_kwh double precision not null,
    -- Distance and net energy over the intervals that have both, for kWh/km.
    paired_km double precision not null,
    paired_net_kwh double precision not null,
    -- While standing (under 1 km/h at both ends): what is not traction.
    standing_seconds double precision not null,
    standing_net_kwh double precision not null,
    -- Components, each with its base; null where never metered.
    heater_kwh double precision,
    heater_base_kwh double precision,
    heat_pump_kwh double precision,
    heat_pump_base_kwh double precision,
    battery_heater_kwh double precision,
    battery_heater_base_kwh double precision,
    air_conditioning_kwh double precision,
    air_conditioning_base_kwh double precision,
    auxiliary_kwh double precision,
    auxiliary_base_kwh double precision,
    traction_kwh double precision,
    traction_base_kwh double precision,
    charger_kwh double precision,
    -- Net and charger less all components, over intervals in which traction and auxiliaries were
    -- metered: what no meter explains.
    unexplained_kwh double precision,
    unexplained_base_kwh double precision,
    fuel_litres double precision,
    -- Time integral of the exterior temperature and the time it covers, for the mean.
    exterior_kelvin_seconds double precision not null,
    exterior_seconds double precision not null
);

-- Energy, distance and coverage of each vehicle and UTC hour, cut further by what reports group by:
-- activity, drive cycle, trip, route, charging station, service day and temperature band. Every
-- figure is a sum over intervals (two neighbouring samples of one boot and one drive cycle, at most
-- 60 s apart), attributed to the hour of the interval's first sample, so figures of larger periods
-- are sums over rows. A component's base is the net energy over the intervals in which that
-- component was metered, so that a share is never taken of energy that was not.
create table energy_piece (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- Position of the piece within its hour.
    piece integer not null,
    service_day date not null,
    -- 'trip', 'charging', 'conditioning' or 'parking', as the interval's first sample shows.
    activity text not null check (activity in ('trip', 'charging', 'conditioning', 'parking')),
    -- When this stretch of the activity began within the hour; null for trips.
    stretch_started_at timestamptz,
    -- Null where the source does not number drive cycles, or the key is off.
    drive_cycle bigint,
    -- For trips of sources that do not number drive cycles: when the trip began.
    trip_started_at timestamptz,
    plugged_in boolean not null,
    charging_station text,
    route text,
    -- Lower edge of the band of the exterior temperature (5 °C, 2 °C below −20); null is unknown.
    band_celsius smallint,
    -- First and last sample.
    started_at timestamptz not null,
    ended_at timestamptz not null,
    intervals bigint not null,
    like energy_columns,
    -- First and last values.
    soc_start_percent double precision,
    soc_start_at timestamptz,
    soc_end_percent double precision,
    soc_end_at timestamptz,
    odometer_start_km double precision,
    odometer_end_km double precision,
    exterior_start_celsius double precision,
    exterior_end_celsius double precision,
    cabin_start_celsius double precision,
    cabin_end_celsius double precision,
    battery_start_celsius double precision,
    battery_end_celsius double precision,
    primary key (vehicle_id, hour, piece)
);

create index on energy_piece (hour);

-- What each boot of a device numbered in an hour and a service day, for gaps in the sequence.
create table hour_sequence (
    vehicle_id integer not null,
    hour timestamptz not null,
    service_day date not null,
    boot_id bigint not null,
    -- Good readings, and those of them with at least one doubted value.
    readings bigint not null,
    readings_doubted bigint not null,
    -- Readings that come before, by their time, what they come after by their number: the device's
    -- clock stepped.
    readings_out_of_order bigint not null,
    sequence_min bigint not null,
    sequence_max bigint not null,
    primary key (vehicle_id, hour, service_day, boot_id)
);

-- Neighbouring readings whose values the plausibility checks doubt, and why. The readings stay as
-- they came; doubted values enter no aggregate.
create table doubted_stretch (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- Position within the hour.
    stretch integer not null,
    boot_id bigint not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    readings bigint not null,
    -- The checks that fired: 'interpolated_ramp', 'stuck', 'impossible_jump', 'sentinel'.
    checks text[] not null,
    -- The doubted signals, by their columns in reading; empty where the whole row is doubted.
    signals text[] not null,
    whole_row boolean not null,
    primary key (vehicle_id, hour, stretch)
);

-- What a vehicle did from when to when: trips and, between them, charging, conditioning and parking.
-- Worked out from the pieces, whole, between the trips around the hours that changed.
create table session (
    vehicle_id integer not null,
    started_at timestamptz not null,
    -- Position among those that started at the same instant.
    number integer not null,
    ended_at timestamptz not null,
    kind text not null check (kind in ('trip', 'charging', 'conditioning', 'parking')),
    -- When the trip, or the time between two trips, began that it belongs to.
    block_started_at timestamptz not null,
    service_day date not null,
    drive_cycle bigint,
    trip_started_at timestamptz,
    -- The one that was served; null if none or several were.
    route text,
    charging_station text,
    -- Share of the time on the plug, 0 to 1; of a trip, how much it was charged on the way (that charge
    -- is a session of its own).
    plugged_in_share double precision not null,
    intervals bigint not null,
    like energy_columns,
    soc_start_percent double precision,
    soc_end_percent double precision,
    odometer_start_km double precision,
    odometer_end_km double precision,
    exterior_start_celsius double precision,
    exterior_end_celsius double precision,
    cabin_start_celsius double precision,
    cabin_end_celsius double precision,
    battery_start_celsius double precision,
    battery_end_celsius double precision,
    primary key (vehicle_id, started_at, number)
);

create index on session (vehicle_id, ended_at);
create index on session (started_at);

-- A trip by temperature band and route.
create table trip_band (
    vehicle_id integer not null,
    -- Of the trip: session's key.
    started_at timestamptz not null,
    number integer not null,
    -- Position within the trip.
    band integer not null,
    band_celsius smallint,
    route text,
    intervals bigint not null,
    like energy_columns,
    primary key (vehicle_id, started_at, number, band)
);

-- Trips by vehicle, month and band, so that a season of a large fleet is a few rows a vehicle. A
-- trip belongs to the month of the service day on which it began.
create table month_band (
    vehicle_id integer not null,
    month date not null,
    -- Position within the month.
    band integer not null,
    band_celsius smallint,
    trips bigint not null,
    intervals bigint not null,
    like energy_columns,
    -- Time from the first to the last sample of the trips that touch the band, s, and the part of it
    -- that was measured; time that is missing has no temperature, so coverage is told by trip.
    trip_duration_seconds double precision not null,
    trip_seconds double precision not null,
    primary key (vehicle_id, month, band)
);

-- What a vehicle's trips of a month took whose state of charge and energy are known throughout: an
-- estimate of its usable energy, where the operator says nothing of it.
create table month_charge (
    vehicle_id integer not null,
    month date not null,
    soc_drop_percent double precision not null,
    net_kwh double precision not null,
    primary key (vehicle_id, month)
);

drop table energy_columns;

grant select, insert, delete on energy_piece, hour_sequence, doubted_stretch, session, trip_band,
    month_band, month_charge to ayaz_analytics;
grant select on energy_piece, hour_sequence, doubted_stretch, session, trip_band, month_band,
    month_charge to ayaz_reader;
