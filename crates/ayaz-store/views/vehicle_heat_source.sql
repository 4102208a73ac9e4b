create or replace view vehicle_heat_source as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    m.heater,
    b.fuel_litres,
    case when b.fuel_litres > 0 then 'fuel' else coalesce(m.heater, 'unknown') end as heat_source
from vehicle v
left join vehicle_model m using (model)
left join (
    select vehicle_id, sum(fuel_litres) as fuel_litres from vehicle_band group by vehicle_id
) as b using (vehicle_id);

comment on view vehicle_heat_source is
    'Heat source of each vehicle: fuel if its trips burnt any, otherwise the heater of its model. Do not '
    'compare consumption and range of vehicles with different heat sources: a fuel heater saves battery '
    'energy.';

comment on column vehicle_heat_source.fleet is 'The vehicle''s fleet.';
comment on column vehicle_heat_source.vehicle is 'The vehicle''s name in its fleet.';
comment on column vehicle_heat_source.heater is
    'Cabin heater of the model, as entered by the operator: electric, fuel, heat_pump or none; null where '
    'not known.';
comment on column vehicle_heat_source.fuel_litres is
    'Fuel burnt for heat on all of its trips, l; null where not measured.';
comment on column vehicle_heat_source.heat_source is
    'fuel, electric, heat_pump or none; unknown if no fuel was burnt and the model has no value.';

grant select on vehicle_heat_source to ayaz_analytics, ayaz_reader;
