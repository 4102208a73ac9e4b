-- Compares each bus in the cold with itself in mild weather. Uses trips that are complete enough, and bands
-- that have enough data each. Counts a trip once, even if it touches several bands.
create or replace function cold_against_mild(
    -- Null means all.
    fleets text[],
    vehicles text[],
    -- Trips that began in [since, until); null means no limit.
    since timestamptz,
    until timestamptz,
    -- Minimum completeness of a trip, 0 to 1. 0 takes all trips; null takes the value of energy_setting.
    completeness_min double precision
)
returns table (
    fleet text,
    vehicle text,
    model text,
    vehicle_id integer,
    cold_range_km double precision,
    mild_range_km double precision,
    range_loss_share double precision,
    cold_kwh_per_km double precision,
    cold_trips bigint,
    cold_seconds double precision,
    is_cold_cabin boolean,
    mild_kwh_per_km double precision,
    mild_trips bigint,
    mild_seconds double precision,
    usable_energy_kwh double precision,
    usable_energy_source text
)
language sql stable parallel safe
begin atomic
    with bucket as (
        select trip_part.*, is_cold(band_celsius, setting) as is_in_cold
        from trip_part
        cross join energy_setting as setting
        where (fleets is null or fleet = any (fleets))
            and (vehicles is null or vehicle = any (vehicles))
            and (since is null or trip_began_at >= since)
            and (until is null or trip_began_at < until)
            and is_complete(trip_completeness, cold_against_mild.completeness_min, setting)
            and (is_cold(band_celsius, setting) or is_mild(band_celsius, setting))
    ), enough as (
        select vehicle_id, band_celsius
        from bucket
        group by vehicle_id, band_celsius
        having has_enough_data(
            count(distinct (started_at, number)) filter (where intervals > 0),
            sum(energy_seconds),
            sum(paired_km)
        )
    ), judged as (
        select bucket.*, enough.vehicle_id is not null as is_enough
        from bucket
        left join enough on enough.vehicle_id = bucket.vehicle_id
            and enough.band_celsius = bucket.band_celsius
    ), compared as (
        -- A bus without enough data has a row without figures.
        select
            fleet,
            vehicle,
            model,
            vehicle_id,
            is_in_cold,
            count(distinct (started_at, number)) filter (where intervals > 0 and is_enough) as trips,
            coalesce(sum(seconds) filter (where is_enough), 0) as seconds,
            sum(paired_net_kwh) filter (where is_enough)
                / nullif(sum(paired_km) filter (where is_enough), 0) as kwh_per_km,
            sum((usable_energy_kwh * paired_km)::numeric)::double precision
                / nullif(sum(paired_km) filter (where usable_energy_kwh is not null), 0)
                as usable_energy_kwh,
            max(usable_energy_source) as usable_energy_source,
            sum((usable_energy_kwh * paired_km)::numeric) filter (where is_enough)::double precision
                as usable_kwh_km,
            sum(paired_net_kwh) filter (where is_enough and usable_energy_kwh is not null)
                as usable_net_kwh,
            is_cabin_cold(
                sum(cabin_kelvin_seconds) filter (where is_enough),
                sum(cabin_seconds) filter (where is_enough),
                sum(setpoint_seconds) filter (where is_enough),
                sum(cabin_cold_seconds) filter (where is_enough)
            ) as is_cold_cabin
        from judged
        group by fleet, vehicle, model, vehicle_id, is_in_cold
    )
    select
        coalesce(c.fleet, m.fleet),
        coalesce(c.vehicle, m.vehicle),
        coalesce(c.model, m.model),
        coalesce(c.vehicle_id, m.vehicle_id),
        case when c.usable_net_kwh > 0 then c.usable_kwh_km / c.usable_net_kwh end,
        case when m.usable_net_kwh > 0 then m.usable_kwh_km / m.usable_net_kwh end,
        case when c.kwh_per_km > 0 and m.kwh_per_km > 0 then 1 - m.kwh_per_km / c.kwh_per_km end,
        c.kwh_per_km,
        coalesce(c.trips, 0),
        coalesce(c.seconds, 0),
        c.is_cold_cabin,
        m.kwh_per_km,
        coalesce(m.trips, 0),
        coalesce(m.seconds, 0),
        coalesce(c.usable_energy_kwh, m.usable_energy_kwh),
        coalesce(c.usable_energy_source, m.usable_energy_source)
    from (select * from compared where is_in_cold) as c
    full join (select * from compared where not is_in_cold) as m using (vehicle_id);
end;

comment on function cold_against_mild is
    'Range and consumption of each bus in the cold (energy_setting.cold_celsius_max) and in mild weather '
    '(mild_bands_celsius), and the share of range that it loses in the cold.';
