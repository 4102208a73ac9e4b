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
    sum(b.flagged_seconds) as flagged_seconds,
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
    -- Of the whole trip: missing time has no temperature, and an odometer is too coarse for a part of a trip.
    covered_share(s.seconds, extract(epoch from s.ended_at - s.started_at)::double precision)
        as coverage,
    unflagged_share(sum(b.seconds), sum(b.flagged_seconds)) as unflagged_share,
    least(
        covered_share(s.seconds, extract(epoch from s.ended_at - s.started_at)::double precision),
        unflagged_share(sum(b.seconds), sum(b.flagged_seconds)),
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
    'null is unknown), with the context of the vehicle when the trip began. coverage is that of the whole '
    'trip, since missing time has no temperature';

comment on column trip_band_energy.started_at is
    'When the trip began. This may be before it touched this band.';
comment on column trip_band_energy.coverage is 'Measured share of the whole trip''s time, 0 to 1.';

grant select on trip_band_energy to ayaz_analytics, ayaz_reader;
