-- Fills the gaps between depots with the default, so that one rule is valid for every instant of a vehicle.
create or replace view service_day_period as
select
    c.vehicle_id,
    d.depot,
    d.zone,
    d.cut_over_hour,
    nullif(c.valid_from, '-infinity') as valid_from,
    nullif(c.valid_to, 'infinity') as valid_to
from vehicle_context c
join depot d on d.depot = c.depot
union all
select
    v.vehicle_id,
    null,
    f.zone,
    f.cut_over_hour,
    lower(gap),
    upper(gap)
from service_day_default f
cross join vehicle v
cross join lateral unnest(
    '{(,)}'::tstzmultirange - coalesce((
        select range_agg(
            tstzrange(nullif(c.valid_from, '-infinity'), nullif(c.valid_to, 'infinity'))
        )
        from vehicle_context c
        where c.vehicle_id = v.vehicle_id and c.attribute = 'depot'
    ), '{}')
) as gap;

comment on view service_day_period is
    'The zone and the cut-over hour of each vehicle''s service days, by period: those of its depot, or of '
    'service_day_default where depot is null. The periods of a vehicle have no gaps; a null end is open.';

comment on column service_day_period.depot is
    'The depot whose rule is valid; null means service_day_default.';
comment on column service_day_period.valid_from is
    'First instant at which the rule is valid; null means no start.';

grant select on service_day_period to ayaz_analytics, ayaz_operator, ayaz_reader;
