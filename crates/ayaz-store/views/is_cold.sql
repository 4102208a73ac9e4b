-- With the settings as an argument (`cross join energy_setting s`) it is taken into the statement that calls
-- it; without, it looks them up at each call, which costs as much as all else of a row.
create or replace function is_cold(band_celsius smallint, s energy_setting)
returns boolean
language sql immutable parallel safe
return coalesce(band_upper_celsius(band_celsius) <= (s).cold_celsius_max, false);

create or replace function is_cold(band_celsius smallint)
returns boolean
language sql stable parallel safe
return (select is_cold(band_celsius, s) from public.energy_setting s);

comment on function is_cold(smallint, energy_setting) is
    'Whether a band lies wholly in the cold that is compared with mild weather '
    '(energy_setting.cold_celsius_max).';
comment on function is_cold(smallint) is 'The same by the settings of the database.';
