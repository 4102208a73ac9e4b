-- A login for each part, a member of that part's role (migration V1) and nothing else. Run by the
-- owner after `ayaz migrate`; running it again sets the passwords anew.
--
-- A person who replays dead letters (`ayaz dead-letters replay`) or enters what is known of vehicles
-- (`ayaz context import`) needs a login that is a member of
-- ayaz_reader and ayaz_operator, such as: create role aigerim login in role ayaz_reader,
-- ayaz_operator; then \password aigerim, and connect on this database.
\getenv ingest_password INGEST_PASSWORD
\getenv analytics_password ANALYTICS_PASSWORD
\getenv reader_password READER_PASSWORD

select format('create role %I login', wanted)
from unnest(array['ayaz_ingest_login', 'ayaz_analytics_login', 'ayaz_reader_login']) as wanted
where not exists (select from pg_roles where rolname = wanted)
\gexec

set password_encryption = 'scram-sha-256';
-- The server's log must not get the passwords, whatever it is set to.
set log_statement = 'none';
set log_min_duration_statement = -1;
select format('alter role ayaz_ingest_login password %L', :'ingest_password'),
    format('alter role ayaz_analytics_login password %L', :'analytics_password'),
    format('alter role ayaz_reader_login password %L', :'reader_password')
\gexec

grant ayaz_ingest to ayaz_ingest_login;
grant ayaz_analytics to ayaz_analytics_login;
grant ayaz_reader to ayaz_reader_login;

-- A dashboard may neither write nor hold the database for long.
alter role ayaz_reader_login set default_transaction_read_only = on;
alter role ayaz_reader_login set statement_timeout = '30s';

revoke connect on database :"DBNAME" from public;
grant connect on database :"DBNAME"
to ayaz_ingest_login, ayaz_analytics_login, ayaz_reader_login;
