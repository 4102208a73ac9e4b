create or replace function is_cold(band_celsius smallint) returns boolean
language sql stable parallel safe
return coalesce(
    band_upper_celsius(band_celsius) <= (select s.cold_celsius_max from public.energy_setting s), false
);

comment on function is_cold is
    'Whether a band lies wholly in the cold that is compared with mild weather (energy_setting.cold_celsius_max).';
