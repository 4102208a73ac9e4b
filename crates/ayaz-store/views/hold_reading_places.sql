create or replace function hold_reading_places() returns void
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    lock table reading_place_gate in row share mode;
end
$$;

comment on function hold_reading_places is
    'Until the transaction ends, nothing is set aside. The last lock that a transaction takes.';

revoke execute on function hold_reading_places from public;

grant execute on function hold_reading_places to ayaz_ingest;

grant execute on function hold_reading_places to ayaz_operator;
