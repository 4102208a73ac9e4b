create or replace function cabin_heat_kwh(heater_kwh double precision, heat_pump_kwh double precision)
returns double precision
language sql immutable parallel safe
return case
    when heater_kwh is not null or heat_pump_kwh is not null
        then coalesce(heater_kwh, 0) + coalesce(heat_pump_kwh, 0)
end;

comment on function cabin_heat_kwh is
    'Electric energy of cabin heating, kWh: electric heater and heat pump; null where neither is metered.';
