-- Which views and functions the database has, as `ayaz migrate` made them from their files.
create table ayaz_view_set (
    one_row boolean primary key default true check (one_row),
    hash text not null,
    names text[] not null,
    made_at timestamptz not null default now()
);

comment on table ayaz_view_set is
    'Which views and functions `ayaz migrate` has made: one row.';
comment on column ayaz_view_set.one_row is 'Always true: there is one row.';
comment on column ayaz_view_set.hash is
    'SHA-256 over their texts: a program that has other texts asks for `ayaz migrate`.';
comment on column ayaz_view_set.names is 'Their names, each after those that it is built on.';
comment on column ayaz_view_set.made_at is 'When they were made.';

grant select on ayaz_view_set to ayaz_ingest, ayaz_analytics, ayaz_reader, ayaz_operator;
