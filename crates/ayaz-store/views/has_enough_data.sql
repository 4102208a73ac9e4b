-- Pass the settings as an argument (`cross join energy_setting s`): the planner then inlines the function.
-- Without them, each call reads the settings, which doubles the cost of a row.
create or replace function has_enough_data(
    trips bigint,
    energy_seconds double precision,
    paired_km double precision,
    s energy_setting
)
returns boolean
language sql immutable parallel safe
return coalesce(
    trips >= (s).band_trips_min
        and energy_seconds >= (s).band_hours_min * 3600
        and paired_km >= (s).band_km_min,
    false
);

create or replace function has_enough_data(
    trips bigint,
    energy_seconds double precision,
    paired_km double precision
)
returns boolean
language sql stable parallel safe
return (select has_enough_data(trips, energy_seconds, paired_km, s) from public.energy_setting s);

comment on function has_enough_data(bigint, double precision, double precision, energy_setting) is
    'Whether a band has enough trips, time and distance to state consumption and range (energy_setting: '
    'band_trips_min, band_hours_min, band_km_min).';
comment on function has_enough_data(bigint, double precision, double precision) is
    'The same with the settings of the database.';
