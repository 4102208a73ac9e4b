-- Readings that may not open a chunk. A hypertable makes a chunk for each day that it is given and keeps
-- it for ever, and each costs every query that has to look for it. So readings whose time is not believed,
-- and days of a vehicle over its bound for an hour, wait in plain tables until a person decides.
--
-- A reading is in exactly one of both places. Who stores good readings looks last, before the commit,
-- whether one of them is set aside; who sets readings aside looks whether they are stored. Both would
-- miss what the other has not committed yet, so they do it under a lock, which is the last that a
-- transaction takes: the first kind share it, the second kind have it alone.

create table reading_set_aside (
    like reading including comments,
    reason text not null generated always as (
        case time_quality when 1 then 'future' when 2 then 'ancient' else 'many_days' end
    ) stored,
    set_aside_at timestamptz not null default now(),
    primary key (vehicle_id, recorded_at, boot_id, sequence)
);

create table cell_reading_set_aside (
    like cell_reading including comments,
    reason text not null generated always as (
        case time_quality when 1 then 'future' when 2 then 'ancient' else 'many_days' end
    ) stored,
    set_aside_at timestamptz not null default now(),
    primary key (vehicle_id, recorded_at, boot_id, sequence)
);

-- Distinct days of a vehicle in an hour of the database's clock, without those around today.
create table reading_day_quota (
    vehicle_id integer not null,
    hour timestamptz not null,
    days date[] not null default '{}',
    is_exceeded boolean not null default false,
    primary key (vehicle_id, hour)
);

-- Vehicles of which history is expected, and for how long.
create table history_announcement (
    fleet text not null check (fleet ~ '^[A-Za-z0-9_-]{1,64}$'),
    vehicle text not null check (vehicle ~ '^[A-Za-z0-9_-]{1,64}$'),
    announced_at timestamptz not null default now(),
    ends_at timestamptz not null,
    primary key (fleet, vehicle)
);

-- Never written to: its lock is all that it is for.
create table reading_place_gate (nothing boolean);

comment on table reading_set_aside is
    'Readings that wait for a decision: `ayaz readings` shows them, takes them into reading or '
    'clears them. A reading is here or in reading, never in both.';
comment on column reading_set_aside.reason is
    'future: later than the clock allowed; ancient: before the accepted window; many_days: the '
    'vehicle sent more distinct days in an hour than it may.';
comment on column reading_set_aside.set_aside_at is
    'When it came to be here, by the database''s clock.';

comment on table cell_reading_set_aside is 'As reading_set_aside, for cell_reading.';
comment on column cell_reading_set_aside.reason is 'As in reading_set_aside.';
comment on column cell_reading_set_aside.set_aside_at is
    'When it came to be here, by the database''s clock.';

comment on table reading_day_quota is
    'Days of which a vehicle sent readings in an hour, without those around today: what may open '
    'chunks.';
comment on column reading_day_quota.vehicle_id is 'Number of the vehicle.';
comment on column reading_day_quota.hour is 'Start of the hour, by the database''s clock.';
comment on column reading_day_quota.days is 'UTC days that were taken.';
comment on column reading_day_quota.is_exceeded is
    'Whether further days of that hour were set aside.';

comment on table history_announcement is
    'Vehicles that may send any number of days until ends_at, because an operator said so. A '
    'vehicle cannot say so itself: any login may call its readings historical.';
comment on column history_announcement.fleet is 'Fleet of the vehicle.';
comment on column history_announcement.vehicle is 'Vehicle that may send any number of days.';
comment on column history_announcement.announced_at is 'When it was said last.';
comment on column history_announcement.ends_at is 'Until when it holds.';

comment on table reading_place_gate is
    'Locked, last in a transaction, by who stores readings (shared) and by who sets readings '
    'aside (alone).';
comment on column reading_place_gate.nothing is 'Nothing.';

grant insert on reading_set_aside, cell_reading_set_aside to ayaz_ingest;
grant select on reading_set_aside, cell_reading_set_aside, reading_day_quota, history_announcement
    to ayaz_analytics, ayaz_reader, ayaz_operator;
grant delete on reading_day_quota to ayaz_analytics;
grant delete on reading_set_aside, cell_reading_set_aside to ayaz_operator;
grant insert, delete, update (announced_at, ends_at) on history_announcement to ayaz_operator;
