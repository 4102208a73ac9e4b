-- A component's part of the consumption, from its share of the energy over the time it was metered.
create or replace function component_kwh_per_km(
    component_kwh double precision, base_kwh double precision, kwh_per_km double precision
) returns double precision
language sql immutable parallel safe
return component_kwh / nullif(base_kwh, 0) * kwh_per_km;

comment on function component_kwh_per_km is
    'A component''s part of the consumption, kWh/km: its share of the net energy while it was metered, of '
    'the whole.';
