-- What the worker has to work out again. Each ingest transaction leaves one row that names every
-- (vehicle, hour) it touched, pairwise in two arrays: the row becomes visible together with the
-- readings, and nothing ever updates it, so ingest never waits for the worker.
create table touched_hours (
    touch_id bigint generated always as identity primary key,
    vehicle_ids integer[] not null,
    hours timestamptz[] not null,
    touched_at timestamptz not null default now(),
    check (cardinality(vehicle_ids) = cardinality(hours))
);

grant insert on touched_hours to ayaz_ingest;
grant select, delete on touched_hours to ayaz_analytics;
grant select on touched_hours to ayaz_reader;

-- The worker's own list: what it has taken over from touched_hours and not yet finished.
create table refresh_queue (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- When the first of the new readings was stored: touched_at, not when it was taken over.
    queued_at timestamptz not null default now(),
    primary key (vehicle_id, hour)
);

-- The worker takes the latest hours, and those that have waited longest.
create index on refresh_queue (hour desc, queued_at);
create index on refresh_queue (queued_at, hour);

grant select, insert, update, delete on refresh_queue to ayaz_analytics;
grant select on refresh_queue to ayaz_reader;

-- What a finished hour was worked out from, beside its own readings, and what it leaves to the next
-- hour: by this the worker knows which neighbours late data makes wrong, without reading them. An
-- hour without good readings has no row.
create table refreshed_hour (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- Good readings in the hour.
    readings bigint not null,
    -- Good readings in the minute after the hour, into which its last interval may reach.
    readings_after bigint not null,
    -- The trip without a number that might have gone on after the hour: its first and its last
    -- moving reading, and whether it did go on.
    open_trip_started_at timestamptz,
    open_trip_moved_at timestamptz,
    open_trip_continued boolean not null,
    refreshed_at timestamptz not null default now(),
    primary key (vehicle_id, hour)
);

grant select, insert, delete on refreshed_hour to ayaz_analytics;
grant select on refreshed_hour to ayaz_reader;
