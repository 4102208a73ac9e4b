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

comment on table reading_set_aside is
    'Readings that wait for a decision: `ayaz readings` shows them, takes them into reading or clears them. '
    'A reading is here or in reading, never in both.';
comment on table cell_reading_set_aside is
    'As reading_set_aside, for cell_reading.';
comment on column reading_set_aside.reason is
    'future: later than the clock allowed; ancient: before the accepted window; many_days: the vehicle sent '
    'more distinct days in an hour than it may.';
comment on column reading_set_aside.set_aside_at is 'When it came to be here, by the database''s clock.';
comment on column cell_reading_set_aside.reason is 'As in reading_set_aside.';
comment on column cell_reading_set_aside.set_aside_at is
    'When it came to be here, by the database''s clock.';

-- Distinct days of a vehicle in an hour of the database's clock, without those around today.
create table reading_day_quota (
    vehicle_id integer not null,
    hour timestamptz not null,
    days date[] not null default '{}',
    is_exceeded boolean not null default false,
    primary key (vehicle_id, hour)
);

comment on table reading_day_quota is
    'Days of which a vehicle sent readings in an hour, without those around today: what may open chunks.';
comment on column reading_day_quota.vehicle_id is 'Number of the vehicle.';
comment on column reading_day_quota.hour is 'Start of the hour, by the database''s clock.';
comment on column reading_day_quota.days is 'UTC days that were taken.';
comment on column reading_day_quota.is_exceeded is 'Whether further days of that hour were set aside.';

-- Vehicles of which history is expected, and for how long.
create table history_announcement (
    fleet text not null check (fleet ~ '^[A-Za-z0-9_-]{1,64}$'),
    vehicle text not null check (vehicle ~ '^[A-Za-z0-9_-]{1,64}$'),
    announced_at timestamptz not null default now(),
    ends_at timestamptz not null,
    primary key (fleet, vehicle)
);

comment on table history_announcement is
    'Vehicles that may send any number of days until ends_at, because an operator said so. A vehicle cannot '
    'say so itself: any login may call its readings historical.';

comment on column history_announcement.fleet is 'Fleet of the vehicle.';
comment on column history_announcement.vehicle is 'Vehicle that may send any number of days.';
comment on column history_announcement.announced_at is 'When it was said last.';
comment on column history_announcement.ends_at is 'Until when it holds.';

-- Never written to: its lock is all that it is for.
create table reading_place_gate (nothing boolean);

comment on column reading_place_gate.nothing is 'Nothing.';
comment on table reading_place_gate is
    'Locked, last in a transaction, by who stores readings (shared) and by who sets readings aside (alone).';

grant insert on reading_set_aside, cell_reading_set_aside to ayaz_ingest;
grant select on reading_set_aside, cell_reading_set_aside, reading_day_quota, history_announcement
    to ayaz_analytics, ayaz_reader, ayaz_operator;
grant delete on reading_day_quota to ayaz_analytics;
grant delete on reading_set_aside, cell_reading_set_aside to ayaz_operator;
grant insert on reading, cell_reading, touched_hours to ayaz_operator;
grant insert, delete, update (announced_at, ends_at) on history_announcement to ayaz_operator;
grant select on vehicle to ayaz_operator;

-- Takes the vehicles' days as far as their bound goes, the latest first, and returns those that have to
-- be set aside; is_first says that they are the first of that vehicle and hour. Daemons that share a
-- vehicle wait for each other only where a day is new.
create function take_reading_days(vehicle_ids integer[], wanted_days date[], days_max integer)
returns table (vehicle_id integer, day date, is_first boolean)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
    this_hour constant timestamptz := date_trunc('hour', clock_timestamp(), 'UTC');
    wanted record;
    known record;
    missing date[];
    room integer;
begin
    for wanted in
        select w.vehicle_id as id, array_agg(distinct w.day) as days
        from unnest(vehicle_ids, wanted_days) as w (vehicle_id, day)
        where not exists (
            select from history_announcement a
            join vehicle v using (fleet, vehicle)
            where v.vehicle_id = w.vehicle_id and a.ends_at > now()
        )
        group by w.vehicle_id
        order by w.vehicle_id
    loop
        continue when exists (
            select from reading_day_quota q
            where q.vehicle_id = wanted.id and q.hour = this_hour and q.days @> wanted.days
        );
        insert into reading_day_quota as q (vehicle_id, hour) values (wanted.id, this_hour)
        on conflict (vehicle_id, hour) do update set days = q.days
        returning q.days, q.is_exceeded into known;
        missing := array(
            select d from unnest(wanted.days) as d where d <> all (known.days) order by d desc
        );
        room := greatest(days_max - cardinality(known.days), 0);
        update reading_day_quota q
        set days = q.days || missing[:room],
            is_exceeded = q.is_exceeded or cardinality(missing) > room
        where q.vehicle_id = wanted.id and q.hour = this_hour;
        return query
        select wanted.id, d, not known.is_exceeded from unnest(missing[room + 1:]) as d;
    end loop;
end
$$;

comment on function take_reading_days is
    'Takes days of vehicles as far as their bound for this hour goes, and returns those to be set aside.';

create function hold_reading_places() returns void
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    lock table reading_place_gate in row share mode;
end
$$;

comment on function hold_reading_places is
    'Until the transaction ends, nothing is set aside. The last lock that a transaction takes.';

-- The keys that are set aside of these vehicles' hours. An instant names the hour that it lies in.
create function set_aside_keys(
    name text, vehicle_ids integer[], instants timestamptz[]
)
returns table (vehicle_id integer, recorded_at timestamptz, boot_id bigint, sequence bigint)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
begin
    if name = 'reading' then
        return query
        select s.vehicle_id, s.recorded_at, s.boot_id, s.sequence
        from unnest(vehicle_ids, instants) as h (vehicle_id, at)
        join reading_set_aside s
            on s.vehicle_id = h.vehicle_id
            and s.recorded_at >= date_trunc('hour', h.at, 'UTC')
            and s.recorded_at < date_trunc('hour', h.at, 'UTC') + interval '1 hour';
    else
        return query
        select s.vehicle_id, s.recorded_at, s.boot_id, s.sequence
        from unnest(vehicle_ids, instants) as h (vehicle_id, at)
        join cell_reading_set_aside s
            on s.vehicle_id = h.vehicle_id
            and s.recorded_at >= date_trunc('hour', h.at, 'UTC')
            and s.recorded_at < date_trunc('hour', h.at, 'UTC') + interval '1 hour';
    end if;
end
$$;

comment on function set_aside_keys is
    'Keys of these vehicles'' hours that are set aside, of reading or cell_reading.';

-- The hour is looked up as a constant, so that the planner leaves out every chunk but one.
create function is_stored_twice(vehicle_ids integer[], instants timestamptz[]) returns boolean
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    touched record;
    is_twice boolean;
begin
    lock table reading_place_gate in row share mode;
    for touched in
        select 'reading' as name, k.vehicle_id, date_trunc('hour', k.recorded_at, 'UTC') as hour
        from set_aside_keys('reading', vehicle_ids, instants) as k
        union
        select 'cell_reading', k.vehicle_id, date_trunc('hour', k.recorded_at, 'UTC')
        from set_aside_keys('cell_reading', vehicle_ids, instants) as k
    loop
        execute format(
            'select exists (
                select from %1$I r
                join %2$I s using (vehicle_id, recorded_at, boot_id, sequence)
                where r.vehicle_id = $1 and r.recorded_at >= $2 and r.recorded_at < $3
            )',
            touched.name, touched.name || '_set_aside'
        )
        into is_twice
        using touched.vehicle_id, touched.hour, touched.hour + interval '1 hour';
        if is_twice then
            return true;
        end if;
    end loop;
    return false;
end
$$;

comment on function is_stored_twice is
    'Whether a reading of these vehicles'' hours is stored and set aside, as the transaction sees it. Until '
    'it ends, nothing is set aside.';

-- Which of these keys are stored, by their place from 1 on. Until the transaction ends, who stores
-- readings waits with the commit.
create function stored_places(
    name text, vehicle_ids integer[], instants timestamptz[], boot_ids bigint[], sequences bigint[]
)
returns setof bigint
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    days timestamptz[];
    day timestamptz;
begin
    lock table reading_place_gate in exclusive mode;
    days := array(select distinct date_trunc('day', at, 'UTC') from unnest(instants) as i (at));
    -- Others wait: of many days, mostly without a chunk, only those that have one are looked at; of a few,
    -- to ask which have one would take longer.
    if cardinality(days) > 16 then
        days := array(
            select range_start
            from timescaledb_information.chunks
            where hypertable_schema = 'public'
                and hypertable_name = name
                and range_start = any (days)
        );
    end if;
    foreach day in array days loop
        return query execute format(
            'select wanted.number
            from unnest($1, $2, $3, $4) with ordinality
                as wanted (vehicle_id, recorded_at, boot_id, sequence, number)
            join %I r using (vehicle_id, recorded_at, boot_id, sequence)
            where r.recorded_at >= $5 and r.recorded_at < $6',
            name
        )
        using vehicle_ids, instants, boot_ids, sequences, day, day + interval '1 day';
    end loop;
end
$$;

comment on function stored_places is
    'Which of these keys of reading or cell_reading are stored, by their place in the arrays. Until the '
    'transaction ends, nothing else is stored.';

revoke execute on function
    take_reading_days, hold_reading_places, set_aside_keys, is_stored_twice, stored_places
from public;
grant execute on function
    take_reading_days, hold_reading_places, set_aside_keys, is_stored_twice, stored_places
to ayaz_ingest;
grant execute on function hold_reading_places to ayaz_operator;

-- === What people see ===

-- What waits, row by row. The values stand in the tables.
create view set_aside as
select
    v.fleet,
    v.vehicle,
    s.vehicle_id,
    s.kind,
    s.reason,
    s.recorded_at,
    s.boot_id,
    s.sequence,
    s.received_at,
    s.set_aside_at,
    s.historical
from (
    select
        vehicle_id, 'reading' as kind, reason, recorded_at, boot_id, sequence, received_at,
        set_aside_at, historical
    from reading_set_aside
    union all
    select
        vehicle_id, 'cells', reason, recorded_at, boot_id, sequence, received_at,
        set_aside_at, historical
    from cell_reading_set_aside
) as s
join vehicle v using (vehicle_id);

comment on view set_aside is
    'Readings that wait for a decision (`ayaz readings`), one row each; their values are in '
    'reading_set_aside and cell_reading_set_aside.';
comment on column set_aside.fleet is 'Fleet of the vehicle.';
comment on column set_aside.vehicle is 'Vehicle that sent it.';
comment on column set_aside.vehicle_id is 'Number of the vehicle.';
comment on column set_aside.kind is 'reading, or cells for a look at all cells.';
comment on column set_aside.reason is
    'future: later than the clock allowed; ancient: before the accepted window; many_days: the vehicle sent '
    'more distinct days in an hour than it may.';
comment on column set_aside.recorded_at is 'When it was measured, by the device''s clock.';
comment on column set_aside.boot_id is 'Boot of the device.';
comment on column set_aside.sequence is 'Number of the reading in its boot.';
comment on column set_aside.received_at is 'When it arrived.';
comment on column set_aside.set_aside_at is 'When it was stored here, by the database''s clock.';
comment on column set_aside.historical is 'Whether the device kept it back and sent it later.';

create view set_aside_summary as
select
    fleet,
    vehicle,
    reason,
    count(*) filter (where kind = 'reading') as readings,
    count(*) filter (where kind = 'cells') as cell_readings,
    count(distinct date_trunc('day', recorded_at, 'UTC')) as days,
    min(recorded_at) as first_recorded_at,
    max(recorded_at) as last_recorded_at,
    min(received_at) as first_received_at,
    max(received_at) as last_received_at
from set_aside
group by fleet, vehicle, reason;

comment on view set_aside_summary is
    'Readings that wait for a decision (`ayaz readings`), by vehicle and reason. They are stored once, in '
    'no sum, and not in reading.';
comment on column set_aside_summary.fleet is 'Fleet of the vehicle.';
comment on column set_aside_summary.vehicle is 'Vehicle that sent them.';
comment on column set_aside_summary.reason is
    'future: later than the clock allowed; ancient: before the accepted window; many_days: the vehicle sent '
    'more distinct days in an hour than it may.';
comment on column set_aside_summary.readings is 'Number of readings.';
comment on column set_aside_summary.cell_readings is 'Number of readings of all cells.';
comment on column set_aside_summary.days is 'Distinct UTC days of their recorded times.';
comment on column set_aside_summary.first_recorded_at is 'Earliest time by the device''s clock.';
comment on column set_aside_summary.last_recorded_at is 'Latest time by the device''s clock.';
comment on column set_aside_summary.first_received_at is 'When the first of them arrived.';
comment on column set_aside_summary.last_received_at is 'When the last of them arrived.';

grant select on set_aside, set_aside_summary to ayaz_analytics, ayaz_reader, ayaz_operator;
