-- Cabin, wheels and all heat by source, in the views of days, bands and range, with new columns at their end;
-- and what all of these columns are.

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
    d.doubted_seconds,
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
    fuel_heat_kwh(d.fuel_litres) as fuel_heat_kwh,
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
        d.trip_cabin_cold_seconds
    ) as is_cabin_cold,
    d.cabin_heating_seconds,
    d.wheel_regen_kwh,
    electric_heat_kwh(d.heater_kwh, d.heat_pump_kwh, d.battery_heater_kwh) as heat_kwh,
    electric_heat_kwh(
        d.plugged_heater_kwh, d.plugged_heat_pump_kwh, d.plugged_battery_heater_kwh
    ) as plugged_heat_kwh
-- By vehicle, so that one that is chosen by its name is read by its index.
from vehicle v
cross join lateral (
    select
        p.service_day,
        sum(p.intervals)::bigint as intervals,
        sum(p.seconds) as seconds,
        sum(p.doubted_seconds) as doubted_seconds,
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
        -- Off the plug, as net_kwh, and on it.
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
    from energy_piece p
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
-- What was driven is told of in any case.
where w.is_rest is not true or d.km > 0;

comment on view day_energy is
    'Energy by vehicle and service day (cut by the depot''s zone and cut-over hour), off the plug '
    'and on it, with the day''s completeness. split_ is of trips, as in session_energy. The exterior (air) '
    'temperature is without hours in which the fleet contradicts it. The last readings of what began the day '
    'before are no row (is_rest of service_day_time), unless the vehicle drove';

create or replace view band_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    b.vehicle_id,
    b.band_celsius,
    b.trips,
    b.intervals,
    covered_share(b.trip_seconds, b.trip_duration_seconds) as coverage,
    b.seconds,
    b.doubted_seconds,
    b.distance_seconds,
    b.energy_seconds,
    b.paired_km,
    b.paired_net_kwh,
    b.standing_seconds,
    b.standing_net_kwh,
    case when b.distance_seconds > 0 then b.km end as km,
    case when b.energy_seconds > 0 then b.net_kwh end as net_kwh,
    case when b.energy_seconds > 0 then b.discharge_kwh end as discharge_kwh,
    case when b.energy_seconds > 0 then b.regen_kwh end as regen_kwh,
    b.heater_kwh,
    b.heater_base_kwh,
    b.heat_pump_kwh,
    b.heat_pump_base_kwh,
    b.battery_heater_kwh,
    b.battery_heater_base_kwh,
    b.air_conditioning_kwh,
    b.air_conditioning_base_kwh,
    b.auxiliary_kwh,
    b.auxiliary_base_kwh,
    b.traction_kwh,
    b.traction_base_kwh,
    b.charger_kwh,
    b.unexplained_kwh,
    b.unexplained_base_kwh,
    b.fuel_litres,
    b.paired_net_kwh / nullif(b.paired_km, 0) as kwh_per_km,
    b.heater_kwh / nullif(b.heater_base_kwh, 0) as heater_share,
    b.exterior_kelvin_seconds / nullif(b.exterior_seconds, 0) - 273.15
        as exterior_temperature_mean_celsius,
    fuel_heat_kwh(b.fuel_litres) as fuel_heat_kwh,
    split_traction_kwh(
        b.traction_kwh, b.net_kwh, b.standing_net_kwh, b.standing_seconds, b.energy_seconds
    ) as split_traction_kwh,
    split_other_kwh(
        b.traction_kwh, b.traction_base_kwh, b.standing_net_kwh, b.standing_seconds, b.energy_seconds
    ) as split_other_kwh,
    split_source(b.traction_kwh, b.standing_seconds, b.energy_seconds) as split_source,
    trusted_share(b.seconds, b.doubted_seconds) as trusted_share,
    distance_share(b.trip_km, b.trip_odometer_km) as distance_share,
    least(
        covered_share(b.trip_seconds, b.trip_duration_seconds),
        trusted_share(b.seconds, b.doubted_seconds),
        distance_share(b.trip_km, b.trip_odometer_km)
    ) as completeness,
    b.wheel_regen_kwh,
    b.wheel_regen_base_km,
    b.wheel_regen_kwh / nullif(b.wheel_regen_base_km, 0) as wheel_regen_kwh_per_km,
    b.regen_kwh / nullif(b.paired_km, 0) as regen_kwh_per_km,
    b.cabin_kelvin_seconds / nullif(b.cabin_seconds, 0) - 273.15
        as cabin_temperature_mean_celsius,
    b.cabin_seconds,
    b.setpoint_near_seconds / nullif(b.setpoint_seconds, 0) as setpoint_near_share,
    b.setpoint_seconds,
    is_cabin_cold(
        b.cabin_kelvin_seconds, b.cabin_seconds, b.setpoint_seconds,
        b.cabin_cold_seconds
    ) as is_cabin_cold,
    b.cabin_heating_seconds,
    electric_heat_kwh(b.heater_kwh, b.heat_pump_kwh, b.battery_heater_kwh) as heat_kwh,
    cabin_heat_kwh(b.heater_kwh, b.heat_pump_kwh) as cabin_heat_kwh,
    electric_heat_share(
        b.heater_kwh, b.heat_pump_kwh, b.battery_heater_kwh,
        b.heater_base_kwh, b.heat_pump_base_kwh, b.battery_heater_base_kwh
    ) as heat_share,
    b.heat_pump_kwh / nullif(b.heat_pump_base_kwh, 0) as heat_pump_share,
    b.battery_heater_kwh / nullif(b.battery_heater_base_kwh, 0)
        as battery_heater_share
from vehicle_band b
join vehicle v using (vehicle_id);

comment on view band_energy is
    'One row per vehicle and band of the exterior (air) temperature, trips only. coverage and distance_share '
    'are those of the trips that touch the band, since missing time has no temperature; completeness '
    'is the least of them and trusted_share';

create or replace view winter_range as
select
    b.fleet,
    b.vehicle,
    b.model,
    b.vehicle_id,
    b.band_celsius,
    case when b.kwh_per_km > 0 then (
        coalesce(own.kwh_km, 0)
        + (b.paired_km - coalesce(own.km, 0)) * coalesce(u.usable_energy_kwh, own.kwh_km / own.km)
    ) / nullif(b.paired_km, 0) / b.kwh_per_km end as range_km,
    -- Against the vehicle's own consumption from +10 to +20 °C; null where that is not known.
    case
        when b.kwh_per_km > 0 and sum(b.trips) filter (where b.band_celsius in (10, 15)) over w >= 3
            and sum(b.paired_km) filter (where b.band_celsius in (10, 15)) over w >= 10
        then 1 - sum(b.paired_net_kwh) filter (where b.band_celsius in (10, 15)) over w
            / sum(b.paired_km) filter (where b.band_celsius in (10, 15)) over w / b.kwh_per_km
    end as range_loss_share,
    b.kwh_per_km,
    b.trips,
    b.seconds,
    b.km,
    b.coverage,
    b.doubted_seconds,
    b.heater_share,
    (
        coalesce(own.kwh_km, 0)
        + (b.paired_km - coalesce(own.km, 0)) * coalesce(u.usable_energy_kwh, own.kwh_km / own.km)
    ) / nullif(b.paired_km, 0) as usable_energy_kwh,
    case when own.km > 0 then 'vehicle' else u.usable_energy_source end as usable_energy_source,
    b.trusted_share,
    b.distance_share,
    b.completeness,
    component_kwh_per_km(b.traction_kwh, b.traction_base_kwh, b.kwh_per_km)
        as traction_kwh_per_km,
    component_kwh_per_km(b.heater_kwh, b.heater_base_kwh, b.kwh_per_km) as heater_kwh_per_km,
    component_kwh_per_km(b.heat_pump_kwh, b.heat_pump_base_kwh, b.kwh_per_km)
        as heat_pump_kwh_per_km,
    component_kwh_per_km(b.battery_heater_kwh, b.battery_heater_base_kwh, b.kwh_per_km)
        as battery_heater_kwh_per_km,
    component_kwh_per_km(b.air_conditioning_kwh, b.air_conditioning_base_kwh, b.kwh_per_km)
        as air_conditioning_kwh_per_km,
    component_kwh_per_km(b.auxiliary_kwh, b.auxiliary_base_kwh, b.kwh_per_km)
        as auxiliary_kwh_per_km,
    component_kwh_per_km(b.unexplained_kwh, b.unexplained_base_kwh, b.kwh_per_km)
        as unexplained_kwh_per_km,
    component_kwh_per_km(
        b.split_traction_kwh, b.split_traction_kwh + b.split_other_kwh, b.kwh_per_km
    ) as split_traction_kwh_per_km,
    component_kwh_per_km(
        b.split_other_kwh, b.split_traction_kwh + b.split_other_kwh, b.kwh_per_km
    ) as split_other_kwh_per_km,
    b.split_source,
    b.fuel_litres / nullif(b.km, 0) as fuel_litres_per_km,
    b.fuel_heat_kwh / nullif(b.km, 0) as fuel_heat_kwh_per_km,
    b.heat_share * b.kwh_per_km as heat_kwh_per_km,
    b.heat_share,
    b.heat_pump_share,
    b.battery_heater_share,
    b.wheel_regen_kwh_per_km,
    b.regen_kwh_per_km,
    b.cabin_temperature_mean_celsius,
    b.setpoint_near_share,
    b.is_cabin_cold
from band_energy b
join vehicle_usable_energy u using (vehicle_id)
-- The vehicle's own usable energy where it is known for the middle of the month, by distance. Exact,
-- so that the order of rows does not show.
left join (
    select
        m.vehicle_id,
        m.band_celsius,
        sum(c.value::numeric * m.paired_km::numeric)::double precision as kwh_km,
        sum(m.paired_km) as km
    from vehicle_context c
    join month_band m on m.vehicle_id = c.vehicle_id
        and c.valid_from <= (m.month + interval '14 days') at time zone 'UTC'
        and c.valid_to > (m.month + interval '14 days') at time zone 'UTC'
    where c.attribute = 'usable_energy_kwh' and m.paired_km > 0
    group by m.vehicle_id, m.band_celsius
) own on own.vehicle_id = b.vehicle_id
    and own.band_celsius is not distinct from b.band_celsius
window w as (partition by b.fleet, b.vehicle, b.model, b.vehicle_id);

comment on view winter_range is
    'Range by vehicle and band of the exterior (air) temperature: usable energy over measured kWh/km; null where one is '
    'missing. usable_energy_kwh is the mean by distance of what held in each month: the vehicle''s own, '
    'else that of vehicle_usable_energy. kWh/km by component from each one''s share while it was '
    'metered; split_ parts driving from the rest, metered or estimated (split_source). More of it is '
    'in band_energy';

-- === What the new columns are ===

do $$
declare
    of_column record;
begin
    for of_column in
        select c.relname, a.attname, w.words
        from (values
            ('wheel_regen_kwh', 'Energy that the traction inverters gave back, kWh, 0 or more: what the wheels '
                'recovered, before heaters and other loads take their part. What reached the battery is regen_kwh. '
                'Null where traction was not metered.'),
            ('wheel_regen_base_km', 'Distance of the intervals that wheel_regen_kwh rests on, km.'),
            ('wheel_regen_kwh_per_km', 'Recovered at the wheels, kWh/km: wheel_regen_kwh over '
                'wheel_regen_base_km; what the cold takes of regeneration itself.'),
            ('regen_kwh_per_km', 'What reached the battery of it, kWh/km: regen_kwh over paired_km. In the cold '
                'heaters take the rest at once, so that it falls more than regeneration does.'),
            ('cabin_kelvin_seconds', 'Time integral of the cabin''s temperature, K s.'),
            ('cabin_seconds', 'Time in which the cabin''s temperature was measured, s.'),
            ('cabin_temperature_mean_celsius', 'Mean temperature of the cabin over cabin_seconds, °C; null where '
                'it was not measured.'),
            ('setpoint_seconds', 'Time in which the cabin''s temperature and its set-point were sent, s.'),
            ('setpoint_near_seconds', 'Part of setpoint_seconds in which the cabin was within '
                'refresh.cabin_tolerance_kelvin of the worker (3 K) of its set-point, s.'),
            ('setpoint_near_share', 'Share of setpoint_seconds in which the cabin was within 3 K '
                '(refresh.cabin_tolerance_kelvin of the worker) of its set-point, 0 to 1; null where there is none.'),
            ('cabin_cold_seconds', 'Part of setpoint_seconds in which the cabin was colder than that, s.'),
            ('is_cabin_cold', 'Whether it was driven with a cold cabin, by the rule of is_cabin_cold(): such '
                'driving takes less energy than a warm vehicle would. Null where the cabin was not measured.'),
            ('cabin_heating_seconds', 'Time in which the cabin was heated, s: electric heater and heat pump '
                'together from 500 W on, or a fuel heater that burns.'),
            ('heat_kwh', 'Electric energy of all heating, kWh: electric cabin heater, heat pump and battery '
                'heater; null where none is metered. Fuel is beside it, in fuel_heat_kwh.'),
            ('plugged_heat_kwh', 'The same on the plug, kWh.'),
            ('heat_share', 'Share of the net energy that all electric heating took, 0 to 1; null where nothing '
                'is metered, or not over the same driving.'),
            ('heat_pump_share', 'heat_pump_kwh of heat_pump_base_kwh, 0 to 1.'),
            ('battery_heater_share', 'battery_heater_kwh of battery_heater_base_kwh, 0 to 1.'),
            ('heat_kwh_per_km', 'All electric heating''s part of kwh_per_km, kWh/km: heat_share of it.'),
            ('fuel_heat_kwh_per_km', 'Heat in the fuel that was burnt, kWh/km: beside kwh_per_km, never part '
                'of it.'),
            ('cabin_heat_kwh', 'Electric energy of cabin heating, kWh: electric heater and heat pump, without '
                'battery heater and fuel; null where neither is metered.')
        ) as w (column_name, words)
        join pg_attribute a on a.attname = w.column_name and a.attnum > 0 and not a.attisdropped
        join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'v')
        where c.relnamespace = 'public'::regnamespace
            and col_description(a.attrelid, a.attnum) is null
    loop
        execute format(
            'comment on column public.%I.%I is %L', of_column.relname, of_column.attname, of_column.words
        );
    end loop;
end
$$;

comment on column hour_energy.cabin_temperature_mean_celsius is
    'Mean temperature of the cabin on trips of the hour, °C; null where it was not measured.';
comment on column hour_energy.setpoint_near_share is
    'Share of the time on trips in which the cabin was within 3 K (refresh.cabin_tolerance_kelvin of the worker) '
    'of its set-point, 0 to 1.';
comment on column day_energy.cabin_temperature_mean_celsius is
    'Mean temperature of the cabin on the day''s driving, °C; null where it was not measured.';
comment on column day_energy.setpoint_near_share is
    'Share of the time on trips in which the cabin was within 3 K (refresh.cabin_tolerance_kelvin of the worker) '
    'of its set-point, 0 to 1.';
comment on column hour_energy.heat_kwh is
    'Electric energy of all heating, kWh, off the plug and on it: electric cabin heater, heat pump and battery '
    'heater; null where none is metered. Fuel is beside it, in fuel_heat_kwh.';
comment on column day_energy.heat_kwh is
    'Electric energy of all heating, off the plug, kWh: electric cabin heater, heat pump and battery heater; null '
    'where none is metered. Fuel is beside it, in fuel_heat_kwh.';
