-- Energy between full and empty: the operator's value for the vehicle or its model, or an estimate from
-- trips.
--
-- The estimate uses trips with a state of charge at both ends and energy measured for nearly all of the time:
-- missing energy would make the battery look smaller. It needs 40 points of discharge, since below that the
-- one-point steps of the state of charge dominate.
create or replace view vehicle_usable_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    coalesce(c.value::double precision, m.usable_energy_kwh, s.usable_energy_kwh)
        as usable_energy_kwh,
    case
        when c.value is not null then 'vehicle'
        when m.usable_energy_kwh is not null then 'model'
        when s.usable_energy_kwh is not null then 'soc'
    end as usable_energy_source
from vehicle v
left join vehicle_model m using (model)
left join vehicle_context c on c.vehicle_id = v.vehicle_id
    and c.attribute = 'usable_energy_kwh'
    and c.valid_from <= now() and c.valid_to > now()
left join (
    select vehicle_id, sum(net_kwh) / (sum(soc_drop_percent) / 100) as usable_energy_kwh
    from month_charge
    group by vehicle_id
    having sum(soc_drop_percent) >= 40 and sum(net_kwh) > 0
) s on s.vehicle_id = v.vehicle_id;

comment on view vehicle_usable_energy is
    'Usable battery energy by vehicle, kWh, and its source: the vehicle''s own value of today, its model''s, '
    'or an estimate from the state of charge; null where none is known.';

comment on column vehicle_usable_energy.usable_energy_kwh is
    'Energy between full and empty, kWh: the vehicle''s own value of today, else its model''s, else an '
    'estimate from trips with at least 40 points of the state of charge; null where none is known.';
comment on column vehicle_usable_energy.usable_energy_source is
    'Source of it: vehicle, model or soc (estimated from the state of charge); null where unknown.';

grant select on vehicle_usable_energy to ayaz_analytics, ayaz_reader;
