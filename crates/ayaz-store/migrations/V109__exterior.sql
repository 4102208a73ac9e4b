-- Compares the exterior temperature of a bus with the other buses of its fleet in the same hour. No other
-- check finds a sensor that reads twelve degrees too warm, or that is stuck for weeks. Buckets keep the
-- measured values; sessions and bands of trips and months leave out flagged ones.

-- Exterior temperature of a vehicle on trips in an hour. Values while parked may be those of a hall, so they
-- do not count. The key begins with the hour, since queries read one hour of a fleet.
create table hour_exterior (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- Time integral of the exterior temperature, and its time, which is never 0.
    kelvin_seconds double precision not null,
    seconds double precision not null,
    primary key (hour, vehicle_id)
    -- Each refresh updates the open hour.
) with (fillfactor = 70);

-- Exterior temperature of an hour by the buses of a fleet on trips.
create table fleet_hour (
    fleet text not null,
    hour timestamptz not null,
    -- Vehicles with enough time on trips.
    vehicles bigint not null,
    -- Median of their mean exterior temperatures.
    exterior_median_celsius double precision not null,
    primary key (fleet, hour)
);

-- Hours of vehicles whose exterior temperature contradicts their fleet.
create table exterior_doubt (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- Mean of the vehicle on trips.
    exterior_mean_celsius double precision not null,
    -- Median of its fleet.
    exterior_median_celsius double precision not null,
    -- The mean minus the median.
    deviation_kelvin double precision not null,
    primary key (vehicle_id, hour)
);

create index on exterior_doubt (hour);

-- The worker's queue: hours of fleets to check again.
create table fleet_hour_queue (
    fleet text not null,
    hour timestamptz not null,
    queued_at timestamptz not null default now(),
    primary key (fleet, hour)
);

create index on fleet_hour_queue (hour desc, queued_at);
create index on fleet_hour_queue (queued_at, hour);

comment on table hour_exterior is
    'Exterior temperature of a vehicle on trips in a UTC hour: integral in K s, and its time. A sum over '
    'energy_bucket, updated by the worker.';
comment on column hour_exterior.vehicle_id is 'The vehicle''s number in this database.';
comment on column hour_exterior.hour is 'UTC hour.';
comment on column hour_exterior.kelvin_seconds is
    'Time integral of the exterior temperature on trips, K s.';
comment on column hour_exterior.seconds is 'Time on trips of the integral, s; never 0.';

comment on table fleet_hour is
    'Median of the mean exterior temperatures of a fleet''s vehicles on trips in a UTC hour, and the number '
    'of vehicles. The worker writes it once the hour is over.';
comment on column fleet_hour.fleet is 'The fleet''s name.';
comment on column fleet_hour.hour is 'UTC hour.';
comment on column fleet_hour.vehicles is 'Vehicles with enough time on trips.';
comment on column fleet_hour.exterior_median_celsius is
    'Median of their mean exterior (air) temperatures, °C.';

comment on table exterior_doubt is
    'UTC hours of vehicles whose exterior temperature is flagged because the fleet contradicts it. It enters '
    'no band and no mean of sessions and months; energy_bucket keeps the measured value.';
comment on column exterior_doubt.vehicle_id is 'The vehicle''s number in this database.';
comment on column exterior_doubt.hour is 'UTC hour.';
comment on column exterior_doubt.exterior_mean_celsius is
    'The vehicle''s mean exterior temperature on trips, °C.';
comment on column exterior_doubt.exterior_median_celsius is 'Median of its fleet in that hour, °C.';
comment on column exterior_doubt.deviation_kelvin is
    'The mean minus the median, K; positive means the sensor reads too warm.';

comment on table fleet_hour_queue is
    'Hours of fleets whose exterior temperatures have changed and must be compared again.';
comment on column fleet_hour_queue.fleet is 'The fleet''s name.';
comment on column fleet_hour_queue.hour is 'UTC hour.';
comment on column fleet_hour_queue.queued_at is 'Since when the fleet''s hour waits for the check.';

grant select, insert, update, delete on hour_exterior, fleet_hour to ayaz_analytics;
grant select, insert, delete on exterior_doubt, fleet_hour_queue to ayaz_analytics;
grant select on hour_exterior, fleet_hour, exterior_doubt, fleet_hour_queue to ayaz_reader;
