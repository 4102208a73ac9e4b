-- Settings of figures: one row, which the operator updates.
create table energy_setting (
    one_row boolean primary key default true check (one_row),
    fuel_kwh_per_litre double precision not null
        constraint fuel_heating_value_is_1_to_15_kwh_per_litre
        check (fuel_kwh_per_litre between 1 and 15),
    band_trips_min integer not null default 3
        constraint band_trips_are_1_to_1000 check (band_trips_min between 1 and 1000),
    band_hours_min double precision not null default 1
        constraint band_hours_are_0_to_1000 check (band_hours_min between 0 and 1000),
    band_km_min double precision not null default 10
        constraint band_km_are_0_to_10000 check (band_km_min between 0 and 10000),
    completeness_min double precision not null default 0.9
        constraint completeness_is_0_to_1 check (completeness_min between 0 and 1),
    mild_bands_celsius smallint[] not null default '{10,15}'
        constraint mild_bands_are_1_to_20_without_nulls
        check (cardinality(mild_bands_celsius) between 1 and 20 and array_position(mild_bands_celsius, null) is null),
    cold_celsius_max double precision not null default -10
        constraint cold_is_minus_60_to_10_celsius check (cold_celsius_max between -60 and 10),
    cold_cabin_share_max double precision not null default 0.5
        constraint cold_cabin_share_is_0_to_1 check (cold_cabin_share_max between 0 and 1),
    cold_cabin_celsius_max double precision not null default 12
        constraint cold_cabin_is_minus_20_to_30_celsius
        check (cold_cabin_celsius_max between -20 and 30),
    pull_out_parked_hours_min double precision not null default 2
        constraint pull_out_parked_hours_are_0_to_24
        check (pull_out_parked_hours_min between 0 and 24),
    pull_out_km_min double precision not null default 1
        constraint pull_out_km_are_0_to_100 check (pull_out_km_min between 0 and 100),
    preheat_minutes_min double precision not null default 10
        constraint preheat_minutes_are_1_to_240 check (preheat_minutes_min between 1 and 240),
    preheat_window_hours double precision not null default 2
        constraint preheat_window_is_up_to_24_hours
        check (preheat_window_hours > 0 and preheat_window_hours <= 24),
    preheat_exterior_celsius_max double precision not null default 5
        constraint preheat_exterior_is_minus_40_to_40_celsius
        check (preheat_exterior_celsius_max between -40 and 40),
    preheat_cabin_celsius_min double precision not null default 15
        constraint preheat_cabin_is_0_to_30_celsius
        check (preheat_cabin_celsius_min between 0 and 30)
);

-- Diesel; domain literature gives 9.8 to 10.
insert into energy_setting (fuel_kwh_per_litre) values (9.9);
analyze energy_setting;

comment on table energy_setting is
    'Settings of energy figures: one row, to be updated. fuel_kwh_per_litre is the heating value of the fuel '
    'of heaters.';
comment on column energy_setting.one_row is 'Always true: the table has one row.';
comment on column energy_setting.fuel_kwh_per_litre is
    'Heating value of the fuel of heaters, kWh per litre; fuel_heat_kwh uses it.';
comment on column energy_setting.band_trips_min is
    'Minimum number of trips that touch a band of the exterior temperature. With less, the band states no '
    'range and is not compared.';
comment on column energy_setting.band_hours_min is
    'Minimum driving time with measured energy in a band, h. With less, the band states no range and is not '
    'compared.';
comment on column energy_setting.band_km_min is
    'Minimum distance with measured energy in a band, km. With less, the band states no range and is not '
    'compared: a bus that heats while stationary has no finite consumption, kWh/km.';
comment on column energy_setting.completeness_min is
    'Minimum completeness of trips in ranges and of days in sums, 0 to 1, unless a reader asks for another. '
    'The default allows a tenth of a day''s driving to be missing.';
comment on column energy_setting.mild_bands_celsius is
    'Bands of mild weather, the reference for loss of range: lower edges, °C, without a gap between them.';
comment on column energy_setting.cold_celsius_max is
    'Upper limit of cold weather in the comparison with mild weather, °C: bands that lie wholly below it are '
    'cold.';
comment on column energy_setting.cold_cabin_share_max is
    'A band counts as driven with a cold cabin if the cabin was colder than its set-point, by more than '
    'refresh.cabin_tolerance_kelvin of the worker, for more than this share of the time in which both are '
    'known, 0 to 1.';
comment on column energy_setting.cold_cabin_celsius_max is
    'If the set-point is known for less than half of the measured cabin time, a band counts as driven with a '
    'cold cabin if its mean cabin temperature was below this, °C.';
comment on column energy_setting.pull_out_parked_hours_min is
    'A trip is a pull-out if the bus was parked before for at least this time, h.';
comment on column energy_setting.pull_out_km_min is
    'A shorter trip is a move within the depot, km. It is not a pull-out and does not end the parked time.';
comment on column energy_setting.preheat_minutes_min is
    'The cabin counts as preheated if it was heated for at least this time, minutes.';
comment on column energy_setting.preheat_window_hours is
    'Time before the pull-out in which heating counts, h. All UTC hours that it touches count.';
comment on column energy_setting.preheat_exterior_celsius_max is
    'No preheating is needed at this exterior temperature or above, °C.';
comment on column energy_setting.preheat_cabin_celsius_min is
    'No preheating is needed if the cabin has at least this temperature at the pull-out, °C.';

grant select on energy_setting to ayaz_operator, ayaz_reader, ayaz_analytics;
grant update (
    fuel_kwh_per_litre, band_trips_min, band_hours_min, band_km_min, completeness_min,
    mild_bands_celsius, cold_celsius_max, cold_cabin_share_max, cold_cabin_celsius_max,
    pull_out_parked_hours_min, pull_out_km_min, preheat_minutes_min, preheat_window_hours,
    preheat_exterior_celsius_max, preheat_cabin_celsius_min
) on energy_setting to ayaz_operator;
