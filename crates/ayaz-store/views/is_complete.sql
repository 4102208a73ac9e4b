-- With the settings as an argument (`cross join energy_setting s`) it is taken into the statement that calls
-- it; without, it looks them up at each call, which costs as much as all else of a row.
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
    'Whether figures are as complete as is asked for, 0 to 1. Null asks for energy_setting.completeness_min. '
    'Of what nothing can be said is complete only where nothing is asked for.';
comment on function is_complete(double precision, double precision) is 'The same by the settings of the database.';
