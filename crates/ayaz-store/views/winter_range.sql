-- Range from full to empty by vehicle and band, of all trips of any completeness. Never extrapolated: a band
-- without trips has no row. Reads kept sums, so that a season of a large fleet takes milliseconds;
-- range_by_band gives the same figures of selected trips.
create or replace view winter_range as
select
    b.fleet,
    b.vehicle,
    b.model,
    b.vehicle_id,
    b.band_celsius,
    case when b.kwh_per_km > 0 then e.usable_energy_kwh / b.kwh_per_km end as range_km,
    case when b.kwh_per_km > 0 and mild.kwh_per_km > 0 then 1 - mild.kwh_per_km / b.kwh_per_km end
        as range_loss_share,
    b.kwh_per_km,
    b.trips,
    b.seconds,
    b.km,
    b.coverage,
    b.flagged_seconds,
    b.heater_share,
    e.usable_energy_kwh,
    case when own.km > 0 then 'vehicle' else u.usable_energy_source end as usable_energy_source,
    b.unflagged_share,
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
    b.is_cabin_cold,
    has_enough_data(b.trips, b.energy_seconds, b.paired_km, setting) as has_enough_data
from band_energy b
join vehicle_usable_energy u using (vehicle_id)
cross join energy_setting as setting
left join (
    select
        c.vehicle_id,
        part.band_celsius,
        sum(c.value::numeric * part.km::numeric)::double precision as kwh_km,
        sum(part.km) as km
    from vehicle_context c
    cross join lateral band_km_between(c.vehicle_id, c.valid_from, c.valid_to) as part
    where c.attribute = 'usable_energy_kwh'
    group by c.vehicle_id, part.band_celsius
) as own on own.vehicle_id = b.vehicle_id
    and own.band_celsius is not distinct from b.band_celsius
-- Where the operator gives no value for a time, the other known value of the vehicle applies.
cross join lateral (
    select (
        coalesce(own.kwh_km, 0)
        + (b.paired_km - coalesce(own.km, 0))
            * coalesce(u.usable_energy_kwh, own.kwh_km / nullif(own.km, 0))
    ) / nullif(b.paired_km, 0) as usable_energy_kwh
) as e
left join (
    select vehicle_id, sum(paired_net_kwh) / nullif(sum(paired_km), 0) as kwh_per_km
    from vehicle_band
    cross join energy_setting as setting
    where is_mild(band_celsius, setting) and has_enough_data(trips, energy_seconds, paired_km, setting)
    group by vehicle_id
) as mild on mild.vehicle_id = b.vehicle_id;

comment on view winter_range is
    'Range by vehicle and band of the exterior (air) temperature: usable energy divided by measured kWh/km; '
    'null where one is missing. usable_energy_kwh is the mean, weighted by distance, of the values at the '
    'start of each trip: the vehicle''s own, else that of vehicle_usable_energy. The kWh/km of a component '
    'apply its share, measured while it was metered. The columns split_… divide driving from the rest, '
    'metered or estimated (split_source). band_energy has further figures';

comment on column winter_range.range_km is
    'Range from full to empty, km: usable_energy_kwh divided by kwh_per_km; null where one is missing. Never '
    'extrapolated.';
comment on column winter_range.range_loss_share is
    'Share of range lost, compared with the vehicle''s own trips in mild weather '
    '(energy_setting.mild_bands_celsius), 0 to 1. Negative means a gain; null means too few trips in mild '
    'weather.';
comment on column winter_range.has_enough_data is
    'Whether the band has enough trips, time and distance to state a range (energy_setting).';
comment on column winter_range.usable_energy_kwh is
    'Energy between full and empty, kWh: the mean, weighted by distance, of the values at the start of each '
    'trip.';
comment on column winter_range.usable_energy_source is
    'Source of it: vehicle, model or soc (estimated from the state of charge).';
comment on column winter_range.traction_kwh_per_km is
    'Traction''s part of kwh_per_km, kWh/km, from its share while it was metered.';
comment on column winter_range.heater_kwh_per_km is
    'The electric cabin heater''s part of kwh_per_km, kWh/km, from its share while it was metered.';
comment on column winter_range.heat_pump_kwh_per_km is
    'The heat pump''s part of kwh_per_km, kWh/km, from its share while it was metered.';
comment on column winter_range.battery_heater_kwh_per_km is
    'The battery heater''s part of kwh_per_km, kWh/km, from its share while it was metered.';
comment on column winter_range.air_conditioning_kwh_per_km is
    'The air conditioning''s part of kwh_per_km, kWh/km, from its share while it was metered.';
comment on column winter_range.auxiliary_kwh_per_km is
    'Auxiliaries'' part of kwh_per_km, kWh/km, from their share while they were metered.';
comment on column winter_range.unexplained_kwh_per_km is
    'Part of kwh_per_km that no meter explains, kWh/km; may be negative.';
comment on column winter_range.split_traction_kwh_per_km is
    'Part of kwh_per_km that drove the vehicle, kWh/km (split_source).';
comment on column winter_range.split_other_kwh_per_km is
    'Part of kwh_per_km that did not drive the vehicle, kWh/km (split_source).';
comment on column winter_range.fuel_litres_per_km is
    'Fuel burnt for heat, l/km. It is not part of the electric energy.';
comment on column winter_range.fuel_heat_kwh_per_km is
    'Heat in the burnt fuel, kWh/km. It is not part of kwh_per_km.';
comment on column winter_range.heat_kwh_per_km is
    'Part of kwh_per_km for all electric heating, kWh/km: kwh_per_km times heat_share.';

grant select on winter_range to ayaz_analytics, ayaz_reader;
