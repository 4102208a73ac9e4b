-- The default in the gaps between depots, so that every instant of a vehicle has one rule.
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
    'By which zone and cut-over hour the service days of each vehicle are told, and when: its depot''s, '
    'or where depot is null those of service_day_default. The periods of a vehicle leave no gap; a null '
    'end is open.';

comment on column service_day_period.depot is
    'The depot whose rule holds; null where service_day_default does.';
comment on column service_day_period.valid_from is
    'First instant at which the rule holds; null is since ever.';

grant select on service_day_period to ayaz_analytics, ayaz_operator, ayaz_reader;
