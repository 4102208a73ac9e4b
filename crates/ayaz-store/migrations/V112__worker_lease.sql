-- The worker's place: a row that only our roles can write, unlike an advisory lock, which any login
-- can take.

-- Who is the worker. The term changes with the holder, and only then: a worker commits only while it finds
-- its own term.
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

-- Until when. A table of its own, so that a sign of life changes nothing of what commits look at.
create table worker_heartbeat (
    one_row boolean primary key default true check (one_row),
    term bigint not null default 0,
    expires_at timestamptz not null default '-infinity'
);

insert into worker_lease default values;
insert into worker_heartbeat default values;

comment on table worker_lease is
    'Who is the worker: one row. Whoever waits for its place finds here for whom.';
comment on column worker_lease.one_row is 'Always true: there is one row.';
comment on column worker_lease.term is 'Number of the holder: goes up by one with each.';
comment on column worker_lease.program is
    'The holder''s program; null where nobody was the worker yet.';
comment on column worker_lease.host is 'The machine on which it runs.';
comment on column worker_lease.process_id is 'Its process there.';
comment on column worker_lease.since is 'When it took the place, by the database''s clock.';
comment on column worker_lease.backend_pid is 'Its connection: pid in pg_stat_activity.';
comment on column worker_lease.backend_name is
    'Its connection: application_name in pg_stat_activity.';

comment on table worker_heartbeat is
    'Until when the worker has its place, unless it gives another sign of life: one row.';
comment on column worker_heartbeat.one_row is 'Always true: there is one row.';
comment on column worker_heartbeat.term is 'Whose sign of life it is: term of worker_lease.';
comment on column worker_heartbeat.expires_at is
    'From this instant of the database''s clock on another may take the place.';

grant select, update on worker_lease, worker_heartbeat to ayaz_analytics;
grant select on worker_lease, worker_heartbeat to ayaz_reader;
