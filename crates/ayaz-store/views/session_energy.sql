create or replace view session_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    s.vehicle_id,
    s.kind,
    s.started_at,
    s.ended_at,
    -- The vehicle's latest session, while the vehicle still sends.
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
    s.flagged_seconds,
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
    -- Into the battery while plugged in, kWh.
    case when s.kind = 'charging' and s.energy_seconds > 0 then -s.net_kwh end as charged_kwh,
    -- Cabin heating: metered, or estimated from the power while stationary.
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
    -- Not part of the electric energy.
    fuel_heat_kwh(s.fuel_litres, setting) as fuel_heat_kwh,
    s.paired_net_kwh / nullif(s.paired_km, 0) as kwh_per_km,
    s.heater_kwh / nullif(s.heater_base_kwh, 0) as heater_share,
    s.exterior_kelvin_seconds / nullif(s.exterior_seconds, 0) - 273.15
        as exterior_temperature_mean_celsius,
    s.soc_start_percent,
    s.soc_end_percent,
    s.odometer_start_km,
    s.odometer_end_km,
    -- A quality figure. It never corrects km.
    s.odometer_end_km - s.odometer_start_km as odometer_km,
    s.exterior_start_celsius,
    s.exterior_end_celsius,
    s.cabin_start_celsius,
    s.cabin_end_celsius,
    s.battery_start_celsius,
    s.battery_end_celsius,
    unflagged_share(s.seconds, s.flagged_seconds) as unflagged_share,
    case when s.kind = 'trip' and s.distance_seconds > 0
        then distance_share(s.km, s.odometer_end_km - s.odometer_start_km)
    end as distance_share,
    least(
        covered_share(
            s.seconds, extract(epoch from s.ended_at - s.started_at)::double precision
        ),
        unflagged_share(s.seconds, s.flagged_seconds),
        case when s.kind = 'trip' and s.distance_seconds > 0
            then distance_share(s.km, s.odometer_end_km - s.odometer_start_km)
        end
    ) as completeness,
    -- Context of the vehicle when the session began. Computed only if a query selects it.
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
        s.cabin_cold_seconds, setting
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
join vehicle v using (vehicle_id)
cross join energy_setting as setting;

comment on view session_energy is
    'What each vehicle did: trips, charging, conditioning, parking, with energy by component, state of '
    'charge, temperatures at start and end, and completeness: the least of coverage, unflagged_share and '
    'distance_share. net_kwh is energy out of the battery; energy from the grid is charger_kwh. '
    'split_traction_kwh and split_other_kwh divide the battery''s energy on trips into driving and the rest: '
    'metered or, without a traction meter, estimated from the power while stationary (split_source). depot, '
    'tyres, firmware, cabin_setpoint_celsius and planned_route are those at the start of the session';

comment on column session_energy.conditioning_source is
    'Energy source of conditioning: grid (plugged in for half of the time or more) or battery; null for '
    'other kinds.';
comment on column session_energy.net_kwh is
    'Energy out of the battery minus energy into it, kWh; negative while charging.';
comment on column session_energy.regen_kwh is
    'Energy into the battery, kWh, 0 or more: on trips, energy from braking minus what heaters and other '
    'loads used directly; while plugged in, the charge.';
comment on column session_energy.charged_kwh is
    'Energy into the battery while plugged in, kWh; null for kinds other than charging.';

grant select on session_energy to ayaz_analytics, ayaz_reader;
