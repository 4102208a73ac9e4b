-- Pass the settings as an argument (`cross join energy_setting s`): the planner then inlines the function.
-- Without them, each call reads the settings, which doubles the cost of a row.
create or replace function is_cold(band_celsius smallint, s energy_setting)
returns boolean
language sql immutable parallel safe
return coalesce(band_upper_celsius(band_celsius) <= (s).cold_celsius_max, false);

create or replace function is_cold(band_celsius smallint)
returns boolean
language sql stable parallel safe
return (select is_cold(band_celsius, s) from public.energy_setting s);

comment on function is_cold(smallint, energy_setting) is
    'Whether the whole band counts as cold in the comparison with mild weather '
    '(energy_setting.cold_celsius_max).';
comment on function is_cold(smallint) is 'The same with the settings of the database.';
