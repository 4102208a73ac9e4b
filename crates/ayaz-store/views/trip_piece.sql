-- Energy buckets of trips, with the names of the vehicle. A filter by hour, fleet or vehicle reaches the
-- table.
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
    p.flagged_seconds,
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
from energy_bucket p
join vehicle v using (vehicle_id)
left join exterior_doubt x using (vehicle_id, hour)
where p.activity = 'trip';

comment on view trip_piece is
    'Rows of energy_bucket that belong to trips, with fleet, vehicle and model. Leaves out the exterior '
    'temperature where the fleet contradicts it. Includes incomplete trips; trip_energy has the completeness '
    'of each trip.';

comment on column trip_piece.started_at is 'First sample in the hour.';
comment on column trip_piece.ended_at is 'Last sample in the hour.';

grant select on trip_piece to ayaz_analytics, ayaz_reader;
