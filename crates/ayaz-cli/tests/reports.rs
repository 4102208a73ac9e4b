//! Tests of `ayaz report` with a real database.

#[path = "reports/chart.rs"]
mod chart;
#[path = "reports/tables.rs"]
mod tables;

/// Trips of one hour on three mornings, in cold, intermediate and mild weather. Also one trip alone
/// in its band.
const TRIPS: &str = "
    with trip as (
        select
            timestamptz '2026-01-10T06:00:00Z' + nth * interval '1 day'
                + place * interval '2 hours' as at,
            band,
            kwh + nth as kwh
        from (values (0, -22, 40.0), (1, -20, 35.0), (2, 15, 20.0)) as weather (place, band, kwh),
            generate_series(0, 2) as nth
        union all
        select timestamptz '2026-01-20T06:00:00Z', -30, 50.0
    ), sessions as (
        insert into session (
            vehicle_id, started_at, number, ended_at, kind, block_started_at, service_day,
            plugged_in_share, intervals, seconds, flagged_seconds, distance_seconds, km,
            energy_seconds, net_kwh, discharge_kwh, regen_kwh, paired_km, paired_net_kwh,
            standing_seconds, standing_net_kwh, exterior_kelvin_seconds, exterior_seconds
        )
        select
            1, at, 0, at + interval '1 hour', 'trip', at, at::date, 0, 3600, 3600, 0, 3600, 20,
            3600, kwh, kwh + 1, 1, 20, kwh, 0, 0, (band + 1 + 273.15) * 3600, 3600
        from trip
    )
    insert into trip_band (
        vehicle_id, started_at, number, band, band_celsius, intervals, seconds, flagged_seconds,
        distance_seconds, km, energy_seconds, net_kwh, discharge_kwh, regen_kwh, paired_km,
        paired_net_kwh, standing_seconds, standing_net_kwh, exterior_kelvin_seconds,
        exterior_seconds
    )
    select
        1, at, 0, 0, band, 3600, 3600, 0, 3600, 20, 3600, kwh, kwh + 1, 1, 20, kwh, 0, 0,
        (band + 1 + 273.15) * 3600, 3600
    from trip";
