-- Hours, bands and range with their split, estimated where no meter is, and their completeness.

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
    p.battery_end_celsius
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
    p.vehicle_id,
    p.hour,
    sum(p.intervals)::bigint as intervals,
    sum(p.seconds) as seconds,
    sum(p.doubted_seconds) as doubted_seconds,
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
    sum(p.unexplained_kwh) as unexplained_kwh,
    sum(p.fuel_litres) as fuel_litres,
    sum(p.exterior_kelvin_seconds) filter (where x.hour is null)
        / nullif(sum(p.exterior_seconds) filter (where x.hour is null), 0) - 273.15
        as exterior_temperature_mean_celsius,
    fuel_heat_kwh(sum(p.fuel_litres)) as fuel_heat_kwh,
    split_traction_kwh(
        sum(p.traction_kwh) filter (where p.activity = 'trip'),
        sum(p.net_kwh) filter (where p.activity = 'trip'),
        sum(p.standing_net_kwh) filter (where p.activity = 'trip'),
        sum(p.standing_seconds) filter (where p.activity = 'trip'),
        sum(p.energy_seconds) filter (where p.activity = 'trip')
    ) as split_traction_kwh,
    split_other_kwh(
        sum(p.traction_kwh) filter (where p.activity = 'trip'),
        sum(p.traction_base_kwh) filter (where p.activity = 'trip'),
        sum(p.standing_net_kwh) filter (where p.activity = 'trip'),
        sum(p.standing_seconds) filter (where p.activity = 'trip'),
        sum(p.energy_seconds) filter (where p.activity = 'trip')
    ) as split_other_kwh,
    split_source(
        sum(p.traction_kwh) filter (where p.activity = 'trip'),
        sum(p.standing_seconds) filter (where p.activity = 'trip'),
        sum(p.energy_seconds) filter (where p.activity = 'trip')
    ) as split_source,
    max(p.odometer_end_km) - min(p.odometer_start_km) as odometer_km,
    trusted_share(sum(p.seconds), sum(p.doubted_seconds)) as trusted_share,
    least(
        covered_share(sum(p.seconds), 3600),
        trusted_share(sum(p.seconds), sum(p.doubted_seconds)),
        distance_share(
            sum(p.km) filter (where p.distance_seconds > 0),
            max(p.odometer_end_km) - min(p.odometer_start_km)
        )
    ) as completeness
from energy_piece p
join vehicle v using (vehicle_id)
left join exterior_doubt x using (vehicle_id, hour)
group by v.fleet, v.vehicle, v.model, p.vehicle_id, p.hour;

comment on view hour_energy is
    'Energy, distance and coverage by vehicle and UTC hour. net, discharge and regen are without '
    'what flowed on the plug, which is charged_kwh (battery) and charger_kwh (charger). Components '
    'count both. split_ is of trips, as in session_energy. completeness is the least of coverage, '
    'trusted_share and distance against odometer; of the hour that is running, time to come is missing. '
    'The exterior temperature is null where the fleet contradicts it';

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
    vehicle_attribute_at(b.vehicle_id, 'route', b.started_at) as planned_route
from trip_band b
join vehicle v using (vehicle_id)
join session s using (vehicle_id, started_at, number)
group by v.fleet, v.vehicle, v.model, b.vehicle_id, b.started_at, b.number, b.band_celsius,
    s.seconds, s.ended_at, s.started_at, s.distance_seconds, s.km, s.odometer_end_km,
    s.odometer_start_km
having sum(b.intervals) > 0;

comment on view trip_band_energy is
    'One row per trip and band of the exterior temperature (5 °C wide, 2 °C below −20; lower edge; '
    'null is unknown), with what held for the vehicle when the trip began. coverage is that of the '
    'whole trip, since missing time has no temperature';

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
    ) as completeness
from vehicle_band b
join vehicle v using (vehicle_id);

comment on view band_energy is
    'One row per vehicle and band of the exterior temperature, trips only. coverage and distance_share '
    'are those of the trips that touch the band, since missing time has no temperature; completeness '
    'is the least of them and trusted_share';

-- A component's part of the consumption, from its share of the energy over the time it was metered.
create function component_kwh_per_km(
    component_kwh double precision, base_kwh double precision, kwh_per_km double precision
) returns double precision
language sql immutable parallel safe
return component_kwh / nullif(base_kwh, 0) * kwh_per_km;

comment on function component_kwh_per_km is
    'A component''s part of the consumption, kWh/km: its share of the net energy while it was metered, of '
    'the whole.';

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
    b.fuel_litres / nullif(b.km, 0) as fuel_litres_per_km
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
    'Range by vehicle and temperature band: usable energy over measured kWh/km; null where one is '
    'missing. usable_energy_kwh is the mean by distance of what held in each month: the vehicle''s own, '
    'else that of vehicle_usable_energy. kWh/km by component from each one''s share while it was '
    'metered; split_ parts driving from the rest, metered or estimated (split_source). More of it is '
    'in band_energy';
