//! Days of trips in a database from before there were any.

use anyhow::Result;
use ayaz_analytics::config::Config;
use ayaz_analytics::run::run_once;
use ayaz_store::Role;
use ayaz_store::migrate::migrate;

use crate::database::Database;
use crate::schema::migrate_to;

/// The last version that knew months alone.
const BEFORE_DAYS: i32 = 23;

/// Two buses that drive for three hours of four through the turn of a year, in air that is unknown now and
/// then, on two routes, with gaps in the current and, of the second one, in the odometer. Of some trips the
/// drop of the charge is as fine as a float is near zero.
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
    insert into touched_hours (vehicle_ids, changed_from)
    select array_agg(vehicle_id), array_agg(hour)
    from (
        select distinct vehicle_id, date_trunc('hour', recorded_at, 'UTC') as hour from reading
    ) as hours";

/// What the drive tries: trips in two routes of one band, bands of unknown air, days and months of both
/// buses that tell of the charge, trips without an odometer.
const TRIED: &str = "
    select exists (
            select from trip_band group by vehicle_id, started_at, number, band_celsius
            having count(*) > 1
        )
        and exists (select from day_band where band_celsius is null and band = 0)
        and exists (select from day_band where trip_km < km - 1)
        and (select count(distinct (vehicle_id, service_day)) from day_charge) > 8
        and (select count(*) from month_charge) = 4";

/// Columns that came later and that only readings tell: nothing is in them before the hours are worked out
/// again.
const LATER: &str = "'{cabin_heating_seconds}'::text[]";

const SUMS: [&str; 3] = ["day_band", "day_charge", "month_charge"];

/// Months as the worker of before wrote them are sums of days.
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
    let sql = format!(
        "select jsonb_agg(row order by row)::text
        from {table} t, lateral (select to_jsonb(t) - {LATER} as row) r"
    );
    Ok(database.owner.client.query_one(&sql, &[]).await?.get(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_filled_as_the_worker_sums_them() -> Result<()> {
    let worked = Database::new().await?;
    worked.execute(DRIVE).await?;
    let mut config = Config::with_database(worked.url.clone());
    config.admin.enabled = false;
    run_once(config, std::future::pending()).await?;
    let tried: bool = worked.owner.client.query_one(TRIED, &[]).await?.get(0);
    assert!(tried, "{}", rows(&worked, "day_band").await?);

    let mut old = Database::empty().await?;
    migrate_to(&mut old, BEFORE_DAYS).await?;
    for table in [
        "session",
        "trip_band",
        "month_band",
        "month_charge",
        "vehicle_band",
    ] {
        let insert = format!(
            "insert into {table} select * from jsonb_populate_recordset(null::{table}, $1::text::jsonb)"
        );
        let rows = rows(&worked, table).await?;
        old.owner.client.execute(&insert, &[&rows]).await?;
    }
    // As sums were that lay on no grid.
    old.execute("update month_charge set soc_drop_percent = soc_drop_percent + 1e-9")
        .await?;
    // A worker of before is held off, whatever it is at.
    let before = old.connect_as(Role::Analytics).await?;
    let as_of_old = "select pg_try_advisory_lock(7152020)";
    let is_worker: bool = before.client.query_one(as_of_old, &[]).await?.get(0);
    assert!(is_worker);
    migrate(&old.url).await?;
    assert!(before.client.simple_query("select 1").await.is_err());
    for table in SUMS {
        assert_eq!(
            rows(&old, table).await?,
            rows(&worked, table).await?,
            "{table}"
        );
    }
    let are_sums: bool = old
        .owner
        .client
        .query_one(MONTHS_ARE_SUMS, &[])
        .await?
        .get(0);
    assert!(are_sums, "{}", rows(&old, "month_band").await?);
    Ok(())
}
