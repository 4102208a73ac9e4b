-- What of the readings is flagged, row by row: the row as it came, and why.
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
    'Readings whose values the plausibility checks flag, or whose time their numbers contradict, with '
    'the checks and the signals. The rows '
    'stay as they came; flagged values enter no aggregate. What the vehicle''s own readings contradict '
    'and what its fleet does (exterior_against_fleet) are rows of their own.';

comment on column flagged_reading.checks is
    'The checks that fired, as in flagged_span, or exterior_against_fleet: the fleet''s other '
    'buses contradict the exterior temperature.';
comment on column flagged_reading.doubted_signals is
    'The flagged signals, by their columns here; empty where all of the reading is flagged.';
comment on column flagged_reading.whole_row is
    'Whether all of the reading is flagged, and not only some signals.';
comment on column flagged_reading.drive_cycle is
    'Number of the drive cycle, which counts key-ons; absent while the key is off.';
comment on column flagged_reading.odometer_km is 'Distance since manufacture, km.';
comment on column flagged_reading.route is 'Route, as the operator names it.';
comment on column flagged_reading.charging_station is 'Charging station, as the operator names it.';
comment on column flagged_reading.cabin_setpoint_celsius is 'Wanted cabin temperature, °C.';

grant select on flagged_reading to ayaz_analytics, ayaz_reader;
