-- A traction meter divides the energy of the intervals that it covers. Without one, the power while
-- stationary is the estimate for all loads except traction, if the bus was stationary for five minutes.
create or replace function split_source(
    traction_kwh double precision, standing_seconds double precision,
    energy_seconds double precision
) returns text
language sql immutable parallel safe
return case
    when energy_seconds > 0 and traction_kwh is not null then 'metered'
    when energy_seconds > 0 and standing_seconds >= 300 then 'estimated'
end;

comment on function split_source is
    'How the energy of trips is divided into driving and the rest: metered, estimated (power while '
    'stationary against while moving), or null (not possible).';
