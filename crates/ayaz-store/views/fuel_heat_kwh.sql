-- Pass the settings as an argument (`cross join energy_setting s`): the planner then inlines the function.
-- Without them, each call reads the settings, which doubles the cost of a row.
create or replace function fuel_heat_kwh(litres double precision, s energy_setting)
returns double precision
language sql immutable parallel safe
return litres * (s).fuel_kwh_per_litre;

create or replace function fuel_heat_kwh(litres double precision)
returns double precision
language sql stable parallel safe
return (select fuel_heat_kwh(litres, s) from public.energy_setting s);

comment on function fuel_heat_kwh(double precision, energy_setting) is
    'Heat in this much fuel by its heating value, kWh. It is not part of the electric energy.';
comment on function fuel_heat_kwh(double precision) is
    'The same with the settings of the database.';
