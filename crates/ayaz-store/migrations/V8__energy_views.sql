-- What people and dashboards read. Every view carries what its figures rest on: trips, intervals,
-- seconds. A sum is null, and never zero, where nothing was measured.

-- Pieces that belong to trips, with the names of their vehicle. Filter it by hour, fleet or vehicle
-- and the filter reaches the table; a trip is (vehicle_id, drive_cycle, trip_started_at), unless the
-- number of a drive cycle came round again: see numbered_trip_piece.
create view trip_piece as
select
    v.fleet,
    v.vehicle,
    v.model,
    p.*
from energy_piece p
join vehicle v using (vehicle_id)
where not p.plugged_in
    and (p.drive_cycle is not null or p.trip_started_at is not null);

comment on view trip_piece is
    'Pieces of energy_piece that belong to trips, with fleet, vehicle and model.';

-- By time alone, over all vehicles, for reports of a part of the history.
create index on energy_piece (hour);

-- A counter of drive cycles may start over, so that a number comes again months or years later. After
-- a gap of more than a day it is another trip: the occurrence is 0 for the first trip of a number. A
-- filter by hour does not reach the table through this view.
create view numbered_trip_piece as
select
    *,
    count(*) filter (where is_after_gap) over (
        partition by vehicle_id, drive_cycle, trip_started_at order by started_at
    ) as occurrence
from (
    select
        *,
        started_at - max(ended_at) over (
            partition by vehicle_id, drive_cycle, trip_started_at order by started_at
            rows between unbounded preceding and 1 preceding
        ) > interval '1 day' as is_after_gap
    from trip_piece
) as piece;

comment on view numbered_trip_piece is
    'Pieces of trip_piece by trip: (vehicle_id, drive_cycle, trip_started_at, occurrence).';

-- One row per vehicle and UTC hour. Driving and charging stay apart: what flows into the battery on
-- the plug is no regeneration.
create view hour_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    p.vehicle_id,
    p.hour,
    sum(p.intervals)::bigint as intervals,
    sum(p.seconds) as seconds,
    least(sum(p.seconds) / 3600, 1) as coverage,
    sum(p.seconds) filter (where p.plugged_in) as plugged_seconds,
    sum(p.km) filter (where p.distance_seconds > 0) as km,
    sum(p.net_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as net_kwh,
    sum(p.discharge_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as discharge_kwh,
    sum(p.regen_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as regen_kwh,
    -sum(p.net_kwh) filter (where p.plugged_in and p.energy_seconds > 0) as charged_kwh,
    sum(p.charger_kwh) as charger_kwh,
    sum(p.heater_kwh) as heater_kwh,
    sum(p.heat_pump_kwh) as heat_pump_kwh,
    sum(p.battery_heater_kwh) as battery_heater_kwh,
    sum(p.air_conditioning_kwh) as air_conditioning_kwh,
    sum(p.auxiliary_kwh) as auxiliary_kwh,
    sum(p.traction_kwh) as traction_kwh,
    sum(p.fuel_litres) as fuel_litres,
    sum(p.exterior_kelvin_seconds) / nullif(sum(p.exterior_seconds), 0) - 273.15
        as exterior_temperature_mean_celsius
from energy_piece p
join vehicle v using (vehicle_id)
group by v.fleet, v.vehicle, v.model, p.vehicle_id, p.hour;

comment on view hour_energy is
    'Energy, distance and coverage by vehicle and UTC hour. net, discharge and regen are without '
    'what flowed on the plug, which is charged_kwh (battery) and charger_kwh (charger). Components '
    'count both.';

-- One row per trip.
create view trip_energy as
select
    fleet,
    vehicle,
    model,
    vehicle_id,
    drive_cycle,
    trip_started_at,
    occurrence,
    -- Null if the trip served none or several.
    case when min(route) = max(route) then min(route) end as route,
    min(started_at) as started_at,
    max(ended_at) as ended_at,
    sum(intervals)::bigint as intervals,
    sum(seconds) as seconds,
    sum(seconds) / nullif(extract(epoch from max(ended_at) - min(started_at))::double precision, 0)
        as coverage,
    sum(energy_seconds) as energy_seconds,
    sum(km) filter (where distance_seconds > 0) as km,
    sum(net_kwh) filter (where energy_seconds > 0) as net_kwh,
    sum(discharge_kwh) filter (where energy_seconds > 0) as discharge_kwh,
    sum(regen_kwh) filter (where energy_seconds > 0) as regen_kwh,
    sum(paired_km) as paired_km,
    sum(paired_net_kwh) as paired_net_kwh,
    sum(paired_net_kwh) / nullif(sum(paired_km), 0) as kwh_per_km,
    sum(heater_kwh) as heater_kwh,
    sum(heater_base_kwh) as heater_base_kwh,
    sum(heater_kwh) / nullif(sum(heater_base_kwh), 0) as heater_share,
    sum(exterior_kelvin_seconds) / nullif(sum(exterior_seconds), 0) - 273.15
        as exterior_temperature_mean_celsius,
    (array_agg(soc_start_percent order by soc_start_at)
        filter (where soc_start_percent is not null))[1] as soc_start_percent,
    (array_agg(soc_end_percent order by soc_end_at desc)
        filter (where soc_end_percent is not null))[1] as soc_end_percent,
    -- A quality figure beside km, never a correction.
    max(odometer_end_km) - min(odometer_start_km) as odometer_km,
    sum(heat_pump_kwh) as heat_pump_kwh,
    sum(heat_pump_base_kwh) as heat_pump_base_kwh,
    sum(battery_heater_kwh) as battery_heater_kwh,
    sum(battery_heater_base_kwh) as battery_heater_base_kwh,
    sum(air_conditioning_kwh) as air_conditioning_kwh,
    sum(air_conditioning_base_kwh) as air_conditioning_base_kwh,
    sum(auxiliary_kwh) as auxiliary_kwh,
    sum(auxiliary_base_kwh) as auxiliary_base_kwh,
    sum(traction_kwh) as traction_kwh,
    sum(traction_base_kwh) as traction_base_kwh,
    sum(fuel_litres) as fuel_litres
from numbered_trip_piece
group by fleet, vehicle, model, vehicle_id, drive_cycle, trip_started_at, occurrence
having sum(intervals) > 0;

comment on view trip_energy is
    'One row per trip. coverage is the share of the time from its first to its last sample that '
    'counted; a share of a component is taken of its own base only.';

-- One row per trip and 5 degree band of the exterior temperature; null is the unknown band.
create view trip_band_energy as
select
    fleet,
    vehicle,
    model,
    vehicle_id,
    drive_cycle,
    trip_started_at,
    occurrence,
    band_celsius,
    min(started_at) as started_at,
    max(ended_at) as ended_at,
    sum(intervals)::bigint as intervals,
    sum(seconds) as seconds,
    sum(km) filter (where distance_seconds > 0) as km,
    sum(net_kwh) filter (where energy_seconds > 0) as net_kwh,
    sum(discharge_kwh) filter (where energy_seconds > 0) as discharge_kwh,
    sum(regen_kwh) filter (where energy_seconds > 0) as regen_kwh,
    sum(paired_km) as paired_km,
    sum(paired_net_kwh) as paired_net_kwh,
    sum(paired_net_kwh) / nullif(sum(paired_km), 0) as kwh_per_km,
    sum(heater_kwh) as heater_kwh,
    sum(heater_base_kwh) as heater_base_kwh,
    sum(heater_kwh) / nullif(sum(heater_base_kwh), 0) as heater_share,
    sum(heat_pump_kwh) as heat_pump_kwh,
    sum(heat_pump_base_kwh) as heat_pump_base_kwh,
    sum(battery_heater_kwh) as battery_heater_kwh,
    sum(battery_heater_base_kwh) as battery_heater_base_kwh,
    sum(air_conditioning_kwh) as air_conditioning_kwh,
    sum(air_conditioning_base_kwh) as air_conditioning_base_kwh,
    sum(auxiliary_kwh) as auxiliary_kwh,
    sum(auxiliary_base_kwh) as auxiliary_base_kwh,
    sum(traction_kwh) as traction_kwh,
    sum(traction_base_kwh) as traction_base_kwh,
    sum(fuel_litres) as fuel_litres
from numbered_trip_piece
group by
    fleet, vehicle, model, vehicle_id, drive_cycle, trip_started_at, occurrence, band_celsius
having sum(intervals) > 0;

comment on view trip_band_energy is
    'One row per trip and 5 °C band (lower edge; null is unknown) of the exterior temperature.';

-- One row per vehicle and band, over everything known of it.
create view band_energy as
select
    fleet,
    vehicle,
    model,
    vehicle_id,
    band_celsius,
    count(*) as trips,
    sum(intervals)::bigint as intervals,
    sum(seconds) as seconds,
    sum(km) as km,
    sum(net_kwh) as net_kwh,
    sum(discharge_kwh) as discharge_kwh,
    sum(regen_kwh) as regen_kwh,
    sum(paired_km) as paired_km,
    sum(paired_net_kwh) as paired_net_kwh,
    sum(paired_net_kwh) / nullif(sum(paired_km), 0) as kwh_per_km,
    sum(heater_kwh) as heater_kwh,
    sum(heater_base_kwh) as heater_base_kwh,
    sum(heater_kwh) / nullif(sum(heater_base_kwh), 0) as heater_share,
    sum(heat_pump_kwh) as heat_pump_kwh,
    sum(heat_pump_base_kwh) as heat_pump_base_kwh,
    sum(battery_heater_kwh) as battery_heater_kwh,
    sum(battery_heater_base_kwh) as battery_heater_base_kwh,
    sum(air_conditioning_kwh) as air_conditioning_kwh,
    sum(air_conditioning_base_kwh) as air_conditioning_base_kwh,
    sum(auxiliary_kwh) as auxiliary_kwh,
    sum(auxiliary_base_kwh) as auxiliary_base_kwh,
    sum(traction_kwh) as traction_kwh,
    sum(traction_base_kwh) as traction_base_kwh,
    sum(fuel_litres) as fuel_litres
from trip_band_energy
group by fleet, vehicle, model, vehicle_id, band_celsius;

comment on view band_energy is
    'One row per vehicle and 5 °C band of the exterior temperature, trips only.';

-- The energy between full and empty: what the operator says of the model, or what the trips show.
-- The estimate uses trips whose state of charge is known at both ends and whose energy was measured
-- for nearly all of their time (energy that is missing would make the battery look smaller), and
-- needs 40 points of discharge, below which one-point steps of the state of charge decide it.
create view vehicle_usable_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    coalesce(m.usable_energy_kwh::double precision, s.usable_energy_kwh) as usable_energy_kwh,
    case
        when m.usable_energy_kwh is not null then 'model'
        when s.usable_energy_kwh is not null then 'soc'
    end as usable_energy_source
from vehicle v
left join vehicle_model m using (model)
left join (
    select
        vehicle_id,
        sum(net_kwh) / (sum(soc_start_percent - soc_end_percent) / 100) as usable_energy_kwh
    from trip_energy
    where soc_start_percent is not null
        and soc_end_percent is not null
        and coverage >= 0.95
        and energy_seconds >= 0.95 * seconds
    group by vehicle_id
    having sum(soc_start_percent - soc_end_percent) >= 40 and sum(net_kwh) > 0
) s using (vehicle_id);

comment on view vehicle_usable_energy is
    'Usable battery energy by vehicle, kWh, and whether it is the model''s or an estimate from the '
    'state of charge; null where neither is known.';

-- Range from full to empty by vehicle and band. Never extrapolated: a band without trips has no row.
create view winter_range as
select
    b.*,
    u.usable_energy_kwh,
    u.usable_energy_source,
    case when b.kwh_per_km > 0 then u.usable_energy_kwh / b.kwh_per_km end as range_km
from band_energy b
join vehicle_usable_energy u using (vehicle_id);

comment on view winter_range is
    'Range by vehicle and 5 °C band: usable energy over measured kWh/km; null where one is missing.';

grant select on trip_piece, numbered_trip_piece, hour_energy, trip_energy, trip_band_energy,
    band_energy, vehicle_usable_energy, winter_range
to ayaz_reader, ayaz_analytics;
