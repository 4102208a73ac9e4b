-- Messages that cannot be stored, with everything needed to understand and replay them. The same bytes on the
-- same topic are one dead letter, however often they arrive: a redelivery cannot be distinguished from a
-- second message.

-- Source of a dead letter: FLEET/VEHICLE, or empty where the topic names no vehicle. It compares the lengths
-- separately, since a bounded repetition makes the pattern seven times as slow. A generated column uses this
-- function, so it cannot change as views do.
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
    -- When it was last replayed, by the database's clock, before the first byte was sent.
    replayed_at timestamptz,
    -- Number of deliveries at that time. A larger number shows that the message came back; two clocks could
    -- not show it.
    replayed_deliveries bigint
);

create index on dead_letter (last_received_at);

-- A vehicle that sends bad messages without end must not fill the disk. New dead letters count by source and
-- hour of the daemon's clock; a message over the daemon's limits is counted and not kept. Daemons lock the
-- row of a source before they check the limit, so that several daemons keep to it together.
create table dead_letter_quota (
    source text not null,
    hour timestamptz not null,
    letters integer not null default 0,
    bytes bigint not null default 0,
    primary key (source, hour)
);

-- Messages over a limit: acknowledged, counted, not kept.
create table dead_letter_suppressed (
    source text not null,
    hour timestamptz not null,
    reason text not null,
    messages bigint not null,
    first_received_at timestamptz not null,
    last_received_at timestamptz not null,
    primary key (source, hour, reason)
);

-- Totals of the kept dead letters, updated with each insert and delete: the limits apply to each source and
-- to all sources.
create table dead_letter_kept (
    source text primary key,
    letters bigint not null,
    bytes bigint not null
);

comment on table dead_letter is
    'Messages that cannot be stored, with everything needed to understand and replay them.';
comment on column dead_letter.digest is
    'SHA-256 of topic and payload. It identifies the dead letter.';
comment on column dead_letter.topic is 'Topic of the message.';
comment on column dead_letter.payload is
    'Bytes of the message; only the start where payload_bytes is larger.';
comment on column dead_letter.payload_bytes is
    'Length of the payload as received, bytes; payload is shorter where only its start was kept.';
comment on column dead_letter.reason is 'Short name of the reason.';
comment on column dead_letter.detail is 'The reason as a sentence.';
comment on column dead_letter.daemon_version is 'Version of the daemon that rejected it.';
comment on column dead_letter.first_received_at is
    'When it was first received, by the daemon''s clock.';
comment on column dead_letter.last_received_at is
    'When it was last received, by the daemon''s clock.';
comment on column dead_letter.deliveries is 'How often it was received.';
comment on column dead_letter.source is
    'FLEET/VEHICLE from the topic; empty where the topic names no vehicle.';
comment on column dead_letter.replayed_at is
    'When it was last replayed, by the database''s clock; null means never.';
comment on column dead_letter.replayed_deliveries is
    'Number of deliveries when it was last replayed.';

comment on table dead_letter_quota is 'New dead letters by source and hour, for their limit.';
comment on column dead_letter_quota.source is
    'FLEET/VEHICLE from the topic; empty where the topic names no vehicle.';
comment on column dead_letter_quota.hour is 'UTC hour by the daemon''s clock.';
comment on column dead_letter_quota.letters is
    'New dead letters of that source and hour, without known ones.';
comment on column dead_letter_quota.bytes is
    'Bytes of those dead letters, without known ones (dead_letter_bytes).';

comment on table dead_letter_suppressed is
    'Messages over the limit of dead letters: acknowledged, counted, not kept.';
comment on column dead_letter_suppressed.source is
    'FLEET/VEHICLE from the topic; empty where the topic names no vehicle.';
comment on column dead_letter_suppressed.hour is 'UTC hour by the daemon''s clock.';
comment on column dead_letter_suppressed.reason is 'Short name of the reason.';
comment on column dead_letter_suppressed.messages is
    'Messages that were acknowledged, counted and not kept.';
comment on column dead_letter_suppressed.first_received_at is
    'When the first of them was received, by the daemon''s clock.';
comment on column dead_letter_suppressed.last_received_at is
    'When the last of them was received, by the daemon''s clock.';

comment on table dead_letter_kept is
    'Totals of the kept dead letters by source: FLEET/VEHICLE, or empty where the topic names no vehicle. '
    'Triggers on dead_letter update it.';
comment on column dead_letter_kept.source is
    'FLEET/VEHICLE, or empty where the topic names no vehicle.';
comment on column dead_letter_kept.letters is 'Number of kept dead letters.';
comment on column dead_letter_kept.bytes is 'Bytes of the kept dead letters (dead_letter_bytes).';

-- A dead letter that is received again gets the latest reason.
grant insert,
    select (digest, last_received_at, deliveries, reason, detail, daemon_version),
    update (last_received_at, deliveries, reason, detail, daemon_version)
    on dead_letter to ayaz_ingest;
grant select on dead_letter to ayaz_analytics, ayaz_reader, ayaz_operator;
-- Lets the operator mark dead letters as replayed.
grant update (replayed_at, replayed_deliveries), delete on dead_letter to ayaz_operator;

grant select, insert, update (letters, bytes) on dead_letter_quota to ayaz_ingest;
grant select on dead_letter_quota to ayaz_analytics, ayaz_reader;
-- Quotas count only for the open hour. The worker deletes old ones, since ingest may not delete anything.
grant delete on dead_letter_quota to ayaz_analytics;

grant select, insert, update (messages, first_received_at, last_received_at)
    on dead_letter_suppressed to ayaz_ingest;
grant select on dead_letter_suppressed to ayaz_analytics, ayaz_reader;

grant select on dead_letter_kept to ayaz_ingest, ayaz_analytics, ayaz_reader, ayaz_operator;
