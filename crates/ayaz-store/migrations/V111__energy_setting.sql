-- What figures are worked out with: one row, to be updated by the operator.
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
    'What energy figures are worked out with: one row, to be updated. fuel_kwh_per_litre is the '
    'heating value of what fuel heaters burn.';
comment on column energy_setting.one_row is 'Always true: the table has one row.';
comment on column energy_setting.fuel_kwh_per_litre is
    'Heating value of what fuel heaters burn, kWh per litre: what fuel_heat_kwh rests on.';
comment on column energy_setting.band_trips_min is
    'A band of the exterior temperature states a range and is compared only from so many trips on that touch it.';
comment on column energy_setting.band_hours_min is
    'The same from so much driving on in which energy was measured, h.';
comment on column energy_setting.band_km_min is
    'The same from so much distance on over which energy was measured, km: a bus that stands and heats has an '
    'endless consumption, kWh/km.';
comment on column energy_setting.completeness_min is
    'Trips that are less complete than this are left out of ranges, and days of sums, unless a reader asks for '
    'another one, 0 to 1: a tenth of a day''s driving may be missing before its sums say something else.';
comment on column energy_setting.mild_bands_celsius is
    'The mild weather that losses of range are measured against: lower edges of bands, °C, without a hole '
    'between them.';
comment on column energy_setting.cold_celsius_max is
    'Cold against mild: bands that lie wholly below this are cold, °C.';
comment on column energy_setting.cold_cabin_share_max is
    'A band was driven with a cold cabin if the cabin was colder than its set-point, by more '
    'than refresh.cabin_tolerance_kelvin of the worker, for more than this share of the time in '
    'which both are known, 0 to 1.';
comment on column energy_setting.cold_cabin_celsius_max is
    'Where the set-point is known for less than half of the cabin''s time: a band was driven with '
    'a cold cabin if its mean temperature was below this, °C.';
comment on column energy_setting.pull_out_parked_hours_min is
    'A trip is a pull-out if the bus had been parked for at least so long, h.';
comment on column energy_setting.pull_out_km_min is
    'A trip that is shorter is moving about the depot: neither a pull-out nor the end of a stay, '
    'km.';
comment on column energy_setting.preheat_minutes_min is
    'The cabin was preheated if it was heated for at least so long, minutes.';
comment on column energy_setting.preheat_window_hours is
    'Heating counts in the UTC hours that the last so many hours before the pull-out touch, h.';
comment on column energy_setting.preheat_exterior_celsius_max is
    'At this exterior temperature and above no preheating is needed, °C.';
comment on column energy_setting.preheat_cabin_celsius_min is
    'A cabin that is at least so warm at the pull-out needs no preheating, °C.';

grant select on energy_setting to ayaz_operator, ayaz_reader, ayaz_analytics;
grant update (
    fuel_kwh_per_litre, band_trips_min, band_hours_min, band_km_min, completeness_min,
    mild_bands_celsius, cold_celsius_max, cold_cabin_share_max, cold_cabin_celsius_max,
    pull_out_parked_hours_min, pull_out_km_min, preheat_minutes_min, preheat_window_hours,
    preheat_exterior_celsius_max, preheat_cabin_celsius_min
) on energy_setting to ayaz_operator;
