-- Distance by band of the trips that began in [since, until). It weights the usable energy that was valid in
-- that time. It reads kept sums (of all time, or of days); only around the two instants it reads single
-- trips. The service day of a trip is at most two days from its UTC date.
create or replace function band_km_between(of_vehicle integer, since timestamptz, until timestamptz)
returns table (band_celsius smallint, km double precision)
language sql stable parallel safe
begin atomic
    select part.band_celsius, sum(part.km)
    from (
        select b.band_celsius, b.paired_km as km
        from vehicle_band b
        where b.vehicle_id = of_vehicle and since = '-infinity' and until = 'infinity'
        union all
        select b.band_celsius, b.paired_km
        from day_band b
        where b.vehicle_id = of_vehicle and (since <> '-infinity' or until <> 'infinity')
            and b.service_day > coalesce((nullif(since, '-infinity') at time zone 'UTC')::date + 2, '-infinity')
            and b.service_day < coalesce((nullif(until, 'infinity') at time zone 'UTC')::date - 2, 'infinity')
        union all
        select b.band_celsius, b.paired_km
        from session s
        join trip_band b using (vehicle_id, started_at, number)
        where s.vehicle_id = of_vehicle and s.kind = 'trip'
            and (since <> '-infinity' or until <> 'infinity')
            and s.started_at >= since and s.started_at < until
            and not (
                s.service_day
                    > coalesce((nullif(since, '-infinity') at time zone 'UTC')::date + 2, '-infinity')
                and s.service_day
                    < coalesce((nullif(until, 'infinity') at time zone 'UTC')::date - 2, 'infinity')
            )
            -- Lets the index on started_at find the trips around the two instants.
            and (
                s.started_at < since + interval '6 days'
                or s.started_at >= until - interval '6 days'
            )
    ) as part
    where part.km > 0
    group by part.band_celsius;
end;

comment on function band_km_between is
    'Distance over which energy was measured, km, by band of the exterior temperature. Counts the vehicle''s '
    'trips that began in [since, until).';
