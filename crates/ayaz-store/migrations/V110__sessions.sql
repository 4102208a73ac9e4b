-- Sessions of vehicles, and sums of trips by day, month and vehicle. All come from the buckets. Sums are
-- exact, so their order does not matter.

-- Trips and, between them, charging, conditioning and parking. The worker replaces whole blocks around the
-- hours that changed.
create table session (
    vehicle_id integer not null,
    started_at timestamptz not null,
    -- Position among those that started at the same instant.
    number integer not null,
    ended_at timestamptz not null,
    kind text not null check (kind in ('trip', 'charging', 'conditioning', 'parking')),
    -- Start of the block: the trip, or the time between two trips.
    block_started_at timestamptz not null,
    service_day date not null,
    drive_cycle bigint,
    trip_started_at timestamptz,
    -- The route; null if there were none or several.
    route text,
    charging_station text,
    -- Share of the time plugged in, 0 to 1; of a trip, the share spent charging on the way (that charge is
    -- also a session).
    plugged_in_share double precision not null,
    intervals bigint not null,
    like energy_sums including defaults including comments,
    soc_start_percent double precision,
    soc_end_percent double precision,
    odometer_start_km double precision,
    odometer_end_km double precision,
    exterior_start_celsius double precision,
    exterior_end_celsius double precision,
    cabin_start_celsius double precision,
    cabin_end_celsius double precision,
    battery_start_celsius double precision,
    battery_end_celsius double precision,
    primary key (vehicle_id, started_at, number)
);

create index on session (vehicle_id, ended_at);
create index on session (started_at);
create index on session (service_day, vehicle_id);

-- A trip by temperature band and route.
create table trip_band (
    vehicle_id integer not null,
    -- Key of the trip in session.
    started_at timestamptz not null,
    number integer not null,
    -- Position within the trip.
    band integer not null,
    band_celsius smallint,
    route text,
    intervals bigint not null,
    like energy_sums including defaults including comments,
    primary key (vehicle_id, started_at, number, band)
);

-- Trips by vehicle, service day and band. A trip belongs to the service day on which it began.
create table day_band (
    vehicle_id integer not null,
    service_day date not null,
    -- Position within the day.
    band integer not null,
    band_celsius smallint,
    trips bigint not null,
    intervals bigint not null,
    like energy_sums including defaults including comments,
    -- Time from the first to the last sample of the trips that touch the band, s, and its measured part.
    -- Missing time has no temperature, so coverage refers to whole trips.
    trip_duration_seconds double precision not null,
    trip_seconds double precision not null,
    -- Of the trips that touch the band and have both.
    trip_km double precision not null,
    trip_odometer_km double precision not null,
    primary key (vehicle_id, service_day, band)
);

-- Trips by vehicle, month and band, so that a season of a large fleet has few rows per vehicle. A trip
-- belongs to the month of the service day on which it began.
create table month_band (
    vehicle_id integer not null,
    month date not null,
    -- Position within the month.
    band integer not null,
    band_celsius smallint,
    trips bigint not null,
    intervals bigint not null,
    like energy_sums including defaults including comments,
    -- Time from the first to the last sample of the trips that touch the band, s, and its measured part.
    -- Missing time has no temperature, so coverage refers to whole trips.
    trip_duration_seconds double precision not null,
    trip_seconds double precision not null,
    -- Of the trips that touch the band and have both.
    trip_km double precision not null,
    trip_odometer_km double precision not null,
    primary key (vehicle_id, month, band)
);

-- All months of a vehicle together, so that a season of a large fleet has one row per vehicle and band.
create table vehicle_band (
    vehicle_id integer not null,
    band_celsius smallint,
    trips bigint not null,
    intervals bigint not null,
    like energy_sums including defaults including comments,
    -- Time from the first to the last sample of the trips that touch the band, s, and its measured part.
    -- Missing time has no temperature, so coverage refers to whole trips.
    trip_duration_seconds double precision not null,
    trip_seconds double precision not null,
    -- Of the trips that touch the band and have both.
    trip_km double precision not null,
    trip_odometer_km double precision not null,
    unique nulls not distinct (vehicle_id, band_celsius)
);

-- Energy and drop of charge of a service day, from trips whose state of charge and energy are known
-- throughout. They give an estimate of usable energy where the operator enters none.
create table day_charge (
    vehicle_id integer not null,
    service_day date not null,
    soc_drop_percent double precision not null,
    net_kwh double precision not null,
    primary key (vehicle_id, service_day)
);

-- The same by month.
create table month_charge (
    vehicle_id integer not null,
    month date not null,
    soc_drop_percent double precision not null,
    net_kwh double precision not null,
    primary key (vehicle_id, month)
);

-- How much of each service day is explained. Written together with the sessions around it.
create table service_day_time (
    vehicle_id integer not null,
    service_day date not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    active_seconds double precision not null,
    still_seconds double precision not null,
    -- The last readings of an activity that began before the cut-over are not a day of their own.
    is_rest boolean not null,
    primary key (vehicle_id, service_day)
);

create index on service_day_time (service_day);

drop table energy_sums;

comment on table session is
    'What each vehicle did: trips, charging, conditioning and parking. To read it, use session_energy.';
comment on column session.vehicle_id is 'The vehicle''s number in this database.';
comment on column session.started_at is 'First sample.';
comment on column session.number is
    'Position among those of the vehicle that began at the same instant.';
comment on column session.ended_at is
    'Last sample, or the start of what follows without a gap.';
comment on column session.kind is 'What the vehicle did: trip, charging, conditioning or parking.';
comment on column session.block_started_at is
    'Start of the block of the session: the trip, or the time between two trips.';
comment on column session.service_day is
    'Service day, from one cut-over hour of the depot to the next. Trips and parked segments count to the '
    'day on which they began.';
comment on column session.drive_cycle is
    'Number of the drive cycle; null if the source gives none, or the key is off.';
comment on column session.trip_started_at is
    'When the trip began, for sources that do not number drive cycles; else null.';
comment on column session.route is 'Route as sent by the vehicle; null if none, or several.';
comment on column session.charging_station is
    'Charging station, as the operator names it; null if none, or several.';
comment on column session.plugged_in_share is
    'Share of the time plugged in, 0 to 1; of a trip, the share spent charging on the way.';
comment on column session.intervals is
    'Intervals in the sums: two neighbouring samples of one boot and drive cycle, at most 60 s apart.';
comment on column session.net_kwh is
    'Energy out of the battery minus energy into it, kWh; negative while charging.';
comment on column session.regen_kwh is
    'Energy into the battery, kWh, 0 or more: on trips, energy from braking minus what heaters and other '
    'loads used directly; while plugged in, the charge.';
comment on column session.soc_start_percent is
    'State of charge at the first sample that has one, %.';
comment on column session.soc_end_percent is 'State of charge at the last sample that has one, %.';
comment on column session.odometer_start_km is 'Odometer at the first sample that has one, km.';
comment on column session.odometer_end_km is 'Odometer at the last sample that has one, km.';
comment on column session.exterior_start_celsius is
    'Exterior (air) temperature at the first sample that has one, °C.';
comment on column session.exterior_end_celsius is
    'Exterior (air) temperature at the last sample that has one, °C.';
comment on column session.cabin_start_celsius is
    'Cabin temperature at the first sample that has one, °C.';
comment on column session.cabin_end_celsius is
    'Cabin temperature at the last sample that has one, °C.';
comment on column session.battery_start_celsius is
    'Mean pack temperature at the first sample that has one, °C.';
comment on column session.battery_end_celsius is
    'Mean pack temperature at the last sample that has one, °C.';

comment on table trip_band is
    'Trips by band of the exterior (air) temperature and route. To read it, use trip_band_energy.';
comment on column trip_band.vehicle_id is 'The vehicle''s number in this database.';
comment on column trip_band.started_at is
    'When the trip began; with number, the key of its session.';
comment on column trip_band.number is
    'Position among those of the vehicle that began at the same instant.';
comment on column trip_band.band is 'Position within the trip.';
comment on column trip_band.band_celsius is
    'Lower edge of the band of the exterior (air) temperature, °C: 5 °C wide, 2 °C below −20. Not the '
    'pack''s temperature. Null means unknown.';
comment on column trip_band.route is 'Route as sent by the vehicle; null if none, or several.';
comment on column trip_band.intervals is
    'Intervals in the sums: two neighbouring samples of one boot and drive cycle, at most 60 s apart.';

comment on table day_band is
    'Trips by vehicle, service day on which they began, and temperature band. month_band sums up these rows.';
comment on column day_band.vehicle_id is 'The vehicle''s number in this database.';
comment on column day_band.service_day is
    'Service day, from one cut-over hour of the depot to the next. Trips count to the day on which they '
    'began.';
comment on column day_band.band is 'Position within the day.';
comment on column day_band.band_celsius is
    'Lower edge of the band of the exterior (air) temperature, °C: 5 °C wide, 2 °C below −20. Not the '
    'pack''s temperature. Null means unknown.';
comment on column day_band.trips is
    'Trips that touch the band. A trip counts once in each of its bands, so the sum over bands is larger '
    'than the number of trips.';
comment on column day_band.intervals is
    'Intervals in the sums: two neighbouring samples of one boot and drive cycle, at most 60 s apart.';
comment on column day_band.trip_duration_seconds is
    'Time from the first to the last sample of the trips that touch the band, s.';
comment on column day_band.trip_seconds is 'Measured part of trip_duration_seconds, s.';
comment on column day_band.trip_km is
    'Integrated distance of the trips that touch the band and have an odometer, km.';
comment on column day_band.trip_odometer_km is
    'Distance of the same trips by the odometer, km: a quality figure. It never corrects trip_km.';

comment on table month_band is
    'Trips by vehicle, month and temperature band: sums of day_band over the service days of the month.';
comment on column month_band.vehicle_id is 'The vehicle''s number in this database.';
comment on column month_band.month is
    'First day of the month. Trips count to the month of the service day on which they began.';
comment on column month_band.band is 'Position within the month.';
comment on column month_band.band_celsius is
    'Lower edge of the band of the exterior (air) temperature, °C: 5 °C wide, 2 °C below −20. Not the '
    'pack''s temperature. Null means unknown.';
comment on column month_band.trips is
    'Trips that touch the band. A trip counts once in each of its bands, so the sum over bands is larger '
    'than the number of trips.';
comment on column month_band.intervals is
    'Intervals in the sums: two neighbouring samples of one boot and drive cycle, at most 60 s apart.';
comment on column month_band.trip_duration_seconds is
    'Time from the first to the last sample of the trips that touch the band, s.';
comment on column month_band.trip_seconds is 'Measured part of trip_duration_seconds, s.';
comment on column month_band.trip_km is
    'Integrated distance of the trips that touch the band and have an odometer, km.';
comment on column month_band.trip_odometer_km is
    'Distance of the same trips by the odometer, km: a quality figure. It never corrects trip_km.';

comment on table vehicle_band is
    'Trips by vehicle and temperature band: the sums of month_band over all months.';
comment on column vehicle_band.vehicle_id is 'The vehicle''s number in this database.';
comment on column vehicle_band.band_celsius is
    'Lower edge of the band of the exterior (air) temperature, °C: 5 °C wide, 2 °C below −20. Not the '
    'pack''s temperature. Null means unknown.';
comment on column vehicle_band.trips is
    'Trips that touch the band. A trip counts once in each of its bands, so the sum over bands is larger '
    'than the number of trips.';
comment on column vehicle_band.intervals is
    'Intervals in the sums: two neighbouring samples of one boot and drive cycle, at most 60 s apart.';
comment on column vehicle_band.trip_duration_seconds is
    'Time from the first to the last sample of the trips that touch the band, s.';
comment on column vehicle_band.trip_seconds is 'Measured part of trip_duration_seconds, s.';
comment on column vehicle_band.trip_km is
    'Integrated distance of the trips that touch the band and have an odometer, km.';
comment on column vehicle_band.trip_odometer_km is
    'Distance of the same trips by the odometer, km: a quality figure. It never corrects trip_km.';

comment on table day_charge is
    'Energy and drop of charge by vehicle and service day, of trips whose state of charge and energy are '
    'known throughout. month_charge sums up these rows.';
comment on column day_charge.vehicle_id is 'The vehicle''s number in this database.';
comment on column day_charge.service_day is
    'Service day, from one cut-over hour of the depot to the next. Trips count to the day on which they '
    'began.';
comment on column day_charge.soc_drop_percent is
    'Points by which the state of charge fell on the trips, %; negative if it rose.';
comment on column day_charge.net_kwh is 'Energy out of the battery minus energy into it, kWh.';

comment on table month_charge is
    'Energy and drop of charge by vehicle and month, of trips whose state of charge and energy are known '
    'throughout: sums of day_charge.';
comment on column month_charge.vehicle_id is 'The vehicle''s number in this database.';
comment on column month_charge.month is
    'First day of the month. Trips count to the month of the service day on which they began.';
comment on column month_charge.soc_drop_percent is
    'Points by which the state of charge fell on the trips, %; negative if it rose.';
comment on column month_charge.net_kwh is 'Energy out of the battery minus energy into it, kWh.';

comment on table service_day_time is
    'Start and end of each vehicle''s service day, and how much of it is explained: measured, or known to be '
    'parked. The rest of the day has no readings.';
comment on column service_day_time.vehicle_id is 'The vehicle''s number in this database.';
comment on column service_day_time.service_day is
    'Service day, from one cut-over hour of the depot to the next.';
comment on column service_day_time.started_at is
    'When the service day begins: the cut-over hour at the depot.';
comment on column service_day_time.ended_at is 'When the next service day begins.';
comment on column service_day_time.active_seconds is
    'Measured time of the day on trips, charging and conditioning, s.';
comment on column service_day_time.still_seconds is
    'Time of the day parked, or without readings and with an unchanged odometer, s.';
comment on column service_day_time.is_rest is
    'Whether the day only has the last readings of an activity that began before it, of at most two minutes '
    'after the cut-over, and no sign of a later activity. If the odometer shows a drive while no readings '
    'arrived, this is false: the day exists, without measured time.';

grant select, insert, delete on session, trip_band, day_band, month_band, vehicle_band, day_charge,
    month_charge to ayaz_analytics;
grant select, insert, update, delete on service_day_time to ayaz_analytics;
grant select on session, trip_band, day_band, month_band, vehicle_band, day_charge, month_charge,
    service_day_time to ayaz_reader;
