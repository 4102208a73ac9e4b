-- With the settings as an argument (`cross join energy_setting s`) it is taken into the statement that calls
-- it; without, it looks them up at each call, which costs as much as all else of a row.
create or replace function is_mild(band_celsius smallint, s energy_setting)
returns boolean
language sql immutable parallel safe
return coalesce(band_celsius = any ((s).mild_bands_celsius), false);

create or replace function is_mild(band_celsius smallint)
returns boolean
language sql stable parallel safe
return (select is_mild(band_celsius, s) from public.energy_setting s);

comment on function is_mild(smallint, energy_setting) is
    'Whether a band is mild weather, which losses of range are measured against (energy_setting).';
comment on function is_mild(smallint) is 'The same by the settings of the database.';
