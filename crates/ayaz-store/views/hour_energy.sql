-- Keeps driving and charging apart: energy into the battery while plugged in is not regeneration.
create or replace view hour_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    h.hour,
    h.intervals,
    h.seconds,
    h.flagged_seconds,
    covered_share(h.seconds, 3600) as coverage,
    h.plugged_seconds,
    h.km,
    h.net_kwh,
    h.discharge_kwh,
    h.regen_kwh,
    h.charged_kwh,
    h.charger_kwh,
    h.heater_kwh,
    h.heat_pump_kwh,
    h.battery_heater_kwh,
    h.air_conditioning_kwh,
    h.auxiliary_kwh,
    h.traction_kwh,
    h.unexplained_kwh,
    h.fuel_litres,
    h.exterior_temperature_mean_celsius,
    fuel_heat_kwh(h.fuel_litres, setting) as fuel_heat_kwh,
    split_traction_kwh(
        h.trip_traction_kwh, h.trip_net_kwh, h.trip_standing_net_kwh,
        h.trip_standing_seconds, h.trip_energy_seconds
    ) as split_traction_kwh,
    split_other_kwh(
        h.trip_traction_kwh, h.trip_traction_base_kwh, h.trip_standing_net_kwh,
        h.trip_standing_seconds, h.trip_energy_seconds
    ) as split_other_kwh,
    split_source(h.trip_traction_kwh, h.trip_standing_seconds, h.trip_energy_seconds)
        as split_source,
    h.odometer_km,
    unflagged_share(h.seconds, h.flagged_seconds) as unflagged_share,
    least(
        covered_share(h.seconds, 3600),
        unflagged_share(h.seconds, h.flagged_seconds),
        distance_share(h.km, h.odometer_km)
    ) as completeness,
    h.trip_cabin_kelvin_seconds / nullif(h.trip_cabin_seconds, 0) - 273.15
        as cabin_temperature_mean_celsius,
    h.trip_setpoint_near_seconds / nullif(h.trip_setpoint_seconds, 0) as setpoint_near_share,
    is_cabin_cold(
        h.trip_cabin_kelvin_seconds, h.trip_cabin_seconds, h.trip_setpoint_seconds,
        h.trip_cabin_cold_seconds, setting
    ) as is_cabin_cold,
    h.cabin_heating_seconds,
    h.wheel_regen_kwh,
    electric_heat_kwh(h.heater_kwh, h.heat_pump_kwh, h.battery_heater_kwh) as heat_kwh
-- Reads one vehicle at a time, so that a filter by vehicle uses the index.
from vehicle v
cross join energy_setting as setting
cross join lateral (
    select
        p.hour,
        sum(p.intervals)::bigint as intervals,
        sum(p.seconds) as seconds,
        sum(p.flagged_seconds) as flagged_seconds,
        sum(p.seconds) filter (where p.plugged_in) as plugged_seconds,
        sum(p.km) filter (where p.distance_seconds > 0) as km,
        sum(p.net_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as net_kwh,
        sum(p.discharge_kwh) filter (where not p.plugged_in and p.energy_seconds > 0)
            as discharge_kwh,
        sum(p.regen_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as regen_kwh,
        -sum(p.net_kwh) filter (where p.plugged_in and p.energy_seconds > 0) as charged_kwh,
        sum(p.charger_kwh) as charger_kwh,
        sum(p.heater_kwh) as heater_kwh,
        sum(p.heat_pump_kwh) as heat_pump_kwh,
        sum(p.battery_heater_kwh) as battery_heater_kwh,
        sum(p.air_conditioning_kwh) as air_conditioning_kwh,
        sum(p.auxiliary_kwh) as auxiliary_kwh,
        sum(p.traction_kwh) as traction_kwh,
        sum(p.unexplained_kwh) as unexplained_kwh,
        sum(p.fuel_litres) as fuel_litres,
        sum(p.exterior_kelvin_seconds) filter (where x.hour is null)
            / nullif(sum(p.exterior_seconds) filter (where x.hour is null), 0) - 273.15
            as exterior_temperature_mean_celsius,
        max(p.odometer_end_km) - min(p.odometer_start_km) as odometer_km,
        sum(p.traction_kwh) filter (where p.activity = 'trip') as trip_traction_kwh,
        sum(p.traction_base_kwh) filter (where p.activity = 'trip') as trip_traction_base_kwh,
        sum(p.net_kwh) filter (where p.activity = 'trip') as trip_net_kwh,
        sum(p.standing_net_kwh) filter (where p.activity = 'trip') as trip_standing_net_kwh,
        sum(p.standing_seconds) filter (where p.activity = 'trip') as trip_standing_seconds,
        sum(p.energy_seconds) filter (where p.activity = 'trip') as trip_energy_seconds,
        sum(p.cabin_kelvin_seconds) filter (where p.activity = 'trip') as trip_cabin_kelvin_seconds,
        sum(p.cabin_seconds) filter (where p.activity = 'trip') as trip_cabin_seconds,
        sum(p.setpoint_seconds) filter (where p.activity = 'trip') as trip_setpoint_seconds,
        sum(p.setpoint_near_seconds) filter (where p.activity = 'trip') as trip_setpoint_near_seconds,
        sum(p.cabin_cold_seconds) filter (where p.activity = 'trip') as trip_cabin_cold_seconds,
        sum(p.cabin_heating_seconds) as cabin_heating_seconds,
        sum(p.wheel_regen_kwh) as wheel_regen_kwh
    from energy_bucket p
    left join exterior_doubt x using (vehicle_id, hour)
    where p.vehicle_id = v.vehicle_id
    group by p.hour
) as h;

comment on view hour_energy is
    'Energy, distance and coverage by vehicle and UTC hour. net, discharge and regen count only time while '
    'unplugged; energy while plugged in is in charged_kwh (into the battery) and charger_kwh (from the '
    'charger). Components count both. The columns split_… count trips only, as in session_energy. '
    'completeness is the least of coverage, unflagged_share and distance_share; in the open hour the '
    'remaining time counts as missing. The exterior (air) temperature is null where the fleet contradicts it';

comment on column hour_energy.seconds is 'Measured time of the hour, s, in all activities.';
comment on column hour_energy.coverage is 'Measured share of the hour, 0 to 1.';
comment on column hour_energy.plugged_seconds is
    'Part of seconds while plugged in, s; null means none.';
comment on column hour_energy.net_kwh is
    'Energy out of the battery minus energy into it, while unplugged, kWh; null where not measured.';
comment on column hour_energy.discharge_kwh is
    'Energy out of the battery, while unplugged, kWh, 0 or more.';
comment on column hour_energy.regen_kwh is
    'Energy back into the battery, while unplugged, kWh, 0 or more: energy from braking, minus what heaters '
    'and other loads used directly.';
comment on column hour_energy.odometer_km is
    'Distance by the odometer within the hour, km; null where it was not sent.';
comment on column hour_energy.completeness is
    'How far the hour''s figures can be trusted, 0 to 1: the least of coverage, unflagged_share and the '
    'agreement of integrated distance and odometer_km. In the open hour the remaining time counts as '
    'missing.';
comment on column hour_energy.cabin_temperature_mean_celsius is
    'Mean cabin temperature on trips of the hour, °C; null where not measured.';
comment on column hour_energy.setpoint_near_share is
    'Share of the time on trips in which the cabin was within 3 K '
    '(refresh.cabin_tolerance_kelvin of the worker) of its set-point, 0 to 1.';
comment on column hour_energy.heat_kwh is
    'Electric energy of all heating, kWh, unplugged and plugged in: electric cabin heater, heat pump and '
    'battery heater; null where none is metered. Fuel is not included; see fuel_heat_kwh.';

grant select on hour_energy to ayaz_analytics, ayaz_reader;
