-- Reads the monthly sums, so that a season of a large fleet takes milliseconds. For a part of the history,
-- query month_band with a filter.
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
    b.flagged_seconds,
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
    fuel_heat_kwh(b.fuel_litres, setting) as fuel_heat_kwh,
    split_traction_kwh(
        b.traction_kwh, b.net_kwh, b.standing_net_kwh, b.standing_seconds, b.energy_seconds
    ) as split_traction_kwh,
    split_other_kwh(
        b.traction_kwh, b.traction_base_kwh, b.standing_net_kwh, b.standing_seconds, b.energy_seconds
    ) as split_other_kwh,
    split_source(b.traction_kwh, b.standing_seconds, b.energy_seconds) as split_source,
    unflagged_share(b.seconds, b.flagged_seconds) as unflagged_share,
    distance_share(b.trip_km, b.trip_odometer_km) as distance_share,
    least(
        covered_share(b.trip_seconds, b.trip_duration_seconds),
        unflagged_share(b.seconds, b.flagged_seconds),
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
        b.cabin_cold_seconds, setting
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
join vehicle v using (vehicle_id)
cross join energy_setting as setting;

comment on view band_energy is
    'One row per vehicle and band of the exterior (air) temperature, trips only. Missing time has no '
    'temperature, so coverage and distance_share describe the whole trips that touch the band. completeness '
    'is the least of them and unflagged_share';

grant select on band_energy to ayaz_analytics, ayaz_reader;
