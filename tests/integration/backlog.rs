//! A database that does not answer while the broker sends a large backlog.

use std::time::Duration;

use anyhow::{Context, Result};
use ayaz_local::Options;
use ayaz_test_db::{or_skip, start};
use system_tests::processes::{family, signal};
use system_tests::{TestBed, wait};

use crate::fixtures::{readings, vehicle};

const MEMORY_MAX_BYTES: u64 = 4 << 20;
/// Memory of the daemon without the messages: code, buffers, three batches of rows.
const BESIDE_BYTES: u64 = 48 << 20;
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// The number of messages; `AYAZ_TEST_BACKLOG` sets another one, such as a million.
fn messages() -> u64 {
    let messages = std::env::var("AYAZ_TEST_BACKLOG").ok();
    messages
        .and_then(|text| text.parse().ok())
        .unwrap_or(40_000)
}

#[tokio::test]
async fn with_a_frozen_database_memory_is_bounded_and_the_connection_stays() -> Result<()> {
    let mut stack = or_skip!(start(Options::default()));
    let bed = TestBed::on(stack.database_url(), stack.mqtt_url()).await?;
    let mqtt = format!(
        "keep_alive_s = {}\nmemory_max_bytes = {MEMORY_MAX_BYTES}\nreceive_maximum = 60000",
        KEEP_ALIVE.as_secs()
    );
    let ingest = bed.ingest_configured(&mqtt, "write_timeout_ms = 3000")?;
    ingest.until_ready().await?;
    let postmaster = stack.database().and_then(|database| database.pid());
    let database = family(postmaster.context("the database's process")?)?;
    signal("STOP", &database).await?;

    let publisher = bed.publisher("bus").await?;
    let bus = vehicle("bus");
    let sent = readings(1, messages());
    for reading in &sent {
        bed.publish(&publisher, &bus, std::slice::from_ref(reading))
            .await?;
    }
    publisher.finish().await?;
    wait::until("the memory bound", 30, async || {
        Ok(ingest.metric("ayaz_ingest_intake_pauses_total").await? > 0.0)
    })
    .await?;
    // Longer than the broker waits for a silent client.
    tokio::time::sleep(KEEP_ALIVE * 2).await;
    assert!(ingest.get("/healthz").await?.contains("200 OK"));
    let answer = ingest.get("/readyz").await?;
    assert!(
        answer.contains("503") && answer.contains("\"database\""),
        "{answer}"
    );
    let connections = ingest.metric("ayaz_ingest_connections_total").await?;
    assert_eq!(
        connections,
        1.0,
        "the keep-alive was missed\n{}",
        ingest.log()
    );
    signal("CONT", &database).await?;

    let bed = bed.reconnect().await?;
    let patience = 60 + messages() / 5_000;
    wait::until("all readings to be stored", patience, async || {
        Ok(bed.number("select count(*) from reading").await? as u64 >= messages())
    })
    .await?;
    assert_eq!(
        bed.number("select count(*) from reading").await? as u64,
        messages()
    );
    ingest.until_ready().await?;
    let peak = ingest.memory_peak_bytes().context("it runs")?;
    println!("{} messages, peak {} MB", messages(), peak >> 20);
    assert!(
        peak <= MEMORY_MAX_BYTES + BESIDE_BYTES,
        "peak {} MB",
        peak >> 20
    );
    ingest.terminate().await?;
    Ok(stack.stop().await?)
}

#[tokio::test]
async fn readyz_reports_a_database_that_does_not_answer_before_a_write_fails() -> Result<()> {
    let mut stack = or_skip!(start(Options::default()));
    let bed = TestBed::on(stack.database_url(), stack.mqtt_url()).await?;
    let stall = [("AYAZ__STALL_AFTER_S", "2")];
    let ingest = bed.ingest_with(&stall, "", "write_timeout_ms = 120000")?;
    ingest.until_ready().await?;
    let postmaster = stack.database().and_then(|database| database.pid());
    let database = family(postmaster.context("the database's process")?)?;
    signal("STOP", &database).await?;

    let publisher = bed.publisher("bus").await?;
    bed.publish(&publisher, &vehicle("bus"), &readings(1, 3))
        .await?;
    publisher.finish().await?;
    let mut answer = String::new();
    wait::until("/readyz to say 503", 20, async || {
        answer = ingest.get("/readyz").await?;
        Ok(answer.contains("503"))
    })
    .await?;
    assert!(
        answer.contains("\"storing\"") && !answer.contains("\"database\""),
        "{answer}"
    );
    signal("CONT", &database).await?;

    ingest.until_ready().await?;
    assert_eq!(bed.number("select count(*) from reading").await?, 3);
    assert_eq!(ingest.metric("ayaz_ingest_write_retries_total").await?, 0.0);
    ingest.terminate().await?;
    Ok(stack.stop().await?)
}
