-- The ledger of the worker. Each ingest transaction inserts one row that names every (vehicle, hour) it
-- changed, as pairs in two arrays. The row becomes visible together with the readings. Nothing updates it, so
-- ingest never waits for the worker.
create table dirty_hours (
    touch_id bigint generated always as identity primary key,
    vehicle_ids integer[] not null,
    changed_from timestamptz[] not null,
    touched_at timestamptz not null default now(),
    check (cardinality(vehicle_ids) = cardinality(changed_from))
);

-- The worker's queue: hours taken from dirty_hours and not finished.
create table refresh_queue (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- The touched_at of dirty_hours, not the time of queueing.
    queued_at timestamptz not null default now(),
    changed_from timestamptz not null default '-infinity',
    primary key (vehicle_id, hour)
);

-- The worker takes the latest hours first, and also the oldest in the queue.
create index on refresh_queue (hour desc, queued_at);
create index on refresh_queue (queued_at, hour);

-- What a finished hour depends on besides its own readings, and what the next hour depends on. With it the
-- worker finds the neighbours that late data affects, without reading them. An hour without plausible
-- readings has no row.
create table refreshed_hour (
    vehicle_id integer not null,
    hour timestamptz not null,
    readings bigint not null,
    readings_before bigint not null,
    readings_after bigint not null,
    -- The trip without a number that may continue after the hour.
    open_trip_started_at timestamptz,
    open_trip_moved_at timestamptz,
    open_trip_continued boolean not null,
    refreshed_at timestamptz not null default now(),
    doubted_before bigint not null default 0,
    doubted_after bigint not null default 0,
    primary key (vehicle_id, hour)
);

comment on table dirty_hours is
    'Hours of vehicles that an ingest transaction has changed, until the worker takes them over.';
comment on column dirty_hours.touch_id is 'Number of the row, one per ingest transaction.';
comment on column dirty_hours.vehicle_ids is
    'Vehicles with new readings, in pairs with changed_from.';
comment on column dirty_hours.changed_from is
    'For each vehicle and hour, the earliest new reading of the transaction. The hour is the one that '
    'contains it; the start of an hour means that the whole hour may have changed.';
comment on column dirty_hours.touched_at is 'When the transaction began.';

comment on table refresh_queue is 'Hours that wait for the worker.';
comment on column refresh_queue.vehicle_id is 'The vehicle''s number in this database.';
comment on column refresh_queue.hour is 'UTC hour to work out.';
comment on column refresh_queue.queued_at is 'When the first of its new readings was stored.';
comment on column refresh_queue.changed_from is
    'The hour may have new readings from this instant on (the earliest in dirty_hours). -infinity means: '
    'work out the whole hour. After a manual change of readings, queue their hours: insert into '
    'refresh_queue (vehicle_id, hour) … on conflict (vehicle_id, hour) do update set changed_from = '
    '''-infinity''.';

comment on table refreshed_hour is
    'What each hour was worked out from. With it the worker finds the hours that late readings affect.';
comment on column refreshed_hour.vehicle_id is 'The vehicle''s number in this database.';
comment on column refreshed_hour.hour is 'UTC hour.';
comment on column refreshed_hour.readings is 'Readings of the hour with a plausible time.';
comment on column refreshed_hour.readings_after is
    'Readings after the hour that its last interval, or the plausibility of its last readings, depends on.';
comment on column refreshed_hour.open_trip_started_at is
    'First moving reading of the trip without a number that may continue after the hour; null if there was '
    'none.';
comment on column refreshed_hour.open_trip_moved_at is 'Last moving reading of that trip.';
comment on column refreshed_hour.open_trip_continued is
    'Whether that trip continued after the hour.';
comment on column refreshed_hour.refreshed_at is 'When the hour was last worked out.';
comment on column refreshed_hour.readings_before is
    'Readings before the hour that the plausibility of its first readings depends on.';
comment on column refreshed_hour.doubted_before is
    'Which of readings_before were left out for a wrong time: the sum of their hashes, 0 if none.';
comment on column refreshed_hour.doubted_after is 'The same for readings_after.';

grant insert on dirty_hours to ayaz_ingest, ayaz_operator;
grant select, delete on dirty_hours to ayaz_analytics;
grant select, insert, update, delete on refresh_queue to ayaz_analytics;
grant select, insert, delete on refreshed_hour to ayaz_analytics;
grant select on dirty_hours, refresh_queue, refreshed_hour to ayaz_reader;
