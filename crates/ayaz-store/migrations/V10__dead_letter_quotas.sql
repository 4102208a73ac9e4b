-- A vehicle that sends rubbish without end must not fill the disk. New letters are counted by source
-- and hour of the daemon's clock; what comes over the daemon's limit is counted and not kept.

-- Who a letter came from: FLEET/VEHICLE, or nothing where the topic names no vehicle. The lengths are
-- compared apart, because a bounded repetition makes the pattern seven times as slow.
create function dead_letter_source(topic text) returns text
language sql immutable parallel safe
as $$
    select case
        when topic ~ '^ayaz/v1/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/'
            and length(split_part(topic, '/', 3)) <= 64
            and length(split_part(topic, '/', 4)) <= 64
            then split_part(topic, '/', 3) || '/' || split_part(topic, '/', 4)
        else ''
    end
$$;

alter table dead_letter
    add column source text not null generated always as (dead_letter_source(topic)) stored;

-- Daemons lock a source's row before they look whether there is room, so that several of them keep to
-- the limit together.
create table dead_letter_quota (
    source text not null,
    hour timestamptz not null,
    -- Letters entered, without those that were known already.
    letters integer not null default 0,
    primary key (source, hour)
);

grant select, insert, update (letters) on dead_letter_quota to ayaz_ingest;
grant select on dead_letter_quota to ayaz_analytics, ayaz_reader;

-- Messages that came over the limit: acknowledged, counted, not kept.
create table dead_letter_suppressed (
    source text not null,
    hour timestamptz not null,
    reason text not null,
    messages bigint not null,
    first_received_at timestamptz not null,
    last_received_at timestamptz not null,
    primary key (source, hour, reason)
);

grant select, insert, update (messages, first_received_at, last_received_at)
    on dead_letter_suppressed to ayaz_ingest;
grant select on dead_letter_suppressed to ayaz_analytics, ayaz_reader;

-- Of a payload larger than the daemon accepts only the start is kept.
comment on column dead_letter.payload_bytes is
    'Length of the payload as it arrived; payload is shorter where only its start was kept.';
