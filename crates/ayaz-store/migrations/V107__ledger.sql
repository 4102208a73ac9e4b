-- What the worker has to work out again. Each ingest transaction leaves one row that names every
-- (vehicle, hour) it touched, pairwise in two arrays: the row becomes visible together with the
-- readings, and nothing ever updates it, so ingest never waits for the worker.
create table dirty_hours (
    touch_id bigint generated always as identity primary key,
    vehicle_ids integer[] not null,
    changed_from timestamptz[] not null,
    touched_at timestamptz not null default now(),
    check (cardinality(vehicle_ids) = cardinality(changed_from))
);

-- The worker's own list: what it has taken over from dirty_hours and not yet finished.
create table refresh_queue (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- touched_at, not when it was taken over.
    queued_at timestamptz not null default now(),
    changed_from timestamptz not null default '-infinity',
    primary key (vehicle_id, hour)
);

-- The worker takes the latest hours, and those that have waited longest.
create index on refresh_queue (hour desc, queued_at);
create index on refresh_queue (queued_at, hour);

-- What a finished hour was worked out from, beside its own readings, and what it leaves to the next
-- hour: by this the worker knows which neighbours late data makes wrong, without reading them. An
-- hour without good readings has no row.
create table refreshed_hour (
    vehicle_id integer not null,
    hour timestamptz not null,
    readings bigint not null,
    readings_before bigint not null,
    readings_after bigint not null,
    -- The trip without a number that might have gone on after the hour.
    open_trip_started_at timestamptz,
    open_trip_moved_at timestamptz,
    open_trip_continued boolean not null,
    refreshed_at timestamptz not null default now(),
    doubted_before bigint not null default 0,
    doubted_after bigint not null default 0,
    primary key (vehicle_id, hour)
);

comment on table dirty_hours is
    'Which hours of which vehicles an ingest transaction has changed, until the worker takes it '
    'over.';
comment on column dirty_hours.touch_id is 'Number of the ingest transaction''s note.';
comment on column dirty_hours.vehicle_ids is
    'Vehicles with new readings, pairwise with changed_from.';
comment on column dirty_hours.changed_from is
    'Of each vehicle and hour the earliest of the transaction''s readings. It names the hour by '
    'lying in it; its start says that all of the hour may have changed.';
comment on column dirty_hours.touched_at is 'When the transaction began.';

comment on table refresh_queue is 'Hours that wait to be worked out.';
comment on column refresh_queue.vehicle_id is 'The vehicle''s number in this database.';
comment on column refresh_queue.hour is 'UTC hour that is to be worked out.';
comment on column refresh_queue.queued_at is 'When the first of its new readings was stored.';
comment on column refresh_queue.changed_from is
    'Readings of the hour may be new from this instant on, the earliest of dirty_hours; '
    '-infinity if it waits for another reason, and is to be worked out from its beginning. '
    'Whoever changes readings by hand has their hours worked out again by: insert into '
    'refresh_queue (vehicle_id, hour) … on conflict (vehicle_id, hour) do update set '
    'changed_from = ''-infinity''.';

comment on table refreshed_hour is
    'What each hour was worked out from, by which the worker finds what late readings make wrong.';
comment on column refreshed_hour.vehicle_id is 'The vehicle''s number in this database.';
comment on column refreshed_hour.hour is 'UTC hour.';
comment on column refreshed_hour.readings is 'Good readings in the hour.';
comment on column refreshed_hour.readings_after is
    'Good readings after the hour that its last interval, or the plausibility of its last '
    'readings, depends on.';
comment on column refreshed_hour.open_trip_started_at is
    'First moving reading of the trip without a number that might have gone on after the hour; '
    'null where there was none.';
comment on column refreshed_hour.open_trip_moved_at is 'Its last moving reading.';
comment on column refreshed_hour.open_trip_continued is
    'Whether that trip did go on after the hour.';
comment on column refreshed_hour.refreshed_at is 'When the hour was last worked out.';
comment on column refreshed_hour.readings_before is
    'Good readings within reach before the hour, by which its first ones are judged.';
comment on column refreshed_hour.doubted_before is
    'Which of readings_before were left out for their time: the sum of a hash of each, 0 where '
    'none were.';
comment on column refreshed_hour.doubted_after is 'The same of readings_after.';

grant insert on dirty_hours to ayaz_ingest, ayaz_operator;
grant select, delete on dirty_hours to ayaz_analytics;
grant select, insert, update, delete on refresh_queue to ayaz_analytics;
grant select, insert, delete on refreshed_hour to ayaz_analytics;
grant select on dirty_hours, refresh_queue, refreshed_hour to ayaz_reader;
