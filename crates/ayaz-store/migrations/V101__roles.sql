-- Rights of each part. The login of a daemon is a member of its role and nothing else. Daemons also `set
-- role`, so that even an owner's login gets no more rights. Roles belong to the whole cluster: another
-- database may have created them before, or may be creating them now.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['ayaz_ingest', 'ayaz_analytics', 'ayaz_reader', 'ayaz_operator'] loop
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
    -- For the staging tables of batches with duplicates.
    execute format('grant temporary on database %I to ayaz_ingest', current_database());
end
$$;

-- For an index on equality and overlap together. A database's owner may create this extension.
create extension if not exists btree_gist;

grant usage on schema public to ayaz_ingest, ayaz_analytics, ayaz_reader, ayaz_operator;

-- Daemons compare the version and refuse a schema that they were not built for.
grant select on ayaz_schema_version to ayaz_ingest, ayaz_analytics, ayaz_reader, ayaz_operator;

comment on table ayaz_schema_version is 'Migrations that were applied to this database.';
comment on column ayaz_schema_version.version is 'Number of the migration.';
comment on column ayaz_schema_version.name is 'Name of the migration.';
comment on column ayaz_schema_version.applied_on is 'When it was applied, RFC 3339.';
comment on column ayaz_schema_version.checksum is
    'Checksum of its text, which shows a later change.';
