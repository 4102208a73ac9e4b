create or replace function split_traction_kwh(
    traction_kwh double precision, net_kwh double precision, standing_net_kwh double precision,
    standing_seconds double precision, energy_seconds double precision
) returns double precision
language sql immutable parallel safe
return case split_source(traction_kwh, standing_seconds, energy_seconds)
    when 'metered' then traction_kwh
    when 'estimated' then net_kwh - standing_net_kwh / standing_seconds * energy_seconds
end;

comment on function split_traction_kwh is
    'Energy of trips that drove the bus, kWh. Where traction was metered for only a part of the trips, of '
    'that part.';
