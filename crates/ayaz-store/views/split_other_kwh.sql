create or replace function split_other_kwh(
    traction_kwh double precision, traction_base_kwh double precision,
    standing_net_kwh double precision, standing_seconds double precision,
    energy_seconds double precision
) returns double precision
language sql immutable parallel safe
return case split_source(traction_kwh, standing_seconds, energy_seconds)
    when 'metered' then traction_base_kwh - traction_kwh
    when 'estimated' then standing_net_kwh / standing_seconds * energy_seconds
end;

comment on function split_other_kwh is
    'Energy of trips that did not drive the bus, kWh. Where traction was metered for only a part of the '
    'trips, of that part.';
