//! A bus that floods beside a calm one.

use std::time::{Duration, Instant};

use anyhow::Result;
use ayaz_test_db::or_skip;
use system_tests::{TestBed, wait};

use crate::fixtures::{readings, vehicle};

const MESSAGES: u64 = 60;
const READINGS_PER_MESSAGE: usize = 1_000;

/// How soon after the start of the daemon the readings of a calm bus must be visible.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_calm_bus_does_not_wait_for_one_that_floods() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    // The session exists, so the broker keeps all messages, the flood first.
    bed.ingest().await?.terminate().await?;
    let publisher = bed.publisher("buses").await?;
    let (wild, calm) = (vehicle("wild"), vehicle("calm"));
    let flood = readings(1, MESSAGES * READINGS_PER_MESSAGE as u64);
    for part in flood.chunks(READINGS_PER_MESSAGE) {
        bed.publish(&publisher, &wild, part).await?;
    }
    bed.publish(&publisher, &calm, &readings(2, 1)).await?;
    publisher.finish().await?;

    // Small batches, so that a writer is soon free, and a small bound for each vehicle.
    let mqtt = "vehicle_memory_max_bytes = 500000";
    let ingest = bed.ingest_configured(mqtt, "[batch]\nrows_max = 4000")?;
    ingest.until_ready().await?;
    let ready = Instant::now();
    let of = async |vehicle: &str| {
        let sql = format!(
            "select count(*) from reading join vehicle using (vehicle_id) where vehicle = '{vehicle}'"
        );
        bed.number(&sql).await
    };
    let mut flooded = 0;
    wait::until("the readings of the calm bus", 120, async || {
        flooded = of("wild").await?;
        Ok(of("calm").await? == 1)
    })
    .await?;
    let waited = ready.elapsed();
    println!("stored after {waited:?}, with {flooded} readings of the flood before");
    assert!(waited < SOON, "{waited:?}");
    let sent = flood.len() as i64;
    assert!(
        flooded < sent / 2,
        "{flooded} of {sent} readings of the flood were stored before"
    );

    wait::until("the flood to be stored too", 120, async || {
        Ok(of("wild").await? == sent)
    })
    .await?;
    let held_back = ingest
        .metric("ayaz_ingest_messages_held_back_total")
        .await?;
    assert!(held_back > 0.0);
    let log = ingest.log();
    let named = log
        .matches("this vehicle sends more than all others")
        .count();
    assert!(named == 1 && log.contains("/wild"), "{log}");
    wait::until("no vehicle over the bound", 20, async || {
        Ok(ingest.metric("ayaz_ingest_vehicles_over_bound").await? == 0.0)
    })
    .await?;
    wait::until("all to be acknowledged", 20, async || {
        let acknowledged = "ayaz_ingest_messages_acknowledged_total";
        Ok(ingest.metric(acknowledged).await? == MESSAGES as f64 + 1.0)
    })
    .await?;
    ingest.terminate().await
}
