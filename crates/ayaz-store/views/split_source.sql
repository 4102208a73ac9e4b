-- Where a traction meter is, it parts the battery's energy of its own intervals; elsewhere what a bus
-- takes while it stands is taken for all that does not drive it, if it stood for five minutes.
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
    'Whether the energy of driving can be told from the rest: metered, estimated (standing against '
    'moving power), or null. Of trips only.';
