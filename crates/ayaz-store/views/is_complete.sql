-- Pass the settings as an argument (`cross join energy_setting s`): the planner then inlines the function.
-- Without them, each call reads the settings, which doubles the cost of a row.
create or replace function is_complete(
    completeness double precision,
    completeness_min double precision,
    s energy_setting
)
returns boolean
language sql immutable parallel safe
return coalesce(completeness >= coalesce(completeness_min, (s).completeness_min), false)
    or coalesce(completeness_min, (s).completeness_min) <= 0;

create or replace function is_complete(
    completeness double precision,
    completeness_min double precision
)
returns boolean
language sql stable parallel safe
return (select is_complete(completeness, completeness_min, s) from public.energy_setting s);

comment on function is_complete(double precision, double precision, energy_setting) is
    'Whether the completeness reaches the minimum, 0 to 1. A null minimum means '
    'energy_setting.completeness_min. A null completeness passes only if the minimum is 0.';
comment on function is_complete(double precision, double precision) is
    'The same with the settings of the database.';
