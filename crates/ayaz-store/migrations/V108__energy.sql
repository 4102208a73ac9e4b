-- What hours of readings come to. Every figure is a sum over intervals (two neighbouring samples of one
-- boot and one drive cycle, at most 60 s apart), attributed to the hour of the interval's first sample, so
-- figures of larger periods are sums over rows.

-- The sums that buckets, sessions, bands, days and months have in common: a pattern for their tables, and
-- the one place where these columns are described.
create table energy_sums (
    seconds double precision not null,
    flagged_seconds double precision not null,
    distance_seconds double precision not null,
    km double precision not null,
    energy_seconds double precision not null,
    net_kwh double precision not null,
    discharge_kwh double precision not null,
    regen_kwh double precision not null,
    -- Distance and net energy over the intervals that have both, for kWh/km.
    paired_km double precision not null,
    paired_net_kwh double precision not null,
    -- While standing (under 1 km/h at both ends): what is not traction.
    standing_seconds double precision not null,
    standing_net_kwh double precision not null,
    -- Components, each with its base; null where never metered.
    heater_kwh double precision,
    heater_base_kwh double precision,
    heat_pump_kwh double precision,
    heat_pump_base_kwh double precision,
    battery_heater_kwh double precision,
    battery_heater_base_kwh double precision,
    air_conditioning_kwh double precision,
    air_conditioning_base_kwh double precision,
    auxiliary_kwh double precision,
    auxiliary_base_kwh double precision,
    traction_kwh double precision,
    traction_base_kwh double precision,
    charger_kwh double precision,
    -- Net and charger less all components, over intervals in which traction and auxiliaries were
    -- metered: what no meter explains.
    unexplained_kwh double precision,
    unexplained_base_kwh double precision,
    fuel_litres double precision,
    -- What the wheels gave back, and the distance over which that was metered.
    wheel_regen_kwh double precision,
    wheel_regen_base_km double precision,
    -- What the cabin was like: a bus whose heater failed looks best.
    cabin_kelvin_seconds double precision not null default 0,
    cabin_seconds double precision not null default 0,
    setpoint_seconds double precision not null default 0,
    setpoint_near_seconds double precision not null default 0,
    cabin_cold_seconds double precision not null default 0,
    cabin_heating_seconds double precision not null default 0,
    -- Time integral of the exterior temperature and the time it covers, for the mean.
    exterior_kelvin_seconds double precision not null,
    exterior_seconds double precision not null
);

comment on column energy_sums.seconds is
    'Time that was measured, s: the length of the intervals, without those that are flagged as a '
    'whole.';
comment on column energy_sums.flagged_seconds is
    'Time in which at least one value was flagged, s. Where all of a reading is flagged, that '
    'time is not among seconds.';
comment on column energy_sums.distance_seconds is
    'Part of seconds with a speed at both ends, s: what km rests on.';
comment on column energy_sums.km is 'Distance, km: speed integrated over distance_seconds.';
comment on column energy_sums.energy_seconds is
    'Part of seconds with the battery''s power at both ends, s: what net_kwh, discharge_kwh and '
    'regen_kwh rest on.';
comment on column energy_sums.net_kwh is
    'Energy out of the battery less energy into it, kWh: positive is used.';
comment on column energy_sums.discharge_kwh is 'Energy out of the battery, kWh, 0 or more.';
comment on column energy_sums.regen_kwh is
    'Energy that came back into the battery, kWh, 0 or more: what braking recovered, less what '
    'heaters and other loads took of it at once.';
comment on column energy_sums.paired_km is
    'Distance of the intervals that have both distance and energy, km.';
comment on column energy_sums.paired_net_kwh is
    'Net energy of the same intervals, kWh: over paired_km it is kwh_per_km.';
comment on column energy_sums.standing_seconds is
    'Part of energy_seconds below 1 km/h at both ends, s.';
comment on column energy_sums.standing_net_kwh is
    'Net energy of that time, kWh: what does not drive the vehicle.';
comment on column energy_sums.heater_kwh is
    'Electric (resistive) cabin heater, kWh, without heat pump, battery heater and fuel; null '
    'where not metered.';
comment on column energy_sums.heater_base_kwh is
    'Net energy over the intervals in which the electric cabin heater was metered, kWh.';
comment on column energy_sums.heat_pump_kwh is
    'Electric energy into the heat pump while it heats, kWh; null where not metered.';
comment on column energy_sums.heat_pump_base_kwh is
    'Net energy over the intervals in which the heat pump was metered, kWh.';
comment on column energy_sums.battery_heater_kwh is 'Battery heater, kWh; null where not metered.';
comment on column energy_sums.battery_heater_base_kwh is
    'Net energy over the intervals in which the battery heater was metered, kWh.';
comment on column energy_sums.air_conditioning_kwh is
    'Air conditioning while it cools, kWh; null where not metered.';
comment on column energy_sums.air_conditioning_base_kwh is
    'Net energy over the intervals in which the air conditioning was metered, kWh.';
comment on column energy_sums.auxiliary_kwh is
    'What neither drives nor heats nor cools, kWh; null where not metered.';
comment on column energy_sums.auxiliary_base_kwh is
    'Net energy over the intervals in which auxiliaries were metered, kWh.';
comment on column energy_sums.traction_kwh is
    'Energy into the traction inverters less what they gave back, kWh; null where not metered.';
comment on column energy_sums.traction_base_kwh is
    'Net energy over the intervals in which traction was metered, kWh.';
comment on column energy_sums.charger_kwh is
    'Energy from the charger, kWh; null where not metered.';
comment on column energy_sums.unexplained_kwh is
    'Net energy and the charger''s less every component, kWh, over the time in which traction and '
    'auxiliaries were metered: what no meter explains. Negative where meters claim more than '
    'there was.';
comment on column energy_sums.unexplained_base_kwh is 'Net energy over the same time, kWh.';
comment on column energy_sums.fuel_litres is
    'Fuel burnt for heat, l: in no figure of electric energy; null where not metered.';
comment on column energy_sums.wheel_regen_kwh is
    'Energy that the traction inverters gave back, kWh, 0 or more: what the wheels recovered, '
    'before heaters and other loads take their part. What reached the battery is regen_kwh. Null '
    'where traction was not metered.';
comment on column energy_sums.wheel_regen_base_km is
    'Distance of the intervals that wheel_regen_kwh rests on, km.';
comment on column energy_sums.cabin_kelvin_seconds is
    'Time integral of the cabin''s temperature, K s.';
comment on column energy_sums.cabin_seconds is
    'Time in which the cabin''s temperature was measured, s.';
comment on column energy_sums.setpoint_seconds is
    'Time in which the cabin''s temperature and its set-point were sent, s.';
comment on column energy_sums.setpoint_near_seconds is
    'Part of setpoint_seconds in which the cabin was within refresh.cabin_tolerance_kelvin of '
    'the worker (3 K) of its set-point, s.';
comment on column energy_sums.cabin_cold_seconds is
    'Part of setpoint_seconds in which the cabin was colder than that, s.';
comment on column energy_sums.cabin_heating_seconds is
    'Time in which the cabin was heated, s: electric heater and heat pump together from 500 W '
    'on, or a fuel heater that burns.';
comment on column energy_sums.exterior_kelvin_seconds is
    'Time integral of the exterior (air) temperature, K s.';
comment on column energy_sums.exterior_seconds is 'The time that it covers, s.';

-- Energy, distance and coverage of each vehicle and UTC hour, cut further by what reports group by:
-- activity, drive cycle, trip, route, charging station, service day and temperature band. Every
-- figure is a sum over intervals (two neighbouring samples of one boot and one drive cycle, at most
-- 60 s apart), attributed to the hour of the interval's first sample, so figures of larger periods
-- are sums over rows. A component's base is the net energy over the intervals in which that
-- component was metered, so that a share is never taken of energy that was not.
create table energy_bucket (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- Position of the bucket within its hour.
    piece integer not null,
    service_day date not null,
    -- 'trip', 'charging', 'conditioning' or 'parking', as the interval's first sample shows.
    activity text not null check (activity in ('trip', 'charging', 'conditioning', 'parking')),
    -- When this stretch of the activity began within the hour; null for trips.
    stretch_started_at timestamptz,
    -- Null where the source does not number drive cycles, or the key is off.
    drive_cycle bigint,
    -- For trips of sources that do not number drive cycles: when the trip began.
    trip_started_at timestamptz,
    plugged_in boolean not null,
    charging_station text,
    route text,
    -- Lower edge of the band of the exterior temperature (5 °C, 2 °C below −20); null is unknown.
    band_celsius smallint,
    -- First and last sample.
    started_at timestamptz not null,
    ended_at timestamptz not null,
    intervals bigint not null,
    like energy_sums including defaults including comments,
    -- First and last values.
    soc_start_percent double precision,
    soc_start_at timestamptz,
    soc_end_percent double precision,
    soc_end_at timestamptz,
    odometer_start_km double precision,
    odometer_end_km double precision,
    exterior_start_celsius double precision,
    exterior_end_celsius double precision,
    cabin_start_celsius double precision,
    cabin_end_celsius double precision,
    battery_start_celsius double precision,
    battery_end_celsius double precision,
    primary key (vehicle_id, hour, piece)
);

create index on energy_bucket (hour);
create index on energy_bucket (service_day, vehicle_id);

-- What each boot of a device numbered in an hour and a service day, for gaps in the sequence.
create table hour_sequence (
    vehicle_id integer not null,
    hour timestamptz not null,
    service_day date not null,
    boot_id bigint not null,
    readings bigint not null,
    readings_flagged bigint not null,
    readings_out_of_order bigint not null,
    sequence_min bigint not null,
    sequence_max bigint not null,
    primary key (vehicle_id, hour, service_day, boot_id)
);

create index on hour_sequence (service_day, vehicle_id);

-- Neighbouring readings whose values the plausibility checks flag, and why. The readings stay as
-- they came; flagged values enter no aggregate.
create table flagged_span (
    vehicle_id integer not null,
    hour timestamptz not null,
    stretch integer not null,
    boot_id bigint not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    readings bigint not null,
    -- By their time alone, readings of a clock that stepped are not told from those among which they lie.
    sequence_min bigint not null,
    sequence_max bigint not null,
    checks text[] not null,
    signals text[] not null,
    whole_row boolean not null,
    primary key (vehicle_id, hour, stretch)
);

-- What is left of each hour to judge the clock by: its readings in the order of their numbers, cut
-- where time does not go on with them. No row is there of an hour or boot whose numbers have no order.
create table clock_run (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- Position within the hour.
    run integer not null,
    boot_id bigint not null,
    readings bigint not null,
    sequence_first bigint not null,
    sequence_last bigint not null,
    -- Times of the earliest and the latest reading.
    started_at timestamptz not null,
    ended_at timestamptz not null,
    -- Readings of the run from this instant on were recorded with a wrong time, and left out when the
    -- hour was worked out; null where none were.
    doubted_from timestamptz,
    primary key (vehicle_id, hour, run)
);

comment on table energy_bucket is
    'Energy, distance and coverage of each vehicle and UTC hour, cut by activity, trip, route, '
    'station, service day and band of the exterior temperature. All sums are over intervals of '
    'neighbouring samples; sums of larger periods are sums over rows.';
comment on column energy_bucket.vehicle_id is 'The vehicle''s number in this database.';
comment on column energy_bucket.hour is 'UTC hour in which its intervals began.';
comment on column energy_bucket.piece is 'Position within the hour.';
comment on column energy_bucket.service_day is
    'Service day, cut by the depot''s clock and its cut-over hour. Trips and stays count to the '
    'day on which they began.';
comment on column energy_bucket.activity is
    'What the vehicle did: trip, charging, conditioning or parking.';
comment on column energy_bucket.stretch_started_at is
    'When this stretch of the activity began within the hour; null for trips.';
comment on column energy_bucket.drive_cycle is
    'Number of the drive cycle; null where the source gives none, or the key is off.';
comment on column energy_bucket.trip_started_at is
    'When the trip began, for sources that do not number drive cycles; else null.';
comment on column energy_bucket.plugged_in is 'Whether the vehicle was on a plug.';
comment on column energy_bucket.charging_station is
    'Charging station, as the operator names it; null if none, or several.';
comment on column energy_bucket.route is 'Route that was served, as sent; null if none, or several.';
comment on column energy_bucket.band_celsius is
    'Lower edge of the band of the exterior (air) temperature, °C: 5 °C wide, 2 °C below −20. '
    'Not the pack''s temperature. Null is unknown.';
comment on column energy_bucket.started_at is 'First sample in the hour.';
comment on column energy_bucket.ended_at is 'Last sample in the hour.';
comment on column energy_bucket.intervals is
    'Intervals that the sums rest on: two neighbouring samples of one boot and drive cycle, at '
    'most 60 s apart.';
comment on column energy_bucket.flagged_seconds is
    'Time in which at least one value was flagged, s. Where all of a reading is flagged, that '
    'time is not among seconds. Readings of a clock that stepped tell of no time at all: what '
    'they leave out is missing from both.';
comment on column energy_bucket.regen_kwh is
    'Energy into the battery, kWh, 0 or more: off the plug what braking recovered less what '
    'heaters and other loads took of it at once, on the plug the charge.';
comment on column energy_bucket.soc_start_percent is
    'State of charge at the first sample that has one, %.';
comment on column energy_bucket.soc_start_at is 'When that was.';
comment on column energy_bucket.soc_end_percent is
    'State of charge at the last sample that has one, %.';
comment on column energy_bucket.soc_end_at is 'When that was.';
comment on column energy_bucket.odometer_start_km is
    'Odometer at the first sample that has one, km.';
comment on column energy_bucket.odometer_end_km is 'Odometer at the last sample that has one, km.';
comment on column energy_bucket.exterior_start_celsius is
    'Exterior (air) temperature at the first sample that has one, °C.';
comment on column energy_bucket.exterior_end_celsius is
    'Exterior (air) temperature at the last sample that has one, °C.';
comment on column energy_bucket.cabin_start_celsius is
    'Cabin temperature at the first sample that has one, °C.';
comment on column energy_bucket.cabin_end_celsius is
    'Cabin temperature at the last sample that has one, °C.';
comment on column energy_bucket.battery_start_celsius is
    'Mean pack temperature at the first sample that has one, °C.';
comment on column energy_bucket.battery_end_celsius is
    'Mean pack temperature at the last sample that has one, °C.';

comment on table hour_sequence is
    'What each boot of a device numbered in an hour and service day: gaps in it are missing '
    'readings.';
comment on column hour_sequence.vehicle_id is 'The vehicle''s number in this database.';
comment on column hour_sequence.hour is 'UTC hour.';
comment on column hour_sequence.service_day is
    'Service day, cut by the depot''s clock and its cut-over hour. Trips and stays count to the '
    'day on which they began.';
comment on column hour_sequence.boot_id is 'Boot of the device: a new number each time it starts.';
comment on column hour_sequence.readings is
    'Good readings of the boot in the hour and service day.';
comment on column hour_sequence.readings_flagged is
    'Those of them with at least one flagged value.';
comment on column hour_sequence.readings_out_of_order is
    'Of the readings whose time is not flagged, those that come before, by their time, what they '
    'come after by their number: the clock stepped by seconds, or the numbers have no order.';
comment on column hour_sequence.sequence_min is 'Lowest number that the boot gave in the hour.';
comment on column hour_sequence.sequence_max is
    'Highest number of the hour. Where the device began to count again within it (after 65535, '
    'or after 4294967295), the numbers after that count on, so this one is larger than any that '
    'was sent.';

comment on table flagged_span is
    'Neighbouring readings whose values the plausibility checks flag, and why. Flagged values '
    'enter no sum.';
comment on column flagged_span.vehicle_id is 'The vehicle''s number in this database.';
comment on column flagged_span.hour is 'UTC hour.';
comment on column flagged_span.stretch is 'Position within the hour.';
comment on column flagged_span.boot_id is
    'Boot of the device: a new number each time it starts.';
comment on column flagged_span.started_at is 'First sample.';
comment on column flagged_span.ended_at is
    'Last sample, or the start of what follows without a pause.';
comment on column flagged_span.readings is 'Readings that are flagged.';
comment on column flagged_span.checks is
    'The checks that fired: ''interpolated_ramp'', ''flat_line'', ''rate_of_change'', ''sentinel'', or '
    '''clock_step'': recorded with a wrong time.';
comment on column flagged_span.signals is
    'The flagged signals, by their columns in reading; empty where all of the reading is flagged.';
comment on column flagged_span.whole_row is
    'Whether all of the reading is flagged, and not only some signals.';
comment on column flagged_span.sequence_min is
    'Lowest number of its readings; those of the boot between the two times that have another '
    'number are not among them.';
comment on column flagged_span.sequence_max is 'Highest number of its readings.';

comment on table clock_run is
    'What each boot of a device numbered in an hour, in runs in which time goes with the '
    'numbers: what is needed to tell readings of a wrong time, in the hours of a day around as '
    'well.';
comment on column clock_run.vehicle_id is 'The vehicle''s number in this database.';
comment on column clock_run.hour is 'UTC hour.';
comment on column clock_run.run is 'Position within the hour.';
comment on column clock_run.boot_id is 'Boot of the device: a new number each time it starts.';
comment on column clock_run.readings is 'Readings of the run.';
comment on column clock_run.sequence_first is 'Number of its first reading.';
comment on column clock_run.sequence_last is 'Number of its last reading.';
comment on column clock_run.started_at is 'First sample.';
comment on column clock_run.ended_at is
    'Last sample, or the start of what follows without a pause.';
comment on column clock_run.doubted_from is
    'Readings of the run from this instant on were recorded with a wrong time and are left out; '
    'null where none are.';

grant select, insert, delete on energy_bucket, hour_sequence, flagged_span, clock_run
    to ayaz_analytics;
grant select on energy_bucket, hour_sequence, flagged_span, clock_run to ayaz_reader;
