-- How complete each vehicle's service day is. The device numbers its readings. A number that is missing
-- between a boot's first and last number of the day was not stored, was lost before the broker, or has an
-- implausible time.
create or replace view bus_day_completeness as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    d.service_day,
    d.readings,
    d.readings_missing,
    d.readings_flagged,
    d.readings_out_of_order,
    d.trips,
    d.km,
    d.odometer_km,
    d.sequence_share,
    d.trip_coverage,
    distance_share(coalesce(d.km, 0), d.odometer_km) as distance_share,
    d.unflagged_share,
    least(
        d.sequence_share,
        d.trip_coverage,
        distance_share(coalesce(d.km, 0), d.odometer_km),
        d.unflagged_share,
        d.time_share
    ) as completeness,
    d.time_share,
    d.active_seconds,
    d.still_seconds
-- Reads one vehicle at a time, and each table by its index: a query for one vehicle or a few days does not
-- read the whole history.
from vehicle v
cross join lateral (
    select
        s.*,
        coalesce(t.trips, 0) as trips,
        p.km,
        -- Starts at the last known odometer value before the day, so that driving between two days counts.
        p.odometer_end_km - least(coalesce(b.odometer_end_km, p.odometer_start_km),
            p.odometer_start_km) as odometer_km,
        covered_share(t.seconds, t.duration_seconds) as trip_coverage,
        covered_share(s.readings, s.readings + s.readings_missing) as sequence_share,
        greatest(
            1 - (s.readings_flagged + s.readings_out_of_order)::double precision
                / nullif(s.readings, 0),
            0
        ) as unflagged_share,
        -- For a day that is not over: of the time until now. A day with a single reading has no row in
        -- service_day_time; its share is 0.
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
            sum(readings_flagged)::bigint as readings_flagged,
            sum(readings_out_of_order)::bigint as readings_out_of_order,
            -- Devices may send any number. The limit keeps one bus from breaking the view for all.
            least(sum(missing), 9007199254740991)::bigint as readings_missing
        from (
            select
                service_day,
                sum(readings) as readings,
                sum(readings_flagged) as readings_flagged,
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
                    -- How often the device restarted its count before this hour.
                    sum(
                        case when counted_to > 0
                            -- The worker itself continues the numbers when a count restarts within an hour.
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
                        -- Size of the device's counter: 16 or 32 bits; 0 for larger numbers.
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
        from energy_bucket e
        where e.vehicle_id = v.vehicle_id and e.service_day = s.service_day
    ) p on true
    left join service_day_time w
        on w.vehicle_id = v.vehicle_id and w.service_day = s.service_day
    left join lateral (
        select e.odometer_end_km
        from energy_bucket e
        where e.vehicle_id = v.vehicle_id
            and e.hour <= p.first_hour and e.hour > p.first_hour - interval '7 days'
            and e.service_day < s.service_day
            and e.odometer_end_km is not null
        order by e.hour desc, e.piece desc
        limit 1
    ) b on true
    where w.is_rest is not true
) as d;

comment on view bus_day_completeness is
    'How far each vehicle''s service day can be trusted, each share 0 to 1: stored readings of those that '
    'the device numbered; measured time of the trips; integrated distance against the odometer (from its '
    'last value, at most seven days before); readings that have no flag and a correct clock; and the part of '
    'the day that is measured or known to be parked (see service_day_time). completeness is the least of '
    'them. A reading counts to the day on which it was recorded; trips and trip_coverage count to the day on '
    'which the trip began. A day has no row if it only has the last readings of an activity of the day '
    'before (is_rest of service_day_time)';

comment on column bus_day_completeness.readings is 'Readings of the day with a plausible time.';
comment on column bus_day_completeness.readings_missing is
    'Numbers between each boot''s first and last one of the day that have no reading here: not sent, lost '
    'before the broker, or set aside for an implausible time.';
comment on column bus_day_completeness.readings_flagged is
    'Readings with at least one flagged value.';
comment on column bus_day_completeness.readings_out_of_order is
    'Readings whose order by time differs from their order by number.';
comment on column bus_day_completeness.trips is 'Trips that began on the day.';
comment on column bus_day_completeness.km is 'Distance of the day, speed integrated over time, km.';
comment on column bus_day_completeness.odometer_km is
    'Distance by the odometer, from its last value at most seven days before, km.';
comment on column bus_day_completeness.sequence_share is
    'Share of the readings numbered by the device that are stored, 0 to 1.';
comment on column bus_day_completeness.trip_coverage is
    'Measured share of the time of the trips that began on the day, 0 to 1.';
comment on column bus_day_completeness.unflagged_share is
    'Share of the readings that have no flag and are in order, 0 to 1.';
comment on column bus_day_completeness.completeness is
    'How far the day can be trusted, 0 to 1: the least of the other shares.';
comment on column bus_day_completeness.time_share is
    'Share of the day that is explained, 0 to 1: active_seconds and still_seconds of the day''s time until '
    'now.';
comment on column bus_day_completeness.active_seconds is
    'Measured time of the day on trips, charging and conditioning, s.';
comment on column bus_day_completeness.still_seconds is
    'Time of the day parked, or without readings and with an unchanged odometer, s.';

grant select on bus_day_completeness to ayaz_analytics, ayaz_reader;
