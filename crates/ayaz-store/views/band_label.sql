-- Bands are 5 °C wide from −20 °C up and 2 °C below, as the worker cuts them.
create or replace function band_label(band_celsius integer) returns text
language sql immutable parallel safe
return case
    when band_celsius is null then 'unknown'
    when band_celsius < -20 then format('[%s,%s)', band_celsius, band_celsius + 2)
    else format('[%s,%s)', band_celsius, band_celsius + 5)
end;

comment on function band_label is
    'A temperature band as [from,to) in °C, by its lower edge; unknown for null.';
