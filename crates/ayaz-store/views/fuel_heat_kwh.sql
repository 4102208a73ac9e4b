-- With the settings as an argument (`cross join energy_setting s`) it is taken into the statement that calls
-- it; without, it looks them up at each call, which costs as much as all else of a row.
create or replace function fuel_heat_kwh(litres double precision, s energy_setting)
returns double precision
language sql immutable parallel safe
return litres * (s).fuel_kwh_per_litre;

create or replace function fuel_heat_kwh(litres double precision)
returns double precision
language sql stable parallel safe
return (select fuel_heat_kwh(litres, s) from public.energy_setting s);

comment on function fuel_heat_kwh(double precision, energy_setting) is
    'Heat in so much fuel by its heating value, kWh: beside the electric energy, never part of it.';
comment on function fuel_heat_kwh(double precision) is 'The same by the settings of the database.';
