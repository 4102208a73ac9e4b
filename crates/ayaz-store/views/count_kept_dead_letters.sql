-- Locks sources in one order, after all dead letters, to avoid deadlocks.
create or replace function count_kept_dead_letters() returns trigger
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

create or replace trigger count_entered after insert on dead_letter
referencing new table as changed
for each statement execute function count_kept_dead_letters();

create or replace trigger count_deleted after delete on dead_letter
referencing old table as changed
for each statement execute function count_kept_dead_letters();

create or replace trigger count_truncated after truncate on dead_letter
for each statement execute function count_kept_dead_letters();

comment on function count_kept_dead_letters is 'Updates dead_letter_kept.';

revoke execute on function count_kept_dead_letters from public;
