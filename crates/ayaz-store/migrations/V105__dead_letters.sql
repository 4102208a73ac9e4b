-- Messages that could not become rows, with all that is needed to understand them and to run them
-- again. The same bytes on the same topic are one letter, however often they are delivered: a
-- redelivery cannot be told from a second sending.

-- Who a letter came from: FLEET/VEHICLE, or nothing where the topic names no vehicle. The lengths are
-- compared apart, because a bounded repetition makes the pattern seven times as slow.
-- A column is made by it, so it cannot change as views do.
create function dead_letter_source(topic text) returns text
language sql immutable parallel safe
return case
    when topic ~ '^ayaz/v1/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/'
        and length(split_part(topic, '/', 3)) <= 64
        and length(split_part(topic, '/', 4)) <= 64
        then split_part(topic, '/', 3) || '/' || split_part(topic, '/', 4)
    else ''
end;

create table dead_letter (
    digest bytea primary key check (length(digest) = 32),
    topic text not null,
    payload bytea not null,
    payload_bytes integer not null,
    reason text not null,
    detail text not null,
    daemon_version text not null,
    first_received_at timestamptz not null,
    last_received_at timestamptz not null,
    deliveries bigint not null default 1,
    source text not null generated always as (dead_letter_source(topic)) stored,
    -- When it was last published again, by the database's clock, before the first byte was sent.
    replayed_at timestamptz,
    -- Deliveries known then: more of them say that it came back, which no two clocks could.
    replayed_deliveries bigint
);

create index on dead_letter (last_received_at);

-- A vehicle that sends rubbish without end must not fill the disk. New letters are counted by source
-- and hour of the daemon's clock; what comes over the daemon's limits is counted and not kept. Daemons
-- lock a source's row before they look whether there is room, so that several of them keep to the
-- limits together.
create table dead_letter_quota (
    source text not null,
    hour timestamptz not null,
    letters integer not null default 0,
    bytes bigint not null default 0,
    primary key (source, hour)
);

-- Messages that came over a limit: acknowledged, counted, not kept.
create table dead_letter_suppressed (
    source text not null,
    hour timestamptz not null,
    reason text not null,
    messages bigint not null,
    first_received_at timestamptz not null,
    last_received_at timestamptz not null,
    primary key (source, hour, reason)
);

-- What is kept is added up as it comes and goes, whoever deletes it: bounds hold for a source in all, and
-- for all sources, too.
create table dead_letter_kept (
    source text primary key,
    letters bigint not null,
    bytes bigint not null
);

comment on table dead_letter is
    'Messages that could not become rows, with all that is needed to understand and replay them.';
comment on column dead_letter.digest is 'SHA-256 of topic and payload: the letter''s identity.';
comment on column dead_letter.topic is 'Topic of the message.';
comment on column dead_letter.payload is
    'The message''s bytes; only their start where payload_bytes is more.';
comment on column dead_letter.payload_bytes is
    'Length of the payload as it arrived, bytes; payload is shorter where only its start was '
    'kept.';
comment on column dead_letter.reason is 'Why it was refused, as a short name.';
comment on column dead_letter.detail is 'Why it was refused, in words.';
comment on column dead_letter.daemon_version is 'Version of the daemon that refused it.';
comment on column dead_letter.first_received_at is 'When it first came in, by the daemon''s clock.';
comment on column dead_letter.last_received_at is 'When it last came in, by the daemon''s clock.';
comment on column dead_letter.deliveries is 'How often it came in.';
comment on column dead_letter.source is
    'FLEET/VEHICLE by the topic; empty where the topic names no vehicle.';
comment on column dead_letter.replayed_at is
    'When it was last published again, by the database''s clock; null is never.';
comment on column dead_letter.replayed_deliveries is
    'Deliveries that were known when it was last published again.';

comment on table dead_letter_quota is 'New dead letters by source and hour, for the limit on them.';
comment on column dead_letter_quota.source is
    'FLEET/VEHICLE by the topic; empty where the topic names no vehicle.';
comment on column dead_letter_quota.hour is 'UTC hour of the daemon''s clock.';
comment on column dead_letter_quota.letters is
    'New letters of that source and hour, without those known already.';
comment on column dead_letter_quota.bytes is
    'Bytes of the letters entered, without those that were known already (dead_letter_bytes).';

comment on table dead_letter_suppressed is
    'Messages over the limit of dead letters: acknowledged, counted, not kept.';
comment on column dead_letter_suppressed.source is
    'FLEET/VEHICLE by the topic; empty where the topic names no vehicle.';
comment on column dead_letter_suppressed.hour is 'UTC hour of the daemon''s clock.';
comment on column dead_letter_suppressed.reason is 'Why it was refused, as a short name.';
comment on column dead_letter_suppressed.messages is
    'Messages that were acknowledged, counted and not kept.';
comment on column dead_letter_suppressed.first_received_at is
    'When it first came in, by the daemon''s clock.';
comment on column dead_letter_suppressed.last_received_at is
    'When it last came in, by the daemon''s clock.';

comment on table dead_letter_kept is
    'Dead letters that are kept, by source: FLEET/VEHICLE, or nothing where the topic names '
    'none. Kept by triggers on dead_letter.';
comment on column dead_letter_kept.source is
    'FLEET/VEHICLE, or nothing where the topic names none.';
comment on column dead_letter_kept.letters is 'Letters.';
comment on column dead_letter_kept.bytes is 'Their bytes (dead_letter_bytes).';

-- A letter that comes back tells what is wrong with it now.
grant insert,
    select (digest, last_received_at, deliveries, reason, detail, daemon_version),
    update (last_received_at, deliveries, reason, detail, daemon_version)
    on dead_letter to ayaz_ingest;
grant select on dead_letter to ayaz_analytics, ayaz_reader, ayaz_operator;
-- Whoever runs letters again may mark them.
grant update (replayed_at, replayed_deliveries), delete on dead_letter to ayaz_operator;

grant select, insert, update (letters, bytes) on dead_letter_quota to ayaz_ingest;
grant select on dead_letter_quota to ayaz_analytics, ayaz_reader;
-- Quotas count for the open hour. The worker removes those that are long over: ingest may not
-- delete anything.
grant delete on dead_letter_quota to ayaz_analytics;

grant select, insert, update (messages, first_received_at, last_received_at)
    on dead_letter_suppressed to ayaz_ingest;
grant select on dead_letter_suppressed to ayaz_analytics, ayaz_reader;

grant select on dead_letter_kept to ayaz_ingest, ayaz_analytics, ayaz_reader, ayaz_operator;
