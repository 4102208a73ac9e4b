-- Messages that could not become rows, with all that is needed to understand them and to run them
-- again. The same bytes on the same topic are one letter, however often they are delivered: a
-- redelivery cannot be told from a second sending.
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
    deliveries bigint not null default 1
);

create index on dead_letter (last_received_at);

grant insert,
    select (digest, last_received_at, deliveries),
    update (last_received_at, deliveries)
    on dead_letter to ayaz_ingest;
grant select on dead_letter to ayaz_analytics, ayaz_reader;
