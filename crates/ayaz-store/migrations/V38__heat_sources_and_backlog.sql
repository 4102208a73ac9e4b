-- What heats a vehicle, and what waits for the worker: each said in one place.

create view vehicle_heat_source as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    m.heater,
    b.fuel_litres,
    case when b.fuel_litres > 0 then 'fuel' else coalesce(m.heater, 'unknown') end as heat_source
from vehicle v
left join vehicle_model m using (model)
left join (
    select vehicle_id, sum(fuel_litres) as fuel_litres from vehicle_band group by vehicle_id
) as b using (vehicle_id);

comment on view vehicle_heat_source is
    'What heats each vehicle: fuel if it has burnt any on its trips, whatever its model says, else what its '
    'model says. Consumption and range of vehicles that are heated from different sources do not compare: '
    'what burns fuel spends less of its battery.';
comment on column vehicle_heat_source.fleet is 'The vehicle''s fleet.';
comment on column vehicle_heat_source.vehicle is 'The vehicle''s name in its fleet.';
comment on column vehicle_heat_source.model is 'The vehicle''s model; null where not known.';
comment on column vehicle_heat_source.vehicle_id is 'The vehicle''s number in this database.';
comment on column vehicle_heat_source.heater is
    'What heats the model''s cabin, as the operator says: electric, fuel, heat_pump or none; null where not '
    'known.';
comment on column vehicle_heat_source.fuel_litres is
    'Fuel burnt for heat on all of its trips, l; null where it was not measured.';
comment on column vehicle_heat_source.heat_source is
    'fuel, electric, heat_pump or none; unknown where neither fuel was burnt nor the model says.';

create view worker_backlog as
select
    count(*) as hours_pending,
    min(waits_since) as pending_since
from (
    select vehicle_id, hour, min(waits_since) as waits_since
    from (
        select vehicle_id, hour, queued_at as waits_since from refresh_queue
        union all
        select t.vehicle_id, date_trunc('hour', t.at, 'UTC'), h.touched_at
        from touched_hours h
        cross join lateral unnest(h.vehicle_ids, h.changed_from) as t (vehicle_id, at)
    ) as of_vehicle
    group by vehicle_id, hour
    union all
    -- A fleet's hour is judged once it is over, and its buses had time to say the last of it.
    select null, hour, greatest(queued_at, hour + interval '1 hour 5 minutes')
    from fleet_hour_queue
    where hour <= now() - interval '1 hour 5 minutes'
) as pending;

comment on view worker_backlog is
    'One row: how many hours wait for ayaz-analytics, and since when. What views of energy and sessions say '
    'of these hours is from before their latest readings came in, or is missing. Hours of buses that send '
    'right now are always among them, for a minute or so.';
comment on column worker_backlog.hours_pending is
    'Hours of vehicles with readings that are not worked out yet, and hours of fleets that are over and not '
    'judged yet, h.';
comment on column worker_backlog.pending_since is
    'When the first of them began to wait, by the database''s clock: when the first new reading of it was '
    'stored; null where nothing waits.';

grant select on vehicle_heat_source, worker_backlog to ayaz_reader, ayaz_analytics;
