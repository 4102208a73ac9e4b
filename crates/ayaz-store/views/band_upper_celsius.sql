-- The worker uses the same edges (temperature_band in ayaz-model). A test compares them.
create or replace function band_upper_celsius(band_celsius integer) returns integer
language sql immutable parallel safe
return band_celsius + case when band_celsius < -20 then 2 else 5 end;

comment on function band_upper_celsius is
    'Upper edge of the temperature band with this lower edge, °C. The band does not include it.';
