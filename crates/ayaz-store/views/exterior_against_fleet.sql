-- Compares each vehicle's exterior temperature on trips with the other vehicles of its fleet in the same
-- hour. It shows a sensor that is in the sun, near a heater, or stuck.
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
    'Each vehicle''s mean exterior temperature on trips in a UTC hour, and the median of its fleet. '
    'is_doubted is the decision of the worker. The open hour has no median yet.';

comment on column exterior_against_fleet.exterior_temperature_mean_celsius is
    'The vehicle''s mean exterior (air) temperature on trips in the hour, °C.';
comment on column exterior_against_fleet.median_celsius is
    'Median of its fleet in that hour, °C; null until the hour is over.';
comment on column exterior_against_fleet.vehicles is 'Number of vehicles in the median.';
comment on column exterior_against_fleet.deviation_kelvin is
    'The vehicle''s mean minus the median, K; positive means the sensor reads too warm.';
comment on column exterior_against_fleet.is_doubted is
    'Whether the worker flags the temperature. A flagged one enters no band and no mean.';

grant select on exterior_against_fleet to ayaz_analytics, ayaz_reader;
