create or replace function band_label(band_celsius integer) returns text
language sql immutable parallel safe
return case
    when band_celsius is null then 'unknown'
    else format('[%s,%s)', band_celsius, band_upper_celsius(band_celsius))
end;

comment on function band_label is
    'A temperature band as [from,to) in °C, by its lower edge; unknown for null.';
