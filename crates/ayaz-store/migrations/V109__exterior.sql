-- The exterior temperature of a bus against the other buses of its fleet in the same hour. Nothing
-- else shows that a sensor reads twelve degrees too warm, or has been frozen for weeks. Buckets keep
-- what was measured; sessions, bands of trips and months are made without what is flagged here.

-- What a vehicle measured of an hour's air on trips. What it measured while it was parked may be
-- the air of a hall. The key begins with the hour, since a fleet's hour is what is read.
create table hour_exterior (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- Time integral of the exterior temperature and the time it covers, more than none.
    kelvin_seconds double precision not null,
    seconds double precision not null,
    primary key (hour, vehicle_id)
    -- An hour that runs is updated with each refresh.
) with (fillfactor = 70);

-- What the fleet's buses on trips say of an hour's air.
create table fleet_hour (
    fleet text not null,
    hour timestamptz not null,
    -- Vehicles that were on trips for long enough to be asked.
    vehicles bigint not null,
    -- Median of their mean exterior temperatures.
    exterior_median_celsius double precision not null,
    primary key (fleet, hour)
);

-- A vehicle's hour whose exterior temperature its fleet contradicts.
create table exterior_doubt (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- The vehicle's own mean on trips.
    exterior_mean_celsius double precision not null,
    -- That of its fleet.
    exterior_median_celsius double precision not null,
    -- The mean less the median.
    deviation_kelvin double precision not null,
    primary key (vehicle_id, hour)
);

create index on exterior_doubt (hour);

-- Hours of fleets that have to be judged again: the worker's own list.
create table fleet_hour_queue (
    fleet text not null,
    hour timestamptz not null,
    queued_at timestamptz not null default now(),
    primary key (fleet, hour)
);

create index on fleet_hour_queue (hour desc, queued_at);
create index on fleet_hour_queue (queued_at, hour);

comment on table hour_exterior is
    'Exterior temperature of a vehicle on trips in a UTC hour: integral in K s, and the time it '
    'covers. A sum over energy_bucket, kept by the worker.';
comment on column hour_exterior.vehicle_id is 'The vehicle''s number in this database.';
comment on column hour_exterior.hour is 'UTC hour.';
comment on column hour_exterior.kelvin_seconds is
    'Time integral of the exterior temperature on trips, K s.';
comment on column hour_exterior.seconds is 'The time on trips that it covers, s, more than none.';

comment on table fleet_hour is
    'Median of the mean exterior temperatures of a fleet''s vehicles that were on trips in a UTC '
    'hour, and their number. Kept by the worker once the hour is over.';
comment on column fleet_hour.fleet is 'The fleet''s name.';
comment on column fleet_hour.hour is 'UTC hour.';
comment on column fleet_hour.vehicles is 'Vehicles that were on trips for long enough to be asked.';
comment on column fleet_hour.exterior_median_celsius is
    'Median of their mean exterior (air) temperatures, °C.';

comment on table exterior_doubt is
    'UTC hours of vehicles whose exterior temperature is flagged because their fleet contradicts '
    'it. It enters no band and no mean of sessions and months; energy_bucket shows it as measured.';
comment on column exterior_doubt.vehicle_id is 'The vehicle''s number in this database.';
comment on column exterior_doubt.hour is 'UTC hour.';
comment on column exterior_doubt.exterior_mean_celsius is
    'The vehicle''s own mean exterior temperature on trips, °C.';
comment on column exterior_doubt.exterior_median_celsius is
    'The median of its fleet in that hour, °C.';
comment on column exterior_doubt.deviation_kelvin is
    'The mean less the median, K: positive reads too warm.';

comment on table fleet_hour_queue is
    'Hours of fleets whose exterior temperatures have changed and are to be held against each '
    'other.';
comment on column fleet_hour_queue.fleet is 'The fleet''s name.';
comment on column fleet_hour_queue.hour is 'UTC hour.';
comment on column fleet_hour_queue.queued_at is 'Since when the fleet''s hour waits to be judged.';

grant select, insert, update, delete on hour_exterior, fleet_hour to ayaz_analytics;
grant select, insert, delete on exterior_doubt, fleet_hour_queue to ayaz_analytics;
grant select on hour_exterior, fleet_hour, exterior_doubt, fleet_hour_queue to ayaz_reader;
