-- Results by hour. Every figure is a sum over intervals (two neighbouring samples of one boot and one drive
-- cycle, at most 60 s apart) and belongs to the hour of the interval's first sample. Figures of longer
-- periods are sums over rows.

-- Sums that buckets, sessions, bands, days and months have in common. Their tables copy these columns, and
-- the comments are only here.
create table energy_sums (
    seconds double precision not null,
    flagged_seconds double precision not null,
    distance_seconds double precision not null,
    km double precision not null,
    energy_seconds double precision not null,
    net_kwh double precision not null,
    discharge_kwh double precision not null,
    regen_kwh double precision not null,
    -- Distance and net energy of the intervals that have both, for kWh/km.
    paired_km double precision not null,
    paired_net_kwh double precision not null,
    -- While stationary (under 1 km/h at both ends): everything except traction.
    standing_seconds double precision not null,
    standing_net_kwh double precision not null,
    -- Components, each with its base; null if never metered.
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
    -- Net energy plus charger minus all components, over intervals with metered traction and auxiliaries.
    unexplained_kwh double precision,
    unexplained_base_kwh double precision,
    fuel_litres double precision,
    -- Energy recovered at the wheels, and the distance over which it was metered.
    wheel_regen_kwh double precision,
    wheel_regen_base_km double precision,
    -- Cabin temperature: a bus with a broken heater would look best.
    cabin_kelvin_seconds double precision not null default 0,
    cabin_seconds double precision not null default 0,
    setpoint_seconds double precision not null default 0,
    setpoint_near_seconds double precision not null default 0,
    cabin_cold_seconds double precision not null default 0,
    cabin_heating_seconds double precision not null default 0,
    -- Time integral of the exterior temperature and its time, for the mean.
    exterior_kelvin_seconds double precision not null,
    exterior_seconds double precision not null
);

comment on column energy_sums.seconds is
    'Measured time, s: total length of the intervals, without those that are flagged as a whole.';
comment on column energy_sums.flagged_seconds is
    'Time with at least one flagged value, s. If the whole reading is flagged, the time is not in seconds.';
comment on column energy_sums.distance_seconds is
    'Part of seconds with a speed at both ends, s; km covers this time.';
comment on column energy_sums.km is 'Distance, km: speed integrated over distance_seconds.';
comment on column energy_sums.energy_seconds is
    'Part of seconds with the battery''s power at both ends, s; net_kwh, discharge_kwh and regen_kwh cover '
    'this time.';
comment on column energy_sums.net_kwh is 'Energy out of the battery minus energy into it, kWh.';
comment on column energy_sums.discharge_kwh is 'Energy out of the battery, kWh, 0 or more.';
comment on column energy_sums.regen_kwh is
    'Energy back into the battery, kWh, 0 or more: energy from braking, minus what heaters and other loads '
    'used directly.';
comment on column energy_sums.paired_km is
    'Distance of the intervals that have both distance and energy, km.';
comment on column energy_sums.paired_net_kwh is
    'Net energy of the same intervals, kWh; divided by paired_km it is kwh_per_km.';
comment on column energy_sums.standing_seconds is
    'Part of energy_seconds below 1 km/h at both ends, s.';
comment on column energy_sums.standing_net_kwh is
    'Net energy of standing_seconds, kWh: energy that does not drive the vehicle.';
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
    'Auxiliaries (neither traction nor heating nor cooling), kWh; null where not metered.';
comment on column energy_sums.auxiliary_base_kwh is
    'Net energy over the intervals in which auxiliaries were metered, kWh.';
comment on column energy_sums.traction_kwh is
    'Energy into the traction inverters minus the energy they returned, kWh; null where not metered.';
comment on column energy_sums.traction_base_kwh is
    'Net energy over the intervals in which traction was metered, kWh.';
comment on column energy_sums.charger_kwh is
    'Energy from the charger, kWh; null where not metered.';
comment on column energy_sums.unexplained_kwh is
    'Net energy plus charger energy minus all components, kWh, over the time with metered traction and '
    'auxiliaries: energy that no meter explains. Negative if the meters add up to more than the total.';
comment on column energy_sums.unexplained_base_kwh is 'Net energy over the same time, kWh.';
comment on column energy_sums.fuel_litres is
    'Fuel burnt for heat, l. It is not part of the electric energy; null where not metered.';
comment on column energy_sums.wheel_regen_kwh is
    'Energy that the traction inverters returned, kWh, 0 or more: the energy recovered at the wheels, before '
    'heaters and other loads use part of it. The part that reached the battery is regen_kwh. Null where '
    'traction was not metered.';
comment on column energy_sums.wheel_regen_base_km is
    'Distance of the intervals of wheel_regen_kwh, km.';
comment on column energy_sums.cabin_kelvin_seconds is
    'Time integral of the cabin''s temperature, K s.';
comment on column energy_sums.cabin_seconds is 'Time with a measured cabin temperature, s.';
comment on column energy_sums.setpoint_seconds is
    'Time with both a cabin temperature and a set-point, s.';
comment on column energy_sums.setpoint_near_seconds is
    'Part of setpoint_seconds in which the cabin was within refresh.cabin_tolerance_kelvin of '
    'the worker (3 K) of its set-point, s.';
comment on column energy_sums.cabin_cold_seconds is
    'Part of setpoint_seconds in which the cabin was colder than that tolerance, s.';
comment on column energy_sums.cabin_heating_seconds is
    'Time of cabin heating, s: electric heater and heat pump together at 500 W or more, or a burning fuel '
    'heater.';
comment on column energy_sums.exterior_kelvin_seconds is
    'Time integral of the exterior (air) temperature, K s.';
comment on column energy_sums.exterior_seconds is 'Time of exterior_kelvin_seconds, s.';

-- Energy, distance and coverage by vehicle and UTC hour, divided by the groups of reports: activity, drive
-- cycle, trip, route, charging station, service day and temperature band. Sums are as in energy_sums. The
-- base of a component is the net energy over the intervals in which it was metered, so that its share never
-- refers to energy outside them.
create table energy_bucket (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- Position of the bucket within its hour.
    piece integer not null,
    service_day date not null,
    -- 'trip', 'charging', 'conditioning' or 'parking', by the interval's first sample.
    activity text not null check (activity in ('trip', 'charging', 'conditioning', 'parking')),
    -- When the parked segment began within the hour; null for trips.
    stretch_started_at timestamptz,
    -- Null if the source does not number drive cycles, or the key is off.
    drive_cycle bigint,
    -- When the trip began, for sources that do not number drive cycles.
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

-- Sequence numbers of each boot in an hour and a service day, to find gaps.
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

-- Neighbouring readings with flagged values, and the reasons. The readings stay unchanged; flagged values
-- enter no aggregate.
create table flagged_span (
    vehicle_id integer not null,
    hour timestamptz not null,
    stretch integer not null,
    boot_id bigint not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    readings bigint not null,
    -- Sequence numbers identify the readings: after a clock step, their times overlap with those of other
    -- readings.
    sequence_min bigint not null,
    sequence_max bigint not null,
    checks text[] not null,
    signals text[] not null,
    whole_row boolean not null,
    primary key (vehicle_id, hour, stretch)
);

-- Input for the clock check of each hour: its readings in the order of their numbers, divided where their
-- times are not in that order. An hour or boot whose numbers have no order has no row.
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
    -- Readings of the run from this instant on have a wrong time and were left out of the hour; null if none.
    doubted_from timestamptz,
    primary key (vehicle_id, hour, run)
);

comment on table energy_bucket is
    'Energy, distance and coverage by vehicle and UTC hour, divided by activity, trip, route, station, '
    'service day and band of the exterior temperature. All sums are over intervals of neighbouring samples; '
    'sums of longer periods are sums over rows.';
comment on column energy_bucket.vehicle_id is 'The vehicle''s number in this database.';
comment on column energy_bucket.hour is 'UTC hour in which its intervals began.';
comment on column energy_bucket.piece is 'Position within the hour.';
comment on column energy_bucket.service_day is
    'Service day, from one cut-over hour of the depot to the next. Trips and parked segments count to the '
    'day on which they began.';
comment on column energy_bucket.activity is
    'What the vehicle did: trip, charging, conditioning or parking.';
comment on column energy_bucket.stretch_started_at is
    'When this parked segment began within the hour; null for trips.';
comment on column energy_bucket.drive_cycle is
    'Number of the drive cycle; null if the source gives none, or the key is off.';
comment on column energy_bucket.trip_started_at is
    'When the trip began, for sources that do not number drive cycles; else null.';
comment on column energy_bucket.plugged_in is 'Whether the vehicle was plugged in.';
comment on column energy_bucket.charging_station is
    'Charging station, as the operator names it; null if none, or several.';
comment on column energy_bucket.route is 'Route as sent by the vehicle; null if none, or several.';
comment on column energy_bucket.band_celsius is
    'Lower edge of the band of the exterior (air) temperature, °C: 5 °C wide, 2 °C below −20. Not the '
    'pack''s temperature. Null means unknown.';
comment on column energy_bucket.started_at is 'First sample in the hour.';
comment on column energy_bucket.ended_at is 'Last sample in the hour.';
comment on column energy_bucket.intervals is
    'Intervals in the sums: two neighbouring samples of one boot and drive cycle, at most 60 s apart.';
comment on column energy_bucket.flagged_seconds is
    'Time with at least one flagged value, s. If the whole reading is flagged, the time is not in seconds. '
    'Readings with a wrong clock are in neither.';
comment on column energy_bucket.regen_kwh is
    'Energy into the battery, kWh, 0 or more: while unplugged, energy from braking minus what heaters and '
    'other loads used directly; while plugged in, the charge.';
comment on column energy_bucket.soc_start_percent is
    'State of charge at the first sample that has one, %.';
comment on column energy_bucket.soc_start_at is 'Time of soc_start_percent.';
comment on column energy_bucket.soc_end_percent is
    'State of charge at the last sample that has one, %.';
comment on column energy_bucket.soc_end_at is 'Time of soc_end_percent.';
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
    'Sequence numbers of each boot in an hour and service day. Gaps are missing readings.';
comment on column hour_sequence.vehicle_id is 'The vehicle''s number in this database.';
comment on column hour_sequence.hour is 'UTC hour.';
comment on column hour_sequence.service_day is
    'Service day, from one cut-over hour of the depot to the next. Trips and parked segments count to the '
    'day on which they began.';
comment on column hour_sequence.boot_id is 'Boot of the device: a new number each time it starts.';
comment on column hour_sequence.readings is
    'Readings of the boot in the hour and service day, with a plausible time.';
comment on column hour_sequence.readings_flagged is
    'Readings among them with at least one flagged value.';
comment on column hour_sequence.readings_out_of_order is
    'Readings whose order by time differs from their order by number, without readings with a flagged time: '
    'the clock stepped by seconds, or the numbers have no order.';
comment on column hour_sequence.sequence_min is 'Lowest number that the boot gave in the hour.';
comment on column hour_sequence.sequence_max is
    'Highest number of the hour. If the device restarted its count within the hour (after 65535 or '
    '4294967295), the numbers continue here, so this may be larger than any number that was sent.';

comment on table flagged_span is
    'Neighbouring readings with flagged values, and the reasons. Flagged values enter no sum.';
comment on column flagged_span.vehicle_id is 'The vehicle''s number in this database.';
comment on column flagged_span.hour is 'UTC hour.';
comment on column flagged_span.stretch is 'Position within the hour.';
comment on column flagged_span.boot_id is
    'Boot of the device: a new number each time it starts.';
comment on column flagged_span.started_at is 'First sample.';
comment on column flagged_span.ended_at is
    'Last sample, or the start of what follows without a gap.';
comment on column flagged_span.readings is 'Number of flagged readings.';
comment on column flagged_span.checks is
    'The checks that flag it: ''interpolated_ramp'', ''flat_line'', ''rate_of_change'', ''sentinel'', or '
    '''clock_step'' (recorded with a wrong time).';
comment on column flagged_span.signals is
    'The flagged signals, by their columns in reading; empty where the whole reading is flagged.';
comment on column flagged_span.whole_row is
    'Whether the whole reading is flagged, and not only some signals.';
comment on column flagged_span.sequence_min is
    'Lowest number of its readings. Readings of the boot with other numbers do not belong to it, even '
    'between the two times.';
comment on column flagged_span.sequence_max is 'Highest number of its readings.';

comment on table clock_run is
    'Sequence numbers of each boot in an hour, in runs whose times and numbers are in the same order. The '
    'clock check uses the runs of a day before and after.';
comment on column clock_run.vehicle_id is 'The vehicle''s number in this database.';
comment on column clock_run.hour is 'UTC hour.';
comment on column clock_run.run is 'Position within the hour.';
comment on column clock_run.boot_id is 'Boot of the device: a new number each time it starts.';
comment on column clock_run.readings is 'Readings of the run.';
comment on column clock_run.sequence_first is 'Number of its first reading.';
comment on column clock_run.sequence_last is 'Number of its last reading.';
comment on column clock_run.started_at is 'First sample.';
comment on column clock_run.ended_at is
    'Last sample, or the start of what follows without a gap.';
comment on column clock_run.doubted_from is
    'Readings of the run from this instant on have a wrong time and are left out; null if none.';

grant select, insert, delete on energy_bucket, hour_sequence, flagged_span, clock_run
    to ayaz_analytics;
grant select on energy_bucket, hour_sequence, flagged_span, clock_run to ayaz_reader;
