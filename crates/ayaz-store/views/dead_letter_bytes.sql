-- Counts only what never changes in a dead letter, so that a delete subtracts the same number.
create or replace function dead_letter_bytes(topic text, payload bytea) returns bigint
language sql immutable parallel safe
return octet_length(topic)::bigint + octet_length(payload);

comment on function dead_letter_bytes is
    'Bytes of a dead letter that count for limits: its topic and the kept part of its payload.';
