//! Sums of the trips of a day and of a month, by the worker.

use anyhow::Result;
use ayaz_analytics::config::Config;
use ayaz_analytics::run::run_once;
use ayaz_test_db::{Database, or_skip};

/// Two buses that drive for three of every four hours around New Year, with unknown exterior
/// temperature now and then, on two routes, with gaps in the current and, for the second one, in
/// the odometer. On some trips the state of charge falls by the smallest step of a float.
const DRIVE: &str = "
    insert into vehicle (fleet, vehicle) values ('astana', 'b1'), ('astana', 'b2');
    insert into reading (
        vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
        drive_cycle, speed_kmh, odometer_km, soc_percent, pack_voltage_volts,
        pack_current_amperes, exterior_temperature_celsius, cabin_heater_power_watts, route
    )
    select v, timestamptz '2025-12-29 00:00Z' + n * interval '59.9371 seconds', 1, n, now(), 0, true,
        case when drives then n / 240 end,
        case when drives then 30 + 20 * sin(n / 7.0) else 0 end,
        case when v = 1 or n % 1440 > 700 then 1000 + n * 0.37 end,
        case when n / 240 % 5 = 0 then 0.35 else 90 end - n % 240 / 700.0,
        620 + 10 * sin(n / 11.0),
        case when n / 60 % 37 <> 5 then -60 + 120 * sin(n / 23.0) end,
        case when n % 500 > 60 then -12 + 10 * sin(n / 400.0 + v) end,
        8000 + 1000 * sin(n / 90.0),
        case when n % 97 < 50 then '12' else '7' end
    from generate_series(1, 2) v, generate_series(0, 6 * 1440) n,
        lateral (select n % 240 < 180 as drives) d;
    insert into dirty_hours (vehicle_ids, changed_from)
    select array_agg(vehicle_id), array_agg(hour)
    from (
        select distinct vehicle_id, date_trunc('hour', recorded_at, 'UTC') as hour from reading
    ) as hours";

/// What the data must contain: trips with two routes in one band, bands of unknown temperature,
/// days and months of both buses that show usable energy, trips without an odometer.
const TRIED: &str = "
    select exists (
            select from trip_band group by vehicle_id, started_at, number, band_celsius
            having count(*) > 1
        )
        and exists (select from day_band where band_celsius is null and band = 0)
        and exists (select from day_band where trip_km < km - 1)
        and (select count(distinct (vehicle_id, service_day)) from day_charge) > 8
        and (select count(*) from month_charge) = 4";

/// Whether months are sums of days.
const MONTHS_ARE_SUMS: &str = "
    select count(*) = (select count(*) from month_band) and count(*) > 0
    from (
        select vehicle_id, date_trunc('month', service_day::timestamp)::date as month, band_celsius,
            sum(trips) as trips, sum(intervals) as intervals, sum(seconds) as seconds, sum(km) as km,
            sum(net_kwh) as net_kwh, sum(heater_kwh) as heater_kwh, sum(trip_seconds) as trip_seconds,
            sum(trip_duration_seconds) as trip_duration_seconds, sum(trip_km) as trip_km,
            sum(trip_odometer_km) as trip_odometer_km
        from day_band
        group by 1, 2, 3
    ) d
    join month_band m using (
        vehicle_id, month, trips, intervals, seconds, km, net_kwh, heater_kwh, trip_seconds,
        trip_duration_seconds, trip_km, trip_odometer_km
    )
    where m.band_celsius is not distinct from d.band_celsius";

async fn rows(database: &Database, table: &str) -> Result<String> {
    let sql = format!("select jsonb_agg(to_jsonb(t))::text from {table} t");
    Ok(database.owner.client.query_one(&sql, &[]).await?.get(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn months_are_sums_of_days() -> Result<()> {
    let database = or_skip!(Database::new());
    database.execute(DRIVE).await?;
    let mut config = Config::with_database(database.url.clone());
    config.admin.enabled = false;
    run_once(config, std::future::pending()).await?;
    for question in [TRIED, MONTHS_ARE_SUMS] {
        let row = database.owner.client.query_one(question, &[]).await?;
        let days = rows(&database, "day_band").await?;
        assert!(row.get::<_, bool>(0), "{question}: {days}");
    }
    Ok(())
}
