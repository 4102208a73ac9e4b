create or replace function is_cabin_cold(
    cabin_kelvin_seconds double precision, cabin_seconds double precision,
    setpoint_seconds double precision, cabin_cold_seconds double precision
) returns boolean
language sql stable parallel safe
return case
    when setpoint_seconds > 0 and setpoint_seconds >= cabin_seconds / 2 then
        cabin_cold_seconds > setpoint_seconds
            * (select s.cold_cabin_share_max from public.energy_setting s)
    when cabin_seconds > 0 then
        cabin_kelvin_seconds / cabin_seconds - 273.15
            < (select s.cold_cabin_celsius_max from public.energy_setting s)
end;

comment on function is_cabin_cold is
    'Whether driving was with a cold cabin, so that its consumption is no healthy vehicle''s: too long below '
    'the set-point or, where that is not known, too cold in the mean (energy_setting). Null where the cabin was '
    'not measured.';
