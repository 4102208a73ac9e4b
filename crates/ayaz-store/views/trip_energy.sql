create or replace view trip_energy as
select
    fleet, vehicle, model, vehicle_id, drive_cycle, trip_started_at, number, service_day, route,
    started_at, ended_at, intervals, coverage,
    seconds,
    flagged_seconds,
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
    unflagged_share, distance_share, completeness, depot, tyres, firmware, cabin_setpoint_celsius,
    planned_route,
    wheel_regen_kwh, wheel_regen_base_km, wheel_regen_kwh_per_km,
    regen_kwh_per_km, cabin_temperature_mean_celsius, cabin_seconds,
    setpoint_near_share, setpoint_seconds, is_cabin_cold, cabin_heating_seconds,
    heat_kwh, heat_share, heat_pump_share, battery_heater_share
from session_energy
where kind = 'trip' and intervals > 0;

comment on view trip_energy is
    'One row per trip. coverage is the measured share of the time from its first to its last sample; the '
    'share of a component refers to the energy while it was metered; completeness is defined as in '
    'session_energy';

grant select on trip_energy to ayaz_analytics, ayaz_reader;
