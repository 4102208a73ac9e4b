-- The energy between full and empty: what the operator says of the vehicle or of its model, or what
-- the trips show.
-- The estimate uses trips whose state of charge is known at both ends and whose energy was measured
-- for nearly all of their time (energy that is missing would make the battery look smaller), and
-- needs 40 points of discharge, below which one-point steps of the state of charge decide it.
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
    'Usable battery energy by vehicle, kWh, and whether it is the vehicle''s own as of today, the '
    'model''s, or an estimate from the state of charge; null where none is known.';

comment on column vehicle_usable_energy.usable_energy_kwh is
    'Energy between full and empty, kWh: the vehicle''s own as of today, else its model''s, else '
    'estimated from trips of at least 40 points of the state of charge; null where none is known.';
comment on column vehicle_usable_energy.usable_energy_source is
    'Where it is from: vehicle, model or soc (estimated from the state of charge); null where '
    'unknown.';

grant select on vehicle_usable_energy to ayaz_analytics, ayaz_reader;
