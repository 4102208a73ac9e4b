-- From which reading on an hour has changed, so that the worker need not read again what it has read of
-- an hour that still runs.

alter table touched_hours rename column hours to changed_from;

comment on column touched_hours.changed_from is
    'Of each vehicle and hour the earliest of the transaction''s readings. It names the hour by lying in '
    'it; its start says that all of the hour may have changed.';

alter table refresh_queue
    add column changed_from timestamptz not null default '-infinity';

comment on column refresh_queue.changed_from is
    'Readings of the hour may be new from this instant on, the earliest of touched_hours; -infinity if it '
    'waits for another reason, and is to be worked out from its beginning. Whoever changes readings by '
    'hand has their hours worked out again by: insert into refresh_queue (vehicle_id, hour) … on conflict '
    '(vehicle_id, hour) do update set changed_from = ''-infinity''.';
