-- Views and functions of the database, as created by `ayaz migrate`.
create table ayaz_view_set (
    one_row boolean primary key default true check (one_row),
    hash text not null,
    names text[] not null,
    made_at timestamptz not null default now()
);

comment on table ayaz_view_set is 'Views and functions created by `ayaz migrate`: one row.';
comment on column ayaz_view_set.one_row is 'Always true: there is one row.';
comment on column ayaz_view_set.hash is
    'SHA-256 of their texts. A program with other texts asks for `ayaz migrate`.';
comment on column ayaz_view_set.names is 'Their names, in the order of their dependencies.';
comment on column ayaz_view_set.made_at is 'When they were created.';

grant select on ayaz_view_set to ayaz_ingest, ayaz_analytics, ayaz_reader, ayaz_operator;
