create or replace function electric_heat_kwh(
    heater_kwh double precision, heat_pump_kwh double precision, battery_heater_kwh double precision
) returns double precision
language sql immutable parallel safe
return case
    when heater_kwh is not null or heat_pump_kwh is not null or battery_heater_kwh is not null
        then coalesce(heater_kwh, 0) + coalesce(heat_pump_kwh, 0) + coalesce(battery_heater_kwh, 0)
end;

comment on function electric_heat_kwh is
    'Electric energy of all heating, kWh: electric cabin heater, heat pump and battery heater; null where '
    'none is metered. Fuel is not included.';
