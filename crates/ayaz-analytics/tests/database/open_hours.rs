//! An open hour is refreshed from a checkpoint, with the same result.

use anyhow::Result;
use ayaz_analytics::work::{Candidate, Work, Worker};
use ayaz_energy::plausibility::PlausibilityConfig;

use crate::config;
use crate::fleet::Database;

/// The bus whose readings arrive little by little, and the one whose readings arrive at once.
const LIVE: i32 = 1;
const WHOLE: i32 = 2;

/// A worker with this much memory for checkpoints that refreshes open hours without delay.
async fn worker(database: &Database, open_hours_memory_max_bytes: u64) -> Result<Worker> {
    let mut refresh = config(database).refresh;
    refresh.open_hour_interval_s = 0;
    refresh.open_hours_memory_max_bytes = open_hours_memory_max_bytes;
    let candidate = Candidate::connect(&database.url).await?;
    assert!(candidate.try_become_worker().await?);
    Ok(candidate
        .into_worker(refresh, PlausibilityConfig::default())
        .await?)
}

async fn refresh_all(worker: &mut Worker) -> Result<Work> {
    let mut work = Work::default();
    loop {
        let round = worker.round().await?;
        work += round.work;
        if !round.more {
            return Ok(work);
        }
    }
}

/// Inserts a reading a second of the hour after the open one, so that it does not end during the
/// test: the seconds from `from` to before `to` for which the condition holds.
async fn arrive(
    database: &Database,
    vehicle: i32,
    (from, to): (i32, i32),
    condition: &str,
) -> Result<()> {
    let sql = format!(
        "with arrived as (
            insert into reading (
                vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
                speed_kmh, odometer_km, pack_voltage_volts, pack_current_amperes,
                exterior_temperature_celsius, cabin_heater_power_watts
            )
            select {vehicle},
                date_trunc('hour', now(), 'UTC') + interval '1 hour' + s * interval '1 second', 1,
                10000 + s, now(), 0, false,
                case when s % 900 < 800 then 30 + 20 * sin(s / 37.0) else 0 end, 1000 + s / 100.0,
                620 + 10 * sin(s / 11.0), -60 + 120 * sin(s / 23.0), -20 - s / 1500.0, 8000
            from generate_series({from}, {to} - 1) s where {condition}
            on conflict do nothing
            returning vehicle_id, recorded_at
        ), hours as (
            select vehicle_id, min(recorded_at) as changed_from from arrived
            group by vehicle_id, date_trunc('hour', recorded_at, 'UTC')
        )
        insert into dirty_hours (vehicle_ids, changed_from)
        select array_agg(vehicle_id), array_agg(changed_from) from hours"
    );
    database.execute(&sql).await
}

#[tokio::test]
async fn a_growing_hour_uses_its_checkpoint_and_late_readings_cause_a_complete_read() -> Result<()>
{
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    database
        .execute(
            "insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
            values (1, 'test', 'bus-1'), (2, 'test', 'bus-2')",
        )
        .await?;
    let mut live = worker(&database, 1 << 28).await?;
    arrive(&database, LIVE, (-600, 1_200), "s % 50 <> 0").await?;
    refresh_all(&mut live).await?;
    let mut grows = async |seconds, condition: &str| -> Result<u64> {
        arrive(&database, LIVE, seconds, condition).await?;
        Ok(refresh_all(&mut live).await?.readings)
    };
    // The two minutes before the newest reading, and the new readings.
    let tail = 120..=200;
    for minute in 20..30 {
        let seconds = (60 * minute, 60 * minute + 60);
        let readings = grows(seconds, "true").await?;
        assert!(tail.contains(&readings), "{readings} in minute {minute}");
    }
    // From a dead zone: reads the hour, and the readings of the hour before that affect it.
    let whole = 2_000..=2_300;
    let readings = grows((300, 301), "true").await?;
    assert!(whole.contains(&readings), "{readings}");
    let readings = grows((1_800, 1_860), "true").await?;
    assert!(tail.contains(&readings), "{readings}");
    // Late readings of the hour before make this one outdated too.
    let readings = grows((-100, -99), "true").await?;
    assert!(readings > 2_000, "{readings}");
    let readings = grows((1_860, 1_920), "true").await?;
    assert!(tail.contains(&readings), "{readings}");
    // Another service day, or another worker.
    let depot = "insert into depot values ('north', 'Asia/Almaty', 3);
        insert into vehicle_context (vehicle_id, attribute, value, valid_from)
        values (1, 'depot', 'north', '-infinity'), (2, 'depot', 'north', '-infinity')";
    database.execute(depot).await?;
    let readings = grows((1_920, 1_980), "true").await?;
    assert!(readings > 2_000, "{readings}");
    drop(live);
    let mut next = worker(&database, 0).await?;
    for minute in 33..35 {
        arrive(&database, LIVE, (60 * minute, 60 * minute + 60), "true").await?;
        let readings = refresh_all(&mut next).await?.readings;
        assert!(readings > 2_000, "{readings} without room");
    }

    let of_both = "s % 50 <> 0 or s >= 1200 or s in (300, -100)";
    arrive(&database, WHOLE, (-600, 2_100), of_both).await?;
    refresh_all(&mut next).await?;
    // One transaction, so that both have the same `now()`, on which a day's completeness depends.
    database.execute("begin").await?;
    let (live, whole) = (database.rows(LIVE).await?, database.rows(WHOLE).await?);
    assert_eq!(live.len(), whole.len());
    for (live, whole) in live.iter().zip(&whole) {
        assert_eq!(live, whole);
    }
    Ok(())
}
