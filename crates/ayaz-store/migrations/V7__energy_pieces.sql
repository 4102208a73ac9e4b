-- Energy, distance and coverage of each vehicle and UTC hour, cut further by what reports group by:
-- drive cycle, trip, route, whether the bus was plugged in, and temperature band. Every figure is a
-- sum over intervals (two neighbouring samples of one boot and one drive cycle, at most 60 s
-- apart), attributed to the hour of the interval's first sample, so figures of larger periods are
-- sums over rows. A component's base is the net energy over the intervals in which that component
-- was metered, so that a share is never taken of energy that was not.
create table energy_piece (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- Position of the piece within its hour.
    piece integer not null,
    -- Null where the source does not number drive cycles, or the key is off.
    drive_cycle bigint,
    -- For trips of sources that do not number drive cycles: when the trip began. A piece belongs to a
    -- trip if it has a drive cycle or this, and is not plugged in.
    trip_started_at timestamptz,
    plugged_in boolean not null,
    route text,
    -- Lower edge of the 5 degC band of the exterior temperature; null is unknown.
    band_celsius smallint,
    -- First and last sample.
    started_at timestamptz not null,
    ended_at timestamptz not null,
    intervals bigint not null,
    seconds double precision not null,
    distance_seconds double precision not null,
    km double precision not null,
    energy_seconds double precision not null,
    net_kwh double precision not null,
    discharge_kwh double precision not null,
    regen_kwh double precision not null,
    -- Distance and net energy over the intervals that have both, for kWh/km.
    paired_km double precision not null,
    paired_net_kwh double precision not null,
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
    fuel_litres double precision,
    -- Time integral of the exterior temperature and the time it covers, for the mean.
    exterior_kelvin_seconds double precision not null,
    exterior_seconds double precision not null,
    soc_start_percent real,
    soc_start_at timestamptz,
    soc_end_percent real,
    soc_end_at timestamptz,
    odometer_start_km double precision,
    odometer_end_km double precision,
    primary key (vehicle_id, hour, piece)
);

grant select, insert, update, delete on energy_piece to ayaz_analytics;
grant select on energy_piece to ayaz_reader;
