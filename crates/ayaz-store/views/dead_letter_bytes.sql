-- What of a letter does not change, and so can be taken off again.
create or replace function dead_letter_bytes(topic text, payload bytea) returns bigint
language sql immutable parallel safe
return octet_length(topic)::bigint + octet_length(payload);

comment on function dead_letter_bytes is 'Bytes of a dead letter that count: its topic and what is kept of its payload.';
