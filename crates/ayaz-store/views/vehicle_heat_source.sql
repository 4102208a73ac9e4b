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
    'What heats each vehicle: fuel if it has burnt any on its trips, whatever its model says, else what its '
    'model says. Consumption and range of vehicles that are heated from different sources do not compare: '
    'what burns fuel spends less of its battery.';

comment on column vehicle_heat_source.fleet is 'The vehicle''s fleet.';
comment on column vehicle_heat_source.vehicle is 'The vehicle''s name in its fleet.';
comment on column vehicle_heat_source.heater is
    'What heats the model''s cabin, as the operator says: electric, fuel, heat_pump or none; null '
    'where not known.';
comment on column vehicle_heat_source.fuel_litres is
    'Fuel burnt for heat on all of its trips, l; null where it was not measured.';
comment on column vehicle_heat_source.heat_source is
    'fuel, electric, heat_pump or none; unknown where neither fuel was burnt nor the model says.';

grant select on vehicle_heat_source to ayaz_analytics, ayaz_reader;
