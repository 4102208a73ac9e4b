-- A login for each part, a member of that part's role (migration V101) and nothing else. Run by the
-- database's owner after `ayaz migrate`; running it again sets passwords and settings anew. The owner need
-- be no superuser, but must be allowed to create roles (`alter role OWNER createrole`).
--
--   INGEST_PASSWORD=… ANALYTICS_PASSWORD=… READER_PASSWORD=… psql --file logins.sql DATABASE
--
-- A person who replays or deletes dead letters (`ayaz dead-letters replay`, `delete`), decides about
-- readings that are set aside (`ayaz readings`), announces history (`ayaz replay --history`) or enters what
-- is known of vehicles (`ayaz context import`) needs a login that is a member of ayaz_reader and
-- ayaz_operator, such as: create role aigerim login in role ayaz_reader,
-- ayaz_operator; then \password aigerim, and connect on this database.
\set ON_ERROR_STOP on
\getenv ingest_password INGEST_PASSWORD
\getenv analytics_password ANALYTICS_PASSWORD
\getenv reader_password READER_PASSWORD
\if :{?ingest_password}
\else
    \set ingest_password ''
\endif
\if :{?analytics_password}
\else
    \set analytics_password ''
\endif
\if :{?reader_password}
\else
    \set reader_password ''
\endif

-- What a second run finds done is no news.
set client_min_messages = warning;
set password_encryption = 'scram-sha-256';
-- The server's log must not get the passwords, whatever it is set to.
select format('set %I = %L', parameter, value)
from (values
    ('log_statement', 'none'),
    ('log_min_duration_statement', '-1'),
    ('log_transaction_sample_rate', '0'),
    ('log_min_error_statement', 'panic')
) as quiet (parameter, value)
where has_parameter_privilege(parameter, 'set')
\gexec

-- Everything that would fail below is told here, with the way out: the statements below hold passwords.
do $$
declare
    me constant text := quote_ident(current_user);
    is_superuser constant boolean := (select rolsuper from pg_roles where rolname = current_user);
    foreign_roles text;
begin
    if not pg_has_role((select datdba from pg_database where datname = current_database()), 'usage')
        and not is_superuser
    then
        raise exception '% does not own this database: run this file as its owner', me;
    end if;
    if to_regrole('ayaz_ingest') is null or to_regrole('ayaz_analytics') is null
        or to_regrole('ayaz_reader') is null
    then
        raise exception 'the roles of Ayaz are missing: run `ayaz migrate` first';
    end if;
    if not is_superuser and not (select rolcreaterole from pg_roles where rolname = current_user) then
        raise exception '% may not create logins: have a superuser run `alter role % createrole`', me, me;
    end if;
    -- From PostgreSQL 16 on, whoever may create roles may change and grant those that he made.
    select string_agg(quote_ident(r.rolname), ', ' order by r.rolname) into foreign_roles
    from pg_roles r
    where r.rolname in (
        'ayaz_ingest', 'ayaz_analytics', 'ayaz_reader',
        'ayaz_ingest_login', 'ayaz_analytics_login', 'ayaz_reader_login'
    ) and not pg_has_role(r.oid, 'member with admin option');
    if not is_superuser and current_setting('server_version_num')::int >= 160000
        and foreign_roles is not null
    then
        raise exception 'another login made these roles, and % may not grant or change them: have a '
            'superuser run `grant % to % with admin option`', me, foreign_roles, me;
    end if;
    if current_setting('log_statement') <> 'none'
        or current_setting('log_min_duration_statement') <> '-1'
        or current_setting('log_transaction_sample_rate')::float8 > 0
    then
        raise exception 'this server writes statements to its log, and the passwords would be among them: '
            'have a superuser run `grant set on parameter log_statement, log_min_duration_statement, '
            'log_transaction_sample_rate, log_min_error_statement to %`', me;
    end if;
end
$$;

-- By now the log is quiet.
select string_agg(variable, ' and ') as missing, count(*) > 0 as is_missing
from (values
    ('INGEST_PASSWORD', :'ingest_password'),
    ('ANALYTICS_PASSWORD', :'analytics_password'),
    ('READER_PASSWORD', :'reader_password')
) as given (variable, password)
where password = ''
\gset
\if :is_missing
    \warn 'set' :missing 'in the environment: the password of that login'
    -- Ends with an error, which \quit would not.
    do $$ begin raise exception 'a password is missing'; end $$;
\endif

select format('create role %I login', wanted)
from unnest(array['ayaz_ingest_login', 'ayaz_analytics_login', 'ayaz_reader_login']) as wanted
where not exists (select from pg_roles where rolname = wanted)
\gexec

select format('alter role ayaz_ingest_login password %L', :'ingest_password'),
    format('alter role ayaz_analytics_login password %L', :'analytics_password'),
    format('alter role ayaz_reader_login password %L', :'reader_password')
\gexec

grant ayaz_ingest to ayaz_ingest_login;
grant ayaz_analytics to ayaz_analytics_login;
grant ayaz_reader to ayaz_reader_login;

-- A backend whose client is gone ends, and none holds locks while its client does nothing. The daemons set
-- this for themselves as well; settings of a role would do nothing after `set role`.
alter role ayaz_ingest_login set client_connection_check_interval = '5s';
alter role ayaz_ingest_login set lock_timeout = '30s';
alter role ayaz_ingest_login set idle_in_transaction_session_timeout = '60s';
alter role ayaz_analytics_login set client_connection_check_interval = '5s';
alter role ayaz_analytics_login set lock_timeout = '30s';
alter role ayaz_analytics_login set idle_in_transaction_session_timeout = '120s';
alter role ayaz_reader_login set client_connection_check_interval = '5s';
alter role ayaz_reader_login set lock_timeout = '10s';
alter role ayaz_reader_login set idle_in_transaction_session_timeout = '60s';

-- A dashboard may neither write nor hold the database for long. PostgreSQL lets every login change its
-- own settings, so these hold only against mistakes. That it cannot write rests on rights: it has none
-- but to read. Against one that reads without end, these two hold, which it cannot change: how many
-- connections it has, and (where this file is run by a superuser) how much of the disk its queries take.
alter role ayaz_reader_login set default_transaction_read_only = on;
alter role ayaz_reader_login set statement_timeout = '30s';
alter role ayaz_reader_login connection limit 20;
select 'alter role ayaz_reader_login set temp_file_limit = ''2GB'''
where has_parameter_privilege('temp_file_limit', 'set')
\gexec

revoke connect on database :"DBNAME" from public;
grant connect on database :"DBNAME"
to ayaz_ingest_login, ayaz_analytics_login, ayaz_reader_login;
