-- How fast packs cool while parked: for an hour or more, not plugged in, without heating.
create or replace view cold_soak as
select
    fleet,
    vehicle,
    model,
    vehicle_id,
    started_at,
    ended_at,
    is_open,
    duration_seconds,
    coverage,
    exterior_temperature_mean_celsius,
    battery_start_celsius,
    battery_end_celsius,
    cabin_start_celsius,
    cabin_end_celsius,
    (battery_start_celsius - battery_end_celsius) / (duration_seconds / 3600)
        as battery_cooling_kelvin_per_hour,
    -- Newton's law of cooling: the hours in which the temperature difference to the air falls to 1/e.
    case
        when battery_start_celsius - exterior_temperature_mean_celsius > 5
            and battery_end_celsius - exterior_temperature_mean_celsius > 1
            and battery_start_celsius - battery_end_celsius >= 0.5
        then duration_seconds / 3600 / ln(
            (battery_start_celsius - exterior_temperature_mean_celsius)
                / (battery_end_celsius - exterior_temperature_mean_celsius)
        )
    end as battery_time_constant_hours,
    completeness
from session_energy
where kind = 'parking'
    and plugged_in_share = 0
    and duration_seconds >= 3600
    and battery_start_celsius is not null
    and battery_end_celsius is not null;

comment on view cold_soak is
    'How each pack cools while its bus is parked and not plugged in: in kelvin per hour, and as the time '
    'constant of the temperature difference to the exterior air (null where the difference is too small)';

comment on column cold_soak.exterior_temperature_mean_celsius is
    'Mean exterior (air) temperature while parked, °C.';
comment on column cold_soak.battery_cooling_kelvin_per_hour is
    'How fast the pack cooled, K/h; negative means it warmed up.';
comment on column cold_soak.battery_time_constant_hours is
    'Time in which the difference between pack and air temperature falls to 1/e, h; null where the '
    'difference is too small.';

grant select on cold_soak to ayaz_analytics, ayaz_reader;
