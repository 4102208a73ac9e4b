-- One row per waiting reading. The tables hold the values.
create or replace view set_aside as
select
    v.fleet,
    v.vehicle,
    s.vehicle_id,
    s.kind,
    s.reason,
    s.recorded_at,
    s.boot_id,
    s.sequence,
    s.received_at,
    s.set_aside_at,
    s.historical
from (
    select
        vehicle_id, 'reading' as kind, reason, recorded_at, boot_id, sequence, received_at,
        set_aside_at, historical
    from reading_set_aside
    union all
    select
        vehicle_id, 'cells', reason, recorded_at, boot_id, sequence, received_at,
        set_aside_at, historical
    from cell_reading_set_aside
) as s
join vehicle v using (vehicle_id);

comment on view set_aside is
    'Readings that wait for a decision of the operator (`ayaz readings`), one row each. Their values are in '
    'reading_set_aside and cell_reading_set_aside.';

comment on column set_aside.fleet is 'Fleet of the vehicle.';
comment on column set_aside.vehicle is 'Vehicle that sent it.';
comment on column set_aside.vehicle_id is 'Number of the vehicle.';
comment on column set_aside.kind is 'reading, or cells for a cell reading.';
comment on column set_aside.recorded_at is 'When it was measured, by the device''s clock.';
comment on column set_aside.boot_id is 'Boot of the device.';
comment on column set_aside.sequence is 'Number of the reading in its boot.';
comment on column set_aside.received_at is 'When it arrived.';
comment on column set_aside.set_aside_at is 'When it was set aside, by the database''s clock.';
comment on column set_aside.historical is 'Whether the device stored it first and sent it later.';

grant select on set_aside to ayaz_analytics, ayaz_operator, ayaz_reader;
