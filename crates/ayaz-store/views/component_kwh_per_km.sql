-- The component's share of net energy is measured over the time in which it was metered, and applied to the
-- whole consumption.
create or replace function component_kwh_per_km(
    component_kwh double precision, base_kwh double precision, kwh_per_km double precision
) returns double precision
language sql immutable parallel safe
return component_kwh / nullif(base_kwh, 0) * kwh_per_km;

comment on function component_kwh_per_km is
    'A component''s part of the consumption, kWh/km: the whole consumption times the component''s share of '
    'the net energy while it was metered.';
