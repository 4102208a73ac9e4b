create or replace function fuel_heat_kwh(litres double precision) returns double precision
language sql stable parallel safe
return litres * (select fuel_kwh_per_litre from energy_setting);

comment on function fuel_heat_kwh is
    'Heat in so much fuel by its heating value, kWh: beside the electric energy, never part of it.';
