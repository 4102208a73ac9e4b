-- The worker cuts bands by the same edges (ayaz-model, temperature_band), which a test compares.
create or replace function band_upper_celsius(band_celsius integer) returns integer
language sql immutable parallel safe
return band_celsius + case when band_celsius < -20 then 2 else 5 end;

comment on function band_upper_celsius is
    'Upper edge of the temperature band with this lower edge, °C: it does not belong to the band.';
