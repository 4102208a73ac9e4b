-- Readings that may not create a chunk. A hypertable creates a chunk for each day of data and keeps it for
-- ever, and every query that searches all chunks pays for it. So readings with an implausible time, and days
-- of a vehicle over its limit for an hour, wait in plain tables until an operator decides.
--
-- A reading is in exactly one of both places. A transaction that stores readings checks last, before its
-- commit, that none of them is set aside; a transaction that sets readings aside checks that none is stored.
-- Neither sees uncommitted rows of the other, so both check under a lock, taken last: storing shares it,
-- setting aside holds it alone.

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

-- Distinct days that a vehicle sent in an hour of the database's clock, without the days around today.
create table reading_day_quota (
    vehicle_id integer not null,
    hour timestamptz not null,
    days date[] not null default '{}',
    is_exceeded boolean not null default false,
    primary key (vehicle_id, hour)
);

-- Vehicles from which the operator expects old data, and until when.
create table history_announcement (
    fleet text not null check (fleet ~ '^[A-Za-z0-9_-]{1,64}$'),
    vehicle text not null check (vehicle ~ '^[A-Za-z0-9_-]{1,64}$'),
    announced_at timestamptz not null default now(),
    ends_at timestamptz not null,
    primary key (fleet, vehicle)
);

-- Has no rows. It exists only to be locked.
create table reading_place_gate (nothing boolean);

comment on table reading_set_aside is
    'Readings that wait for a decision of the operator: `ayaz readings` shows them, accepts them into '
    'reading or clears them. A reading is here or in reading, never in both.';
comment on column reading_set_aside.reason is
    'future: later than the clock allowed; ancient: before the accepted window; many_days: the vehicle sent '
    'more distinct days in an hour than its limit.';
comment on column reading_set_aside.set_aside_at is
    'When it was set aside, by the database''s clock.';

comment on table cell_reading_set_aside is 'As reading_set_aside, for cell_reading.';
comment on column cell_reading_set_aside.reason is 'As in reading_set_aside.';
comment on column cell_reading_set_aside.set_aside_at is
    'When it was set aside, by the database''s clock.';

comment on table reading_day_quota is
    'Distinct days that a vehicle sent in an hour, without the days around today. A day may create a chunk, '
    'so their number is limited.';
comment on column reading_day_quota.vehicle_id is 'Number of the vehicle.';
comment on column reading_day_quota.hour is 'Start of the hour, by the database''s clock.';
comment on column reading_day_quota.days is 'UTC days that were counted.';
comment on column reading_day_quota.is_exceeded is
    'Whether further days of that hour were set aside.';

comment on table history_announcement is
    'Vehicles that may send any number of days until ends_at. Only the operator enters them: the historical '
    'flag of a reading is not enough, since any vehicle can set it.';
comment on column history_announcement.fleet is 'Fleet of the vehicle.';
comment on column history_announcement.vehicle is 'Vehicle that may send any number of days.';
comment on column history_announcement.announced_at is 'When it was last announced.';
comment on column history_announcement.ends_at is 'When it ends.';

comment on table reading_place_gate is
    'Its lock is the last of a transaction: shared for storing readings, exclusive for setting readings '
    'aside.';
comment on column reading_place_gate.nothing is 'Unused: the table has no rows.';

grant insert on reading_set_aside, cell_reading_set_aside to ayaz_ingest;
grant select on reading_set_aside, cell_reading_set_aside, reading_day_quota, history_announcement
    to ayaz_analytics, ayaz_reader, ayaz_operator;
grant delete on reading_day_quota to ayaz_analytics;
grant delete on reading_set_aside, cell_reading_set_aside to ayaz_operator;
grant insert, delete, update (announced_at, ends_at) on history_announcement to ayaz_operator;
