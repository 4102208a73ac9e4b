create or replace view set_aside_summary as
select
    fleet,
    vehicle,
    reason,
    count(*) filter (where kind = 'reading') as readings,
    count(*) filter (where kind = 'cells') as cell_readings,
    count(distinct date_trunc('day', recorded_at, 'UTC')) as days,
    min(recorded_at) as first_recorded_at,
    max(recorded_at) as last_recorded_at,
    min(received_at) as first_received_at,
    max(received_at) as last_received_at
from set_aside
group by fleet, vehicle, reason;

comment on view set_aside_summary is
    'Readings that wait for a decision of the operator (`ayaz readings`), by vehicle and reason. They are '
    'not in reading and enter no sum.';

comment on column set_aside_summary.fleet is 'Fleet of the vehicle.';
comment on column set_aside_summary.vehicle is 'Vehicle that sent them.';
comment on column set_aside_summary.readings is 'Number of readings.';
comment on column set_aside_summary.cell_readings is 'Number of cell readings.';
comment on column set_aside_summary.days is 'Distinct UTC days of their recorded times.';
comment on column set_aside_summary.first_recorded_at is 'Earliest time by the device''s clock.';
comment on column set_aside_summary.last_recorded_at is 'Latest time by the device''s clock.';
comment on column set_aside_summary.first_received_at is 'When the first of them arrived.';
comment on column set_aside_summary.last_received_at is 'When the last of them arrived.';

grant select on set_aside_summary to ayaz_analytics, ayaz_operator, ayaz_reader;
