create or replace function band_caption(
    band_celsius smallint, trips bigint, seconds double precision, is_cabin_cold boolean
) returns text
language sql stable parallel safe
return band_label(band_celsius)
    || format(' · %s trips, %s h', trips, round((seconds / 3600)::numeric, 1))
    || case when is_cabin_cold then ' · cold cabin' else '' end;

comment on function band_caption is
    'Label of a band in a chart: the band, its number of trips, its hours, and whether the cabin was cold.';
