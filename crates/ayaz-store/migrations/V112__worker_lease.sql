-- The lease of the worker: a row that only our roles can write. Any login could take an advisory lock.

-- The worker that holds the lease. The term changes only with the holder. A worker commits only while the
-- term is its own.
create table worker_lease (
    one_row boolean primary key default true check (one_row),
    term bigint not null default 0,
    program text,
    host text,
    process_id bigint,
    since timestamptz,
    backend_pid integer,
    backend_name text
);

-- End of the lease. A separate table, so that a heartbeat does not change the row that commits check.
create table worker_heartbeat (
    one_row boolean primary key default true check (one_row),
    term bigint not null default 0,
    expires_at timestamptz not null default '-infinity'
);

insert into worker_lease default values;
insert into worker_heartbeat default values;

comment on table worker_lease is
    'The worker that holds the lease: one row. A waiting worker reads here who holds it.';
comment on column worker_lease.one_row is 'Always true: there is one row.';
comment on column worker_lease.term is 'Number of the holder; each new holder adds one.';
comment on column worker_lease.program is 'Program of the holder; null if there was no worker yet.';
comment on column worker_lease.host is 'Machine of the holder.';
comment on column worker_lease.process_id is 'Process of the holder on that machine.';
comment on column worker_lease.since is 'When it took the lease, by the database''s clock.';
comment on column worker_lease.backend_pid is 'Connection of the holder: pid in pg_stat_activity.';
comment on column worker_lease.backend_name is
    'Connection of the holder: application_name in pg_stat_activity.';

comment on table worker_heartbeat is
    'End of the lease, unless the worker sends another heartbeat: one row.';
comment on column worker_heartbeat.one_row is 'Always true: there is one row.';
comment on column worker_heartbeat.term is 'Holder that sent the heartbeat: term of worker_lease.';
comment on column worker_heartbeat.expires_at is
    'From this instant of the database''s clock on, another worker may take the lease.';

grant select, update on worker_lease, worker_heartbeat to ayaz_analytics;
grant select on worker_lease, worker_heartbeat to ayaz_reader;
