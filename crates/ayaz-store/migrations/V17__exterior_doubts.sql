-- The exterior temperature of a bus against the other buses of its fleet in the same hour. Nothing
-- else shows that a sensor reads twelve degrees too warm, or has been frozen for weeks. Pieces keep
-- what was measured; sessions, bands of trips and months are made without what is doubted here.

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

comment on table hour_exterior is
    'Exterior temperature of a vehicle on trips in a UTC hour: integral in K s, and the time it covers. '
    'A sum over energy_piece, kept by the worker.';

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

comment on table fleet_hour is
    'Median of the mean exterior temperatures of a fleet''s vehicles that were on trips in a UTC hour, '
    'and their number. Kept by the worker once the hour is over.';

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

comment on table exterior_doubt is
    'UTC hours of vehicles whose exterior temperature is doubted because their fleet contradicts it. It '
    'enters no band and no mean of sessions and months; energy_piece shows it as measured.';

-- Hours of fleets that have to be judged again: the worker's own list.
create table fleet_hour_queue (
    fleet text not null,
    hour timestamptz not null,
    queued_at timestamptz not null default now(),
    primary key (fleet, hour)
);

comment on table fleet_hour_queue is
    'Hours of fleets whose exterior temperatures have changed and are to be held against each other.';

create index on fleet_hour_queue (hour desc, queued_at);
create index on fleet_hour_queue (queued_at, hour);

grant select, insert, update, delete on hour_exterior, fleet_hour to ayaz_analytics;
grant select, insert, delete on exterior_doubt, fleet_hour_queue to ayaz_analytics;
grant select on hour_exterior, fleet_hour, exterior_doubt, fleet_hour_queue to ayaz_reader;

-- All that is known has yet to be judged.
insert into hour_exterior (vehicle_id, hour, kelvin_seconds, seconds)
select
    vehicle_id,
    hour,
    sum(exterior_kelvin_seconds order by piece),
    sum(exterior_seconds order by piece)
from energy_piece
where activity = 'trip'
group by vehicle_id, hour
having sum(exterior_seconds) > 0;

insert into fleet_hour_queue (fleet, hour)
select distinct v.fleet, h.hour
from hour_exterior h
join vehicle v using (vehicle_id);

-- What of the readings is doubted, row by row: the row as it came, and why.
create or replace view doubted_reading as
select d.checks, d.signals as doubted_signals, d.whole_row, r.*
from doubted_stretch d
join reading r
    on r.vehicle_id = d.vehicle_id
    and r.boot_id = d.boot_id
    and r.recorded_at between d.started_at and d.ended_at
    and r.sequence between d.sequence_min and d.sequence_max
    and r.time_quality = 0
union all
select array['exterior_against_fleet'], array['exterior_temperature_celsius'], false, r.*
from exterior_doubt d
join reading r
    on r.vehicle_id = d.vehicle_id
    and r.recorded_at >= d.hour
    and r.recorded_at < d.hour + interval '1 hour'
    and r.time_quality = 0
where r.exterior_temperature_celsius is not null;

comment on view doubted_reading is
    'Readings whose values the plausibility checks doubt, or whose time their numbers contradict, with '
    'the checks and the signals. The rows '
    'stay as they came; doubted values enter no aggregate. What the vehicle''s own readings contradict '
    'and what its fleet does (exterior_against_fleet) are rows of their own.';

-- Each vehicle's exterior temperature on trips against the others of its fleet in the same hour: a
-- sensor in the sun, beside a heater, or frozen shows here.
create or replace view exterior_against_fleet as
select
    v.fleet,
    v.vehicle,
    v.vehicle_id,
    h.hour,
    h.kelvin_seconds / h.seconds - 273.15 as exterior_temperature_mean_celsius,
    f.exterior_median_celsius as median_celsius,
    coalesce(f.vehicles, 0) as vehicles,
    h.kelvin_seconds / h.seconds - 273.15 - f.exterior_median_celsius as deviation_kelvin,
    d.vehicle_id is not null as is_doubted
from hour_exterior h
join vehicle v using (vehicle_id)
left join fleet_hour f on f.fleet = v.fleet and f.hour = h.hour
left join exterior_doubt d on d.vehicle_id = h.vehicle_id and d.hour = h.hour;

comment on view exterior_against_fleet is
    'Each vehicle''s mean exterior temperature on trips of a UTC hour against the median of its fleet; '
    'is_doubted is what the worker decided. The hour that runs has no median yet.';
