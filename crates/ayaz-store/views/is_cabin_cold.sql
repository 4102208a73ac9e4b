-- Pass the settings as an argument (`cross join energy_setting s`): the planner then inlines the function.
-- Without them, each call reads the settings, which doubles the cost of a row.
create or replace function is_cabin_cold(
    cabin_kelvin_seconds double precision,
    cabin_seconds double precision,
    setpoint_seconds double precision,
    cabin_cold_seconds double precision,
    s energy_setting
)
returns boolean
language sql immutable parallel safe
return case
    when setpoint_seconds > 0 and setpoint_seconds >= cabin_seconds / 2
        then cabin_cold_seconds > setpoint_seconds * (s).cold_cabin_share_max
    when cabin_seconds > 0
        then cabin_kelvin_seconds / cabin_seconds - 273.15 < (s).cold_cabin_celsius_max
end;

create or replace function is_cabin_cold(
    cabin_kelvin_seconds double precision,
    cabin_seconds double precision,
    setpoint_seconds double precision,
    cabin_cold_seconds double precision
)
returns boolean
language sql stable parallel safe
return (
    select is_cabin_cold(cabin_kelvin_seconds, cabin_seconds, setpoint_seconds, cabin_cold_seconds, s)
    from public.energy_setting s
);

comment on function is_cabin_cold(
    double precision, double precision, double precision, double precision, energy_setting
) is
    'Whether the bus drove with a cold cabin, so that its consumption is too low to compare: too long below '
    'the set-point or, where the set-point is not known, too cold on average (energy_setting). Null where '
    'the cabin temperature was not measured.';
comment on function is_cabin_cold(double precision, double precision, double precision, double precision) is
    'The same with the settings of the database.';
