-- Trips, divided by band and route, with figures of the whole trip (trip_…) and the usable energy of the
-- vehicle when the trip began: its own value, else that of vehicle_usable_energy. Filter whole trips by
-- trip_began_at. Joins plain tables, since a season of a large fleet has millions of trips.
create or replace view trip_part as
select
    t.fleet,
    t.vehicle,
    t.model,
    t.started_at as trip_began_at,
    t.ended_at as trip_ended_at,
    t.seconds as trip_seconds,
    extract(epoch from t.ended_at - t.started_at) as trip_duration_seconds,
    t.drive_cycle,
    t.route as trip_route,
    t.soc_start_percent,
    t.soc_end_percent,
    t.km as trip_km,
    t.odometer_km,
    t.coverage as trip_coverage,
    t.completeness as trip_completeness,
    coalesce(own.usable_energy_kwh, usable.usable_energy_kwh) as usable_energy_kwh,
    case
        when own.usable_energy_kwh is not null then 'vehicle'
        else usable.usable_energy_source
    end as usable_energy_source,
    b.*
from trip_energy t
join trip_band b using (vehicle_id, started_at, number)
left join (
    select vehicle_id, value::double precision as usable_energy_kwh, valid_from, valid_to
    from vehicle_context
    where attribute = 'usable_energy_kwh'
) as own on own.vehicle_id = t.vehicle_id
    and own.valid_from <= t.started_at and own.valid_to > t.started_at
left join (
    select vehicle_id, usable_energy_kwh, usable_energy_source from vehicle_usable_energy
) as usable on usable.vehicle_id = t.vehicle_id;

comment on view trip_part is
    'Trips by band of the exterior (air) temperature and route, with figures of the whole trip (trip_…) '
    'beside those of the part. Ranges and energy by band are sums over this view.';

comment on column trip_part.trip_began_at is 'First sample of the trip.';
comment on column trip_part.trip_ended_at is 'Last sample of the trip.';
comment on column trip_part.trip_seconds is 'Measured time of the trip, s.';
comment on column trip_part.trip_duration_seconds is
    'Time from the first to the last sample of the trip, s, measured or not.';
comment on column trip_part.trip_route is
    'The route of the trip; null if there were none or several.';
comment on column trip_part.trip_km is
    'Distance of the trip, speed integrated over time, km; null where not measured.';
comment on column trip_part.odometer_km is
    'Distance of the trip by the odometer, km: a quality figure. It never corrects trip_km.';
comment on column trip_part.trip_coverage is
    'Measured share of the time from the first to the last sample of the trip, 0 to 1.';
comment on column trip_part.trip_completeness is
    'How far the trip can be trusted, 0 to 1, as completeness of session_energy.';
comment on column trip_part.usable_energy_kwh is
    'Energy between full and empty when the trip began, kWh; null where none is known.';
comment on column trip_part.usable_energy_source is
    'Source of it: vehicle, model or soc (estimated from the state of charge); null where unknown.';
comment on column trip_part.route is 'Route of this part; null if none.';
comment on column trip_part.started_at is
    'First sample of the trip; with vehicle_id and number, its key.';

grant select on trip_part to ayaz_analytics, ayaz_reader;
