-- Pass the settings as an argument (`cross join energy_setting s`): the planner then inlines the function.
-- Without them, each call reads the settings, which doubles the cost of a row.
create or replace function is_mild(band_celsius smallint, s energy_setting)
returns boolean
language sql immutable parallel safe
return coalesce(band_celsius = any ((s).mild_bands_celsius), false);

create or replace function is_mild(band_celsius smallint)
returns boolean
language sql stable parallel safe
return (select is_mild(band_celsius, s) from public.energy_setting s);

comment on function is_mild(smallint, energy_setting) is
    'Whether a band is mild weather, the reference for loss of range (energy_setting).';
comment on function is_mild(smallint) is 'The same with the settings of the database.';
