-- What each part may do. A login that a daemon uses is a member of its role and nothing else; the
-- daemons also `set role` to it, so that even an owner's login works with no more rights.
-- Roles belong to the whole cluster, so another database may have made them already, or may be
-- making them just now.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['ayaz_ingest', 'ayaz_analytics', 'ayaz_reader'] loop
        begin
            execute format('create role %I nologin', wanted);
        exception when duplicate_object or unique_violation then
            null;
        end;
    end loop;
end
$$;

create extension if not exists timescaledb;

do $$
begin
    if (select string_to_array(regexp_replace(extversion, '[^0-9.].*$', ''), '.')::int[]
        from pg_extension where extname = 'timescaledb') < array[2, 19] then
        raise exception 'TimescaleDB 2.19 or later is needed: earlier versions silently dropped rows '
            'on ON CONFLICT into compressed chunks';
    end if;
    -- For the staging tables of a batch that holds duplicates.
    execute format('grant temporary on database %I to ayaz_ingest', current_database());
end
$$;

grant usage on schema public to ayaz_ingest, ayaz_analytics, ayaz_reader;

-- Daemons compare the version and refuse a schema that they were not built for.
grant select on ayaz_schema_version to ayaz_ingest, ayaz_analytics, ayaz_reader;
