-- One row per flagged reading: its values as stored, and the reason.
create or replace view flagged_reading as
select d.checks, d.signals as doubted_signals, d.whole_row, r.*
from flagged_span d
join reading r
    on r.vehicle_id = d.vehicle_id
    and r.boot_id = d.boot_id
    and r.recorded_at between d.started_at and d.ended_at
    and r.sequence between d.sequence_min and d.sequence_max
    and r.time_quality = 0
union all
select array['exterior_against_fleet'], array['exterior_temperature_celsius'], false, r.*
from exterior_doubt d
join reading r
    on r.vehicle_id = d.vehicle_id
    and r.recorded_at >= d.hour
    and r.recorded_at < d.hour + interval '1 hour'
    and r.time_quality = 0
where r.exterior_temperature_celsius is not null;

comment on view flagged_reading is
    'Readings with values that a plausibility check flags, or with a time that contradicts their sequence '
    'number, with the checks and the signals. Readings keep their values as received; flagged values enter '
    'no aggregate. A contradiction within the vehicle''s own readings and one with its fleet '
    '(exterior_against_fleet) have separate rows.';

comment on column flagged_reading.checks is
    'The checks that flag it, as in flagged_span, or exterior_against_fleet: the other buses of the fleet '
    'contradict the exterior temperature.';
comment on column flagged_reading.doubted_signals is
    'The flagged signals, by their column names here; empty where the whole reading is flagged.';
comment on column flagged_reading.whole_row is
    'Whether the whole reading is flagged, and not only some signals.';
comment on column flagged_reading.drive_cycle is
    'Number of the drive cycle, which counts key-ons; null while the key is off.';
comment on column flagged_reading.odometer_km is 'Distance since manufacture, km.';
comment on column flagged_reading.route is 'Route, as the operator names it.';
comment on column flagged_reading.charging_station is 'Charging station, as the operator names it.';
comment on column flagged_reading.cabin_setpoint_celsius is 'Wanted cabin temperature, °C.';

grant select on flagged_reading to ayaz_analytics, ayaz_reader;
