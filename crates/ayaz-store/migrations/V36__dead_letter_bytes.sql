-- Dead letters are bounded by bytes too, of a source in an hour, of a source in all, and of all sources:
-- so what is kept is added up as it comes and goes, whoever deletes it.

-- What of a letter does not change, and so can be taken off again.
create function dead_letter_bytes(topic text, payload bytea) returns bigint
language sql immutable parallel safe
return octet_length(topic)::bigint + octet_length(payload);

comment on function dead_letter_bytes is 'Bytes of a dead letter that count: its topic and what is kept of its payload.';

alter table dead_letter_quota add column bytes bigint not null default 0;

comment on column dead_letter_quota.bytes is
    'Bytes of the letters entered, without those that were known already (dead_letter_bytes).';

grant update (bytes) on dead_letter_quota to ayaz_ingest;

create table dead_letter_kept (
    source text primary key,
    letters bigint not null,
    bytes bigint not null
);

comment on table dead_letter_kept is
    'Dead letters that are kept, by source: FLEET/VEHICLE, or nothing where the topic names none. Kept by '
    'triggers on dead_letter.';
comment on column dead_letter_kept.source is 'FLEET/VEHICLE, or nothing where the topic names none.';
comment on column dead_letter_kept.letters is 'Letters.';
comment on column dead_letter_kept.bytes is 'Their bytes (dead_letter_bytes).';

insert into dead_letter_kept (source, letters, bytes)
select source, count(*), sum(dead_letter_bytes(topic, payload))
from dead_letter
group by source;

grant select on dead_letter_kept to ayaz_ingest, ayaz_analytics, ayaz_reader, ayaz_operator;

-- Sources are locked in one order, after all letters, so that nobody waits in a circle.
create function count_kept_dead_letters() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    if tg_op = 'INSERT' then
        insert into dead_letter_kept as kept (source, letters, bytes)
        select source, count(*), sum(dead_letter_bytes(topic, payload))
        from changed
        group by source
        order by source
        on conflict (source) do update set
            letters = kept.letters + excluded.letters,
            bytes = kept.bytes + excluded.bytes;
    elsif tg_op = 'DELETE' then
        perform from dead_letter_kept
        where source in (select source from changed)
        order by source
        for update;
        update dead_letter_kept kept
        set letters = kept.letters - gone.letters, bytes = kept.bytes - gone.bytes
        from (
            select source, count(*) as letters, sum(dead_letter_bytes(topic, payload)) as bytes
            from changed
            group by source
        ) as gone
        where kept.source = gone.source;
    else
        delete from dead_letter_kept;
    end if;
    return null;
end
$$;

comment on function count_kept_dead_letters is 'Keeps dead_letter_kept.';

-- Whoever may make tables could else hang it on one of its own, and have it count what is not there.
revoke execute on function count_kept_dead_letters from public;

create trigger count_entered after insert on dead_letter
referencing new table as changed
for each statement execute function count_kept_dead_letters();

create trigger count_deleted after delete on dead_letter
referencing old table as changed
for each statement execute function count_kept_dead_letters();

create trigger count_truncated after truncate on dead_letter
for each statement execute function count_kept_dead_letters();

grant delete on dead_letter to ayaz_operator;
