create or replace function has_enough_data(
    trips bigint, energy_seconds double precision, paired_km double precision
) returns boolean
language sql stable parallel safe
return (
    select
        coalesce(trips, 0) >= s.band_trips_min
            and coalesce(energy_seconds, 0) >= s.band_hours_min * 3600
            and coalesce(paired_km, 0) >= s.band_km_min
    from public.energy_setting s
);

comment on function has_enough_data is
    'Whether a band rests on enough trips, time and distance to state consumption and range (energy_setting: '
    'band_trips_min, band_hours_min, band_km_min).';
