-- Dead letters without their bytes.
create or replace view dead_letter_overview as
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
    -- Null for a dead letter that was never replayed.
    deliveries > replayed_deliveries as came_back
from dead_letter;

comment on view dead_letter_overview is
    'Messages that cannot be stored, without their bytes. kept_bytes below payload_bytes: only the start was '
    'kept. came_back: refused again after its last replay.';

comment on column dead_letter_overview.fleet is
    'Fleet from the topic; null where the topic names no vehicle.';
comment on column dead_letter_overview.vehicle is
    'Vehicle from the topic; null where the topic names none.';
comment on column dead_letter_overview.reason is 'Short name of the reason.';
comment on column dead_letter_overview.payload_bytes is 'Length of the payload as received, bytes.';
comment on column dead_letter_overview.kept_bytes is
    'Bytes of the payload that are kept; less than payload_bytes where only its start was kept.';
comment on column dead_letter_overview.came_back is
    'Whether it was refused again after its last replay; null if it was never replayed.';

grant select on dead_letter_overview to ayaz_analytics, ayaz_operator, ayaz_reader;
