create or replace view day_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    d.service_day,
    c.completeness,
    d.intervals,
    d.seconds,
    d.flagged_seconds,
    d.trip_seconds,
    d.charging_seconds,
    d.conditioning_seconds,
    d.parking_seconds,
    d.km,
    d.net_kwh,
    d.discharge_kwh,
    d.regen_kwh,
    d.charged_kwh,
    d.charger_kwh,
    d.traction_kwh,
    d.heater_kwh,
    d.plugged_heater_kwh,
    d.heat_pump_kwh,
    d.plugged_heat_pump_kwh,
    d.battery_heater_kwh,
    d.plugged_battery_heater_kwh,
    d.air_conditioning_kwh,
    d.plugged_air_conditioning_kwh,
    d.auxiliary_kwh,
    d.plugged_auxiliary_kwh,
    d.unexplained_kwh,
    d.fuel_litres,
    fuel_heat_kwh(d.fuel_litres, setting) as fuel_heat_kwh,
    d.exterior_temperature_mean_celsius,
    split_traction_kwh(
        d.trip_traction_kwh, d.trip_net_kwh, d.trip_standing_net_kwh,
        d.trip_standing_seconds, d.trip_energy_seconds
    ) as split_traction_kwh,
    split_other_kwh(
        d.trip_traction_kwh, d.trip_traction_base_kwh, d.trip_standing_net_kwh,
        d.trip_standing_seconds, d.trip_energy_seconds
    ) as split_other_kwh,
    split_source(d.trip_traction_kwh, d.trip_standing_seconds, d.trip_energy_seconds)
        as split_source,
    d.trip_cabin_kelvin_seconds / nullif(d.trip_cabin_seconds, 0) - 273.15
        as cabin_temperature_mean_celsius,
    d.trip_setpoint_near_seconds / nullif(d.trip_setpoint_seconds, 0) as setpoint_near_share,
    is_cabin_cold(
        d.trip_cabin_kelvin_seconds, d.trip_cabin_seconds, d.trip_setpoint_seconds,
        d.trip_cabin_cold_seconds, setting
    ) as is_cabin_cold,
    d.cabin_heating_seconds,
    d.wheel_regen_kwh,
    electric_heat_kwh(d.heater_kwh, d.heat_pump_kwh, d.battery_heater_kwh) as heat_kwh,
    electric_heat_kwh(
        d.plugged_heater_kwh, d.plugged_heat_pump_kwh, d.plugged_battery_heater_kwh
    ) as plugged_heat_kwh
-- Reads one vehicle at a time, so that a filter by vehicle uses the index.
from vehicle v
cross join energy_setting as setting
cross join lateral (
    select
        p.service_day,
        sum(p.intervals)::bigint as intervals,
        sum(p.seconds) as seconds,
        sum(p.flagged_seconds) as flagged_seconds,
        sum(p.seconds) filter (where p.activity = 'trip') as trip_seconds,
        sum(p.seconds) filter (where p.activity = 'charging') as charging_seconds,
        sum(p.seconds) filter (where p.activity = 'conditioning') as conditioning_seconds,
        sum(p.seconds) filter (where p.activity = 'parking') as parking_seconds,
        sum(p.km) filter (where p.distance_seconds > 0) as km,
        sum(p.net_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as net_kwh,
        sum(p.discharge_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as discharge_kwh,
        sum(p.regen_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as regen_kwh,
        -sum(p.net_kwh) filter (where p.plugged_in and p.energy_seconds > 0) as charged_kwh,
        sum(p.charger_kwh) as charger_kwh,
        -- While unplugged (as net_kwh), and while plugged in.
        sum(p.traction_kwh) filter (where not p.plugged_in) as traction_kwh,
        sum(p.heater_kwh) filter (where not p.plugged_in) as heater_kwh,
        sum(p.heater_kwh) filter (where p.plugged_in) as plugged_heater_kwh,
        sum(p.heat_pump_kwh) filter (where not p.plugged_in) as heat_pump_kwh,
        sum(p.heat_pump_kwh) filter (where p.plugged_in) as plugged_heat_pump_kwh,
        sum(p.battery_heater_kwh) filter (where not p.plugged_in) as battery_heater_kwh,
        sum(p.battery_heater_kwh) filter (where p.plugged_in) as plugged_battery_heater_kwh,
        sum(p.air_conditioning_kwh) filter (where not p.plugged_in) as air_conditioning_kwh,
        sum(p.air_conditioning_kwh) filter (where p.plugged_in) as plugged_air_conditioning_kwh,
        sum(p.auxiliary_kwh) filter (where not p.plugged_in) as auxiliary_kwh,
        sum(p.auxiliary_kwh) filter (where p.plugged_in) as plugged_auxiliary_kwh,
        sum(p.unexplained_kwh) as unexplained_kwh,
        sum(p.fuel_litres) as fuel_litres,
        sum(p.exterior_kelvin_seconds) filter (where x.hour is null)
            / nullif(sum(p.exterior_seconds) filter (where x.hour is null), 0) - 273.15
            as exterior_temperature_mean_celsius,
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
    group by p.service_day
) as d
left join lateral (
    select b.completeness
    from bus_day_completeness b
    where b.vehicle_id = v.vehicle_id and b.service_day = d.service_day
) as c on true
left join service_day_time w on w.vehicle_id = v.vehicle_id and w.service_day = d.service_day
-- A day with a distance always has a row.
where w.is_rest is not true or d.km > 0;

comment on view day_energy is
    'Energy by vehicle and service day (from one cut-over hour of the depot to the next), unplugged and '
    'plugged in, with the day''s completeness. The columns split_… count trips only, as in session_energy. '
    'The exterior (air) temperature leaves out hours in which the fleet contradicts it. A day that only has '
    'the last readings of an activity of the day before (is_rest of service_day_time) has no row, unless the '
    'vehicle drove';

comment on column day_energy.completeness is
    'How far the day can be trusted, 0 to 1, as in bus_day_completeness.';
comment on column day_energy.seconds is 'Measured time of the day, s, in all activities.';
comment on column day_energy.trip_seconds is 'Part of seconds on trips, s; null means none.';
comment on column day_energy.charging_seconds is
    'Part of seconds while charging, s; null means none.';
comment on column day_energy.conditioning_seconds is
    'Part of seconds in conditioning (heating or cooling while parked, without charging the battery), s.';
comment on column day_energy.parking_seconds is 'Part of seconds parked, s; null means none.';
comment on column day_energy.net_kwh is
    'Energy out of the battery minus energy into it, while unplugged, kWh; null where not measured.';
comment on column day_energy.discharge_kwh is
    'Energy out of the battery, while unplugged, kWh, 0 or more.';
comment on column day_energy.regen_kwh is
    'Energy back into the battery, while unplugged, kWh, 0 or more: energy from braking, minus what heaters '
    'and other loads used directly.';
comment on column day_energy.traction_kwh is
    'Energy into the traction inverters minus the energy they returned, while unplugged, kWh; null where not '
    'metered.';
comment on column day_energy.heater_kwh is
    'Electric (resistive) cabin heater, while unplugged, kWh; null where not metered.';
comment on column day_energy.plugged_heater_kwh is
    'Electric (resistive) cabin heater, while plugged in, kWh.';
comment on column day_energy.heat_pump_kwh is
    'Electric energy into the heat pump while it heats, while unplugged, kWh; null where not metered.';
comment on column day_energy.plugged_heat_pump_kwh is
    'Electric energy into the heat pump while it heats, while plugged in, kWh.';
comment on column day_energy.battery_heater_kwh is
    'Battery heater, while unplugged, kWh; null where not metered.';
comment on column day_energy.plugged_battery_heater_kwh is 'Battery heater, while plugged in, kWh.';
comment on column day_energy.air_conditioning_kwh is
    'Air conditioning while it cools, while unplugged, kWh; null where not metered.';
comment on column day_energy.plugged_air_conditioning_kwh is
    'Air conditioning while it cools, while plugged in, kWh.';
comment on column day_energy.auxiliary_kwh is
    'Auxiliaries (neither traction nor heating nor cooling), while unplugged, kWh; null where not metered.';
comment on column day_energy.plugged_auxiliary_kwh is
    'Auxiliaries (neither traction nor heating nor cooling), while plugged in, kWh.';
comment on column day_energy.cabin_temperature_mean_celsius is
    'Mean cabin temperature on the day''s trips, °C; null where not measured.';
comment on column day_energy.setpoint_near_share is
    'Share of the time on trips in which the cabin was within 3 K '
    '(refresh.cabin_tolerance_kelvin of the worker) of its set-point, 0 to 1.';
comment on column day_energy.heat_kwh is
    'Electric energy of all heating, while unplugged, kWh: electric cabin heater, heat pump and battery '
    'heater; null where none is metered. Fuel is not included; see fuel_heat_kwh.';
comment on column day_energy.plugged_heat_kwh is 'The same while plugged in, kWh.';

grant select on day_energy to ayaz_analytics, ayaz_reader;
