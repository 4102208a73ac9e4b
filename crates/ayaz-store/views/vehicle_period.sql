create or replace view vehicle_period as
select
    v.fleet,
    v.vehicle,
    v.model,
    c.vehicle_id,
    c.attribute,
    c.value,
    nullif(c.valid_from, '-infinity') as valid_from,
    nullif(c.valid_to, 'infinity') as valid_to
from vehicle_context c
join vehicle v using (vehicle_id);

comment on view vehicle_period is
    'Context of each vehicle with its period of validity: valid_from is the first instant, null means no '
    'start; valid_to is the first instant after, null means no end.';

comment on column vehicle_period.valid_from is
    'First instant at which the value is valid; null means no start.';

grant select on vehicle_period to ayaz_analytics, ayaz_operator, ayaz_reader;
