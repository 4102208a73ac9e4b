-- Each of these breaks something that does not set it for itself. Tests of the store and of the worker
-- run it before they begin.
create schema depot_app;
create table depot_app.vehicle (vehicle_id text, plate text);
create table depot_app.reading (id text);
create table depot_app.dirty_hours (id text);
create table depot_app.vehicle_context (id text);
create table depot_app.ayaz_schema_version (version text);
create table depot_app.worker_lease (term text);
do $$
declare
    setting text;
begin
    foreach setting in array array[
        'search_path = depot_app, public', 'timezone = ''Pacific/Apia''',
        'datestyle = ''German''', 'intervalstyle = ''iso_8601''',
        'standard_conforming_strings = off', 'bytea_output = ''escape''',
        'extra_float_digits = -15', 'default_transaction_isolation = ''serializable''',
        'default_transaction_read_only = on', 'synchronous_commit = off',
        'statement_timeout = ''1ms''', 'lock_timeout = ''1ms''',
        'idle_in_transaction_session_timeout = ''1ms'''
    ] loop
        execute format('alter database %I set %s', current_database(), setting);
    end loop;
end
$$
