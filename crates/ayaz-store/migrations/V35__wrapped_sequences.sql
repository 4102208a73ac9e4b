-- A device that counts in 16 or 32 bits begins to count again at 0, in the middle of a boot. Its numbers go
-- on: what lies between is not missing. Within an hour the worker lets them go on, so that sequence_max may
-- be larger than any number of the device; between hours the view does.

comment on column hour_sequence.sequence_max is
    'Highest number of the hour. Where the device began to count again within it (after 65535, or after '
    '4294967295), the numbers after that count on, so this one is larger than any that was sent.';

-- Hours in which it may have happened.
insert into refresh_queue (vehicle_id, hour)
select distinct vehicle_id, hour from hour_sequence
where sequence_max - sequence_min > 32768
on conflict (vehicle_id, hour) do update set changed_from = '-infinity'
    where refresh_queue.changed_from > '-infinity';

create or replace view bus_day_completeness as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    d.service_day,
    d.readings,
    d.readings_missing,
    d.readings_doubted,
    d.readings_out_of_order,
    d.trips,
    d.km,
    d.odometer_km,
    d.sequence_share,
    d.trip_coverage,
    distance_share(coalesce(d.km, 0), d.odometer_km) as distance_share,
    d.trusted_share,
    least(
        d.sequence_share,
        d.trip_coverage,
        distance_share(coalesce(d.km, 0), d.odometer_km),
        d.trusted_share,
        d.time_share
    ) as completeness,
    d.time_share,
    d.active_seconds,
    d.still_seconds
-- By vehicle, and each table by its index, so that days of one vehicle, or a range of days, do not read
-- all of the history.
from vehicle v
cross join lateral (
    select
        s.*,
        coalesce(t.trips, 0) as trips,
        p.km,
        -- From where the odometer stood before, so that driving between two days is not forgotten.
        p.odometer_end_km - least(coalesce(b.odometer_end_km, p.odometer_start_km),
            p.odometer_start_km) as odometer_km,
        covered_share(t.seconds, t.duration_seconds) as trip_coverage,
        covered_share(s.readings, s.readings + s.readings_missing) as sequence_share,
        greatest(
            1 - (s.readings_doubted + s.readings_out_of_order)::double precision
                / nullif(s.readings, 0),
            0
        ) as trusted_share,
        -- Of a day that is not over, of the time so far. A day of a single reading has no row, and
        -- nothing is accounted for.
        case when w.vehicle_id is null then 0 else covered_share(
            w.active_seconds + w.still_seconds,
            extract(epoch from least(w.ended_at, greatest(now(), w.started_at)) - w.started_at)
                ::double precision
        ) end as time_share,
        w.active_seconds,
        w.still_seconds
    from (
        select
            service_day,
            sum(readings)::bigint as readings,
            sum(readings_doubted)::bigint as readings_doubted,
            sum(readings_out_of_order)::bigint as readings_out_of_order,
            -- Numbers are the device's own and may be anything: one bus must not break the view.
            least(sum(missing), 9007199254740991)::bigint as readings_missing
        from (
            select
                service_day,
                sum(readings) as readings,
                sum(readings_doubted) as readings_doubted,
                sum(readings_out_of_order) as readings_out_of_order,
                greatest(
                    max(sequence_max::numeric + count_begun * counted_to)
                        - min(sequence_min::numeric + count_begun * counted_to)
                        + 1 - sum(readings),
                    0
                ) as missing
            from (
                select
                    e.*,
                    -- How often the device has begun to count again before this hour.
                    sum(
                        case when counted_to > 0
                            -- Within the hour before: the worker lets its numbers go on.
                            then max_before / counted_to + (
                                max_before % counted_to >= counted_to / 4 * 3
                                and sequence_min < counted_to / 4
                            )::integer
                            else 0
                        end
                    ) over (partition by service_day, boot_id order by hour) as count_begun
                from (
                    select
                        h.*,
                        coalesce(
                            lag(sequence_max) over (
                                partition by service_day, boot_id order by hour
                            ), 0
                        ) as max_before,
                        -- What a counter of 16 or 32 bits comes to; 0 where numbers are larger.
                        case
                            when max(sequence_min) over (partition by service_day, boot_id) < 65536
                                then 65536
                            when max(sequence_min) over (partition by service_day, boot_id)
                                < 4294967296 then 4294967296
                            else 0
                        end as counted_to
                    from hour_sequence h
                    where h.vehicle_id = v.vehicle_id
                ) as e
            ) as numbered
            group by service_day, boot_id
        ) as boot
        group by service_day
    ) as s
    left join lateral (
        select
            count(*) filter (where e.intervals > 0) as trips,
            sum(e.seconds) as seconds,
            sum(extract(epoch from e.ended_at - e.started_at))::double precision
                as duration_seconds
        from session e
        where e.vehicle_id = v.vehicle_id and e.service_day = s.service_day and e.kind = 'trip'
    ) t on true
    left join lateral (
        select
            min(e.hour) as first_hour,
            sum(e.km) filter (where e.distance_seconds > 0) as km,
            min(e.odometer_start_km) as odometer_start_km,
            max(e.odometer_end_km) as odometer_end_km
        from energy_piece e
        where e.vehicle_id = v.vehicle_id and e.service_day = s.service_day
    ) p on true
    left join service_day_time w
        on w.vehicle_id = v.vehicle_id and w.service_day = s.service_day
    left join lateral (
        select e.odometer_end_km
        from energy_piece e
        where e.vehicle_id = v.vehicle_id
            and e.hour <= p.first_hour and e.hour > p.first_hour - interval '7 days'
            and e.service_day < s.service_day
            and e.odometer_end_km is not null
        order by e.hour desc, e.piece desc
        limit 1
    ) b on true
    where w.is_rest is not true
) as d;
