create or replace function vehicle_context_at(vehicle_id integer, at timestamptz)
returns table (
    depot text,
    zone text,
    cut_over_hour smallint,
    service_day date,
    tyres text,
    firmware text,
    cabin_setpoint_celsius double precision,
    route text,
    usable_energy_kwh double precision,
    usable_energy_source text
)
language sql stable parallel safe
begin atomic
    select
        c.depot,
        coalesce(d.zone, f.zone),
        coalesce(d.cut_over_hour, f.cut_over_hour),
        service_day($2, coalesce(d.zone, f.zone), coalesce(d.cut_over_hour, f.cut_over_hour)),
        c.tyres,
        c.firmware,
        c.cabin_setpoint_celsius,
        c.route,
        coalesce(c.usable_energy_kwh, m.usable_energy_kwh::double precision),
        case
            when c.usable_energy_kwh is not null then 'vehicle'
            when m.usable_energy_kwh is not null then 'model'
        end
    from (
        select
            max(x.value) filter (where x.attribute = 'depot') as depot,
            max(x.value) filter (where x.attribute = 'tyres') as tyres,
            max(x.value) filter (where x.attribute = 'firmware') as firmware,
            max(case when x.attribute = 'cabin_setpoint_celsius' then x.value end)
                ::double precision as cabin_setpoint_celsius,
            max(x.value) filter (where x.attribute = 'route') as route,
            max(case when x.attribute = 'usable_energy_kwh' then x.value end)
                ::double precision as usable_energy_kwh
        from vehicle_context x
        where x.vehicle_id = $1 and x.valid_from <= $2 and x.valid_to > $2
    ) as c
    cross join service_day_default f
    left join depot d on d.depot = c.depot
    left join vehicle v on v.vehicle_id = $1
    left join vehicle_model m on m.model = v.model;
end;

comment on function vehicle_context_at(integer, timestamptz) is
    'The context of a vehicle at an instant, in one row: … from trip_energy t cross join lateral '
    'vehicle_context_at(t.vehicle_id, t.started_at) c. Unknown attributes are null. usable_energy_source '
    'says whether the usable energy is the vehicle''s own or its model''s. zone, cut_over_hour and '
    'service_day are never null.';
