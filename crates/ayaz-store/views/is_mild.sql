create or replace function is_mild(band_celsius smallint) returns boolean
language sql stable parallel safe
return exists (
    select from public.energy_setting s where band_celsius = any (s.mild_bands_celsius)
);

comment on function is_mild is
    'Whether a band is mild weather, which losses of range are measured against (energy_setting).';
