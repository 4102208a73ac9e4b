create or replace function electric_heat_share(
    heater_kwh double precision, heat_pump_kwh double precision, battery_heater_kwh double precision,
    heater_base_kwh double precision, heat_pump_base_kwh double precision,
    battery_heater_base_kwh double precision
) returns double precision
language sql immutable parallel safe
return case
    when greatest(heater_base_kwh, heat_pump_base_kwh, battery_heater_base_kwh)
        - least(heater_base_kwh, heat_pump_base_kwh, battery_heater_base_kwh)
        <= 1e-6 * abs(greatest(heater_base_kwh, heat_pump_base_kwh, battery_heater_base_kwh))
    then electric_heat_kwh(heater_kwh, heat_pump_kwh, battery_heater_kwh)
        / nullif(greatest(heater_base_kwh, heat_pump_base_kwh, battery_heater_base_kwh), 0)
end;

comment on function electric_heat_share is
    'Share of the net energy that all electric heating used, 0 to 1. Null where none is metered, or where '
    'the metered heaters were not metered over the same time: shares of different energies cannot be added.';
