create or replace function hold_reading_places() returns void
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    lock table reading_place_gate in row share mode;
end
$$;

comment on function hold_reading_places is
    'Prevents setting readings aside until the transaction ends. A transaction takes this lock last.';

revoke execute on function hold_reading_places from public;

grant execute on function hold_reading_places to ayaz_ingest;

grant execute on function hold_reading_places to ayaz_operator;
