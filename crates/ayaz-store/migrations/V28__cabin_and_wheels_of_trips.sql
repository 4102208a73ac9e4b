-- Cabin, wheels and all heat by source, in the views of energy: each view as before, with new columns at its end.

create function is_cabin_cold(
    cabin_kelvin_seconds double precision, cabin_seconds double precision,
    setpoint_seconds double precision, cabin_cold_seconds double precision
) returns boolean
language sql stable parallel safe
return case
    when setpoint_seconds > 0 and setpoint_seconds >= cabin_seconds / 2 then
        cabin_cold_seconds > setpoint_seconds
            * (select s.cold_cabin_share_max from public.energy_setting s)
    when cabin_seconds > 0 then
        cabin_kelvin_seconds / cabin_seconds - 273.15
            < (select s.cold_cabin_celsius_max from public.energy_setting s)
end;

comment on function is_cabin_cold is
    'Whether driving was with a cold cabin, so that its consumption is no healthy vehicle''s: too long below '
    'the set-point or, where that is not known, too cold in the mean (energy_setting). Null where the cabin was '
    'not measured.';

create function cabin_heat_kwh(heater_kwh double precision, heat_pump_kwh double precision)
returns double precision
language sql immutable parallel safe
return case
    when heater_kwh is not null or heat_pump_kwh is not null
        then coalesce(heater_kwh, 0) + coalesce(heat_pump_kwh, 0)
end;

comment on function cabin_heat_kwh is
    'Electric energy of cabin heating, kWh: electric heater and heat pump; null where neither is metered.';

create function electric_heat_kwh(
    heater_kwh double precision, heat_pump_kwh double precision, battery_heater_kwh double precision
) returns double precision
language sql immutable parallel safe
return case
    when heater_kwh is not null or heat_pump_kwh is not null or battery_heater_kwh is not null
        then coalesce(heater_kwh, 0) + coalesce(heat_pump_kwh, 0) + coalesce(battery_heater_kwh, 0)
end;

comment on function electric_heat_kwh is
    'Electric energy of all heating, kWh: electric cabin heater, heat pump and battery heater; null where none '
    'is metered. Fuel is beside it.';

create function electric_heat_share(
    heater_kwh double precision, heat_pump_kwh double precision, battery_heater_kwh double precision,
    heater_base_kwh double precision, heat_pump_base_kwh double precision,
    battery_heater_base_kwh double precision
) returns double precision
language sql immutable parallel safe
return case
    when greatest(heater_base_kwh, heat_pump_base_kwh, battery_heater_base_kwh)
        - least(heater_base_kwh, heat_pump_base_kwh, battery_heater_base_kwh)
        <= 1e-6 * abs(greatest(heater_base_kwh, heat_pump_base_kwh, battery_heater_base_kwh))
    then electric_heat_kwh(heater_kwh, heat_pump_kwh, battery_heater_kwh)
        / nullif(greatest(heater_base_kwh, heat_pump_base_kwh, battery_heater_base_kwh), 0)
end;

comment on function electric_heat_share is
    'Share of the net energy that all electric heating took, 0 to 1; null where none is metered, or where what '
    'is was not metered over the same driving, since shares of different energies do not add.';

create or replace view trip_piece as
select
    v.fleet,
    v.vehicle,
    v.model,
    p.vehicle_id,
    p.hour,
    p.piece,
    p.service_day,
    p.activity,
    p.stretch_started_at,
    p.drive_cycle,
    p.trip_started_at,
    p.plugged_in,
    p.charging_station,
    p.route,
    case when x.hour is null then p.band_celsius end as band_celsius,
    p.started_at,
    p.ended_at,
    p.intervals,
    p.seconds,
    p.doubted_seconds,
    p.distance_seconds,
    p.km,
    p.energy_seconds,
    p.net_kwh,
    p.discharge_kwh,
    p.regen_kwh,
    p.paired_km,
    p.paired_net_kwh,
    p.standing_seconds,
    p.standing_net_kwh,
    p.heater_kwh,
    p.heater_base_kwh,
    p.heat_pump_kwh,
    p.heat_pump_base_kwh,
    p.battery_heater_kwh,
    p.battery_heater_base_kwh,
    p.air_conditioning_kwh,
    p.air_conditioning_base_kwh,
    p.auxiliary_kwh,
    p.auxiliary_base_kwh,
    p.traction_kwh,
    p.traction_base_kwh,
    p.charger_kwh,
    p.unexplained_kwh,
    p.unexplained_base_kwh,
    p.fuel_litres,
    case when x.hour is null then p.exterior_kelvin_seconds else 0 end as exterior_kelvin_seconds,
    case when x.hour is null then p.exterior_seconds else 0 end as exterior_seconds,
    p.soc_start_percent,
    p.soc_start_at,
    p.soc_end_percent,
    p.soc_end_at,
    p.odometer_start_km,
    p.odometer_end_km,
    case when x.hour is null then p.exterior_start_celsius end as exterior_start_celsius,
    case when x.hour is null then p.exterior_end_celsius end as exterior_end_celsius,
    p.cabin_start_celsius,
    p.cabin_end_celsius,
    p.battery_start_celsius,
    p.battery_end_celsius,
    p.wheel_regen_kwh,
    p.wheel_regen_base_km,
    p.cabin_kelvin_seconds,
    p.cabin_seconds,
    p.setpoint_seconds,
    p.setpoint_near_seconds,
    p.cabin_cold_seconds,
    p.cabin_heating_seconds
from energy_piece p
join vehicle v using (vehicle_id)
left join exterior_doubt x using (vehicle_id, hour)
where p.activity = 'trip';

comment on view trip_piece is
    'Pieces of energy_piece that belong to trips, with fleet, vehicle and model; without the exterior '
    'temperature where the fleet contradicts it. Of complete trips and others: how far to trust a trip '
    'says trip_energy.';

create or replace view hour_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    h.hour,
    h.intervals,
    h.seconds,
    h.doubted_seconds,
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
    fuel_heat_kwh(h.fuel_litres) as fuel_heat_kwh,
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
    trusted_share(h.seconds, h.doubted_seconds) as trusted_share,
    least(
        covered_share(h.seconds, 3600),
        trusted_share(h.seconds, h.doubted_seconds),
        distance_share(h.km, h.odometer_km)
    ) as completeness,
    h.trip_cabin_kelvin_seconds / nullif(h.trip_cabin_seconds, 0) - 273.15
        as cabin_temperature_mean_celsius,
    h.trip_setpoint_near_seconds / nullif(h.trip_setpoint_seconds, 0) as setpoint_near_share,
    is_cabin_cold(
        h.trip_cabin_kelvin_seconds, h.trip_cabin_seconds, h.trip_setpoint_seconds,
        h.trip_cabin_cold_seconds
    ) as is_cabin_cold,
    h.cabin_heating_seconds,
    h.wheel_regen_kwh,
    electric_heat_kwh(h.heater_kwh, h.heat_pump_kwh, h.battery_heater_kwh) as heat_kwh
-- By vehicle, so that one that is chosen by its name is read by its index.
from vehicle v
cross join lateral (
    select
        p.hour,
        sum(p.intervals)::bigint as intervals,
        sum(p.seconds) as seconds,
        sum(p.doubted_seconds) as doubted_seconds,
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
    from energy_piece p
    left join exterior_doubt x using (vehicle_id, hour)
    where p.vehicle_id = v.vehicle_id
    group by p.hour
) as h;

comment on view hour_energy is
    'Energy, distance and coverage by vehicle and UTC hour. net, discharge and regen are without '
    'what flowed on the plug, which is charged_kwh (battery) and charger_kwh (charger). Components '
    'count both. split_ is of trips, as in session_energy. completeness is the least of coverage, '
    'trusted_share and distance against odometer; of the hour that is running, time to come is missing. '
    'The exterior (air) temperature is null where the fleet contradicts it';

create or replace view session_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    s.vehicle_id,
    s.kind,
    s.started_at,
    s.ended_at,
    -- The vehicle's last one, while it still sends.
    s.ended_at > now() - interval '15 minutes'
        and not exists (
            select from session later
            where later.vehicle_id = s.vehicle_id and later.started_at > s.started_at
        ) as is_open,
    s.service_day,
    s.number,
    s.drive_cycle,
    s.trip_started_at,
    s.route,
    s.charging_station,
    s.plugged_in_share,
    case
        when s.kind = 'conditioning' and s.plugged_in_share >= 0.5 then 'grid'
        when s.kind = 'conditioning' then 'battery'
    end as conditioning_source,
    extract(epoch from s.ended_at - s.started_at)::double precision as duration_seconds,
    least(
        s.seconds / nullif(extract(epoch from s.ended_at - s.started_at)::double precision, 0), 1
    ) as coverage,
    s.intervals,
    s.seconds,
    s.doubted_seconds,
    s.distance_seconds,
    s.energy_seconds,
    s.paired_km,
    s.paired_net_kwh,
    s.standing_seconds,
    s.standing_net_kwh,
    case when s.distance_seconds > 0 then s.km end as km,
    case when s.energy_seconds > 0 then s.net_kwh end as net_kwh,
    case when s.energy_seconds > 0 then s.discharge_kwh end as discharge_kwh,
    case when s.energy_seconds > 0 then s.regen_kwh end as regen_kwh,
    s.heater_kwh,
    s.heater_base_kwh,
    s.heat_pump_kwh,
    s.heat_pump_base_kwh,
    s.battery_heater_kwh,
    s.battery_heater_base_kwh,
    s.air_conditioning_kwh,
    s.air_conditioning_base_kwh,
    s.auxiliary_kwh,
    s.auxiliary_base_kwh,
    s.traction_kwh,
    s.traction_base_kwh,
    s.charger_kwh,
    s.unexplained_kwh,
    s.unexplained_base_kwh,
    s.fuel_litres,
    -- Into the battery on the plug, kWh.
    case when s.kind = 'charging' and s.energy_seconds > 0 then -s.net_kwh end as charged_kwh,
    -- Heating of the cabin: metered, or estimated from what the bus takes while it stands.
    cabin_heat_kwh(s.heater_kwh, s.heat_pump_kwh) as cabin_heat_kwh,
    case when s.kind = 'trip' then split_traction_kwh(
        s.traction_kwh, s.net_kwh, s.standing_net_kwh, s.standing_seconds, s.energy_seconds
    ) end as split_traction_kwh,
    case when s.kind = 'trip' then split_other_kwh(
        s.traction_kwh, s.traction_base_kwh, s.standing_net_kwh, s.standing_seconds,
        s.energy_seconds
    ) end as split_other_kwh,
    case when s.kind = 'trip'
        then split_source(s.traction_kwh, s.standing_seconds, s.energy_seconds)
    end as split_source,
    -- Beside the electric energy, never part of it.
    fuel_heat_kwh(s.fuel_litres) as fuel_heat_kwh,
    s.paired_net_kwh / nullif(s.paired_km, 0) as kwh_per_km,
    s.heater_kwh / nullif(s.heater_base_kwh, 0) as heater_share,
    s.exterior_kelvin_seconds / nullif(s.exterior_seconds, 0) - 273.15
        as exterior_temperature_mean_celsius,
    s.soc_start_percent,
    s.soc_end_percent,
    s.odometer_start_km,
    s.odometer_end_km,
    -- A quality figure beside km, never a correction.
    s.odometer_end_km - s.odometer_start_km as odometer_km,
    s.exterior_start_celsius,
    s.exterior_end_celsius,
    s.cabin_start_celsius,
    s.cabin_end_celsius,
    s.battery_start_celsius,
    s.battery_end_celsius,
    trusted_share(s.seconds, s.doubted_seconds) as trusted_share,
    case when s.kind = 'trip' and s.distance_seconds > 0
        then distance_share(s.km, s.odometer_end_km - s.odometer_start_km)
    end as distance_share,
    least(
        covered_share(
            s.seconds, extract(epoch from s.ended_at - s.started_at)::double precision
        ),
        trusted_share(s.seconds, s.doubted_seconds),
        case when s.kind = 'trip' and s.distance_seconds > 0
            then distance_share(s.km, s.odometer_end_km - s.odometer_start_km)
        end
    ) as completeness,
    -- What held for the vehicle when the session began; looked up only where it is asked for.
    vehicle_attribute_at(s.vehicle_id, 'depot', s.started_at) as depot,
    vehicle_attribute_at(s.vehicle_id, 'tyres', s.started_at) as tyres,
    vehicle_attribute_at(s.vehicle_id, 'firmware', s.started_at) as firmware,
    vehicle_attribute_at(s.vehicle_id, 'cabin_setpoint_celsius', s.started_at)::double precision
        as cabin_setpoint_celsius,
    vehicle_attribute_at(s.vehicle_id, 'route', s.started_at) as planned_route,
    s.wheel_regen_kwh,
    s.wheel_regen_base_km,
    s.wheel_regen_kwh / nullif(s.wheel_regen_base_km, 0) as wheel_regen_kwh_per_km,
    s.regen_kwh / nullif(s.paired_km, 0) as regen_kwh_per_km,
    s.cabin_kelvin_seconds / nullif(s.cabin_seconds, 0) - 273.15
        as cabin_temperature_mean_celsius,
    s.cabin_seconds,
    s.setpoint_near_seconds / nullif(s.setpoint_seconds, 0) as setpoint_near_share,
    s.setpoint_seconds,
    case when s.kind = 'trip' then is_cabin_cold(
        s.cabin_kelvin_seconds, s.cabin_seconds, s.setpoint_seconds,
        s.cabin_cold_seconds
    ) end as is_cabin_cold,
    s.cabin_heating_seconds,
    electric_heat_kwh(s.heater_kwh, s.heat_pump_kwh, s.battery_heater_kwh) as heat_kwh,
    electric_heat_share(
        s.heater_kwh, s.heat_pump_kwh, s.battery_heater_kwh,
        s.heater_base_kwh, s.heat_pump_base_kwh, s.battery_heater_base_kwh
    ) as heat_share,
    s.heat_pump_kwh / nullif(s.heat_pump_base_kwh, 0) as heat_pump_share,
    s.battery_heater_kwh / nullif(s.battery_heater_base_kwh, 0)
        as battery_heater_share
from session s
join vehicle v using (vehicle_id);

comment on view session_energy is
    'What each vehicle did: trips, charging, conditioning, parking, with energy by component, state '
    'of charge, temperatures at either end, and how far to trust it: completeness is the least of '
    'coverage, trusted_share and distance_share. net_kwh is out of the battery; from the grid comes '
    'charger_kwh. split_traction_kwh and split_other_kwh part the battery''s energy of trips, metered '
    'or, where no traction meter is, estimated by standing power (split_source). depot, tyres, '
    'firmware, cabin_setpoint_celsius and planned_route are what held when it began';

create or replace view trip_energy as
select
    fleet, vehicle, model, vehicle_id, drive_cycle, trip_started_at, number, service_day, route,
    started_at, ended_at, intervals, coverage,
    seconds,
    doubted_seconds,
    distance_seconds,
    energy_seconds,
    paired_km,
    paired_net_kwh,
    standing_seconds,
    standing_net_kwh,
    km, net_kwh, discharge_kwh, regen_kwh,
    heater_kwh,
    heater_base_kwh,
    heat_pump_kwh,
    heat_pump_base_kwh,
    battery_heater_kwh,
    battery_heater_base_kwh,
    air_conditioning_kwh,
    air_conditioning_base_kwh,
    auxiliary_kwh,
    auxiliary_base_kwh,
    traction_kwh,
    traction_base_kwh,
    charger_kwh,
    unexplained_kwh,
    unexplained_base_kwh,
    fuel_litres,
    kwh_per_km, heater_share, exterior_temperature_mean_celsius, soc_start_percent,
    soc_end_percent, odometer_km, fuel_heat_kwh, cabin_heat_kwh, split_traction_kwh,
    split_other_kwh, split_source,
    trusted_share, distance_share, completeness, depot, tyres, firmware, cabin_setpoint_celsius,
    planned_route,
    wheel_regen_kwh, wheel_regen_base_km, wheel_regen_kwh_per_km,
    regen_kwh_per_km, cabin_temperature_mean_celsius, cabin_seconds,
    setpoint_near_share, setpoint_seconds, is_cabin_cold, cabin_heating_seconds,
    heat_kwh, heat_share, heat_pump_share, battery_heater_share
from session_energy
where kind = 'trip' and intervals > 0;

comment on view trip_energy is
    'One row per trip. coverage is the share of the time from its first to its last sample that '
    'counted; a share of a component is taken of its own base only; completeness as in session_energy';

create or replace view trip_band_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    b.vehicle_id,
    b.started_at,
    b.number,
    b.band_celsius,
    sum(b.intervals)::bigint as intervals,
    sum(b.seconds) as seconds,
    sum(b.doubted_seconds) as doubted_seconds,
    sum(b.distance_seconds) as distance_seconds,
    sum(b.energy_seconds) as energy_seconds,
    sum(b.paired_km) as paired_km,
    sum(b.paired_net_kwh) as paired_net_kwh,
    sum(b.standing_seconds) as standing_seconds,
    sum(b.standing_net_kwh) as standing_net_kwh,
    sum(b.km) filter (where b.distance_seconds > 0) as km,
    sum(b.net_kwh) filter (where b.energy_seconds > 0) as net_kwh,
    sum(b.discharge_kwh) filter (where b.energy_seconds > 0) as discharge_kwh,
    sum(b.regen_kwh) filter (where b.energy_seconds > 0) as regen_kwh,
    sum(b.heater_kwh) as heater_kwh,
    sum(b.heater_base_kwh) as heater_base_kwh,
    sum(b.heat_pump_kwh) as heat_pump_kwh,
    sum(b.heat_pump_base_kwh) as heat_pump_base_kwh,
    sum(b.battery_heater_kwh) as battery_heater_kwh,
    sum(b.battery_heater_base_kwh) as battery_heater_base_kwh,
    sum(b.air_conditioning_kwh) as air_conditioning_kwh,
    sum(b.air_conditioning_base_kwh) as air_conditioning_base_kwh,
    sum(b.auxiliary_kwh) as auxiliary_kwh,
    sum(b.auxiliary_base_kwh) as auxiliary_base_kwh,
    sum(b.traction_kwh) as traction_kwh,
    sum(b.traction_base_kwh) as traction_base_kwh,
    sum(b.charger_kwh) as charger_kwh,
    sum(b.unexplained_kwh) as unexplained_kwh,
    sum(b.unexplained_base_kwh) as unexplained_base_kwh,
    sum(b.fuel_litres) as fuel_litres,
    sum(b.paired_net_kwh) / nullif(sum(b.paired_km), 0) as kwh_per_km,
    sum(b.heater_kwh) / nullif(sum(b.heater_base_kwh), 0) as heater_share,
    sum(b.exterior_kelvin_seconds) / nullif(sum(b.exterior_seconds), 0) - 273.15
        as exterior_temperature_mean_celsius,
    fuel_heat_kwh(sum(b.fuel_litres)) as fuel_heat_kwh,
    split_traction_kwh(
        sum(b.traction_kwh), sum(b.net_kwh), sum(b.standing_net_kwh), sum(b.standing_seconds),
        sum(b.energy_seconds)
    ) as split_traction_kwh,
    split_other_kwh(
        sum(b.traction_kwh), sum(b.traction_base_kwh), sum(b.standing_net_kwh),
        sum(b.standing_seconds), sum(b.energy_seconds)
    ) as split_other_kwh,
    split_source(sum(b.traction_kwh), sum(b.standing_seconds), sum(b.energy_seconds))
        as split_source,
    -- Of the whole trip: time that is missing has no temperature, and no odometer is as fine.
    covered_share(s.seconds, extract(epoch from s.ended_at - s.started_at)::double precision)
        as coverage,
    trusted_share(sum(b.seconds), sum(b.doubted_seconds)) as trusted_share,
    least(
        covered_share(s.seconds, extract(epoch from s.ended_at - s.started_at)::double precision),
        trusted_share(sum(b.seconds), sum(b.doubted_seconds)),
        case when s.distance_seconds > 0
            then distance_share(s.km, s.odometer_end_km - s.odometer_start_km)
        end
    ) as completeness,
    vehicle_attribute_at(b.vehicle_id, 'depot', b.started_at) as depot,
    vehicle_attribute_at(b.vehicle_id, 'tyres', b.started_at) as tyres,
    vehicle_attribute_at(b.vehicle_id, 'firmware', b.started_at) as firmware,
    vehicle_attribute_at(b.vehicle_id, 'cabin_setpoint_celsius', b.started_at)::double precision
        as cabin_setpoint_celsius,
    vehicle_attribute_at(b.vehicle_id, 'route', b.started_at) as planned_route,
    sum(b.wheel_regen_kwh) as wheel_regen_kwh,
    sum(b.wheel_regen_base_km) as wheel_regen_base_km,
    sum(b.wheel_regen_kwh) / nullif(sum(b.wheel_regen_base_km), 0) as wheel_regen_kwh_per_km,
    sum(b.regen_kwh) / nullif(sum(b.paired_km), 0) as regen_kwh_per_km,
    sum(b.cabin_kelvin_seconds) / nullif(sum(b.cabin_seconds), 0) - 273.15
        as cabin_temperature_mean_celsius,
    sum(b.cabin_seconds) as cabin_seconds,
    sum(b.setpoint_near_seconds) / nullif(sum(b.setpoint_seconds), 0) as setpoint_near_share,
    sum(b.setpoint_seconds) as setpoint_seconds,
    is_cabin_cold(
        sum(b.cabin_kelvin_seconds), sum(b.cabin_seconds), sum(b.setpoint_seconds),
        sum(b.cabin_cold_seconds)
    ) as is_cabin_cold,
    sum(b.cabin_heating_seconds) as cabin_heating_seconds,
    electric_heat_kwh(sum(b.heater_kwh), sum(b.heat_pump_kwh), sum(b.battery_heater_kwh)) as heat_kwh,
    cabin_heat_kwh(sum(b.heater_kwh), sum(b.heat_pump_kwh)) as cabin_heat_kwh,
    electric_heat_share(
        sum(b.heater_kwh), sum(b.heat_pump_kwh), sum(b.battery_heater_kwh),
        sum(b.heater_base_kwh), sum(b.heat_pump_base_kwh), sum(b.battery_heater_base_kwh)
    ) as heat_share,
    sum(b.heat_pump_kwh) / nullif(sum(b.heat_pump_base_kwh), 0) as heat_pump_share,
    sum(b.battery_heater_kwh) / nullif(sum(b.battery_heater_base_kwh), 0)
        as battery_heater_share
from trip_band b
join vehicle v using (vehicle_id)
join session s using (vehicle_id, started_at, number)
group by v.fleet, v.vehicle, v.model, b.vehicle_id, b.started_at, b.number, b.band_celsius,
    s.seconds, s.ended_at, s.started_at, s.distance_seconds, s.km, s.odometer_end_km,
    s.odometer_start_km
having sum(b.intervals) > 0;

comment on view trip_band_energy is
    'One row per trip and band of the exterior (air) temperature (5 °C wide, 2 °C below −20; lower edge; '
    'null is unknown), with what held for the vehicle when the trip began. coverage is that of the '
    'whole trip, since missing time has no temperature';
