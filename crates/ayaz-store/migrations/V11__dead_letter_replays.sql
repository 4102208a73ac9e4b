-- Dead letters are run again after a fix. Whoever does that may mark them, and nothing else.
do $$
begin
    create role ayaz_operator nologin;
exception when duplicate_object or unique_violation then
    -- Roles belong to the whole cluster, so another database may have made it already.
    null;
end
$$;

alter table dead_letter
    -- When it was last published again, by the database's clock, before the first byte was sent.
    add column replayed_at timestamptz,
    -- Deliveries known then: more of them say that it came back, which no two clocks could.
    add column replayed_deliveries bigint;

-- Letters without their bytes.
create view dead_letter_overview as
select
    digest,
    nullif(split_part(source, '/', 1), '') as fleet,
    nullif(split_part(source, '/', 2), '') as vehicle,
    topic,
    reason,
    detail,
    daemon_version,
    payload_bytes,
    octet_length(payload) as kept_bytes,
    deliveries,
    first_received_at,
    last_received_at,
    replayed_at,
    -- Null for a letter that was never replayed.
    deliveries > replayed_deliveries as came_back
from dead_letter;

comment on view dead_letter_overview is
    'Messages that could not become rows, without their bytes. kept_bytes below payload_bytes: only '
    'the start was kept. came_back: refused again after its last replay.';

grant usage on schema public to ayaz_operator;
grant select on ayaz_schema_version, dead_letter, dead_letter_overview to ayaz_operator;
grant update (replayed_at, replayed_deliveries) on dead_letter to ayaz_operator;
grant select on dead_letter_overview to ayaz_analytics, ayaz_reader;

-- A letter that comes back tells what is wrong with it now.
grant select (reason, detail, daemon_version), update (reason, detail, daemon_version)
    on dead_letter to ayaz_ingest;
