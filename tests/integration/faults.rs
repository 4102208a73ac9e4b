//! Servers and daemons that end in the middle. All messages that the broker has acknowledged must be stored
//! once.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ayaz_local::Options;
use ayaz_test_db::{or_skip, start};
use system_tests::{TestBed, wait};
use tokio::sync::Mutex;

use crate::fixtures::{readings, vehicle};

const MESSAGES: usize = 400;
const READINGS_PER_MESSAGE: usize = 10;
const READINGS: usize = MESSAGES * READINGS_PER_MESSAGE;

/// How long a server is stopped. `AYAZ_TEST_OUTAGE_S` can make it longer than all timeouts.
fn outage() -> Duration {
    let seconds = std::env::var("AYAZ_TEST_OUTAGE_S")
        .ok()
        .and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

/// Sends all messages. Calls `fault` after a third and `repair` after two thirds.
async fn send(
    bed: &TestBed,
    mut fault: impl AsyncFnMut() -> Result<()>,
    mut repair: impl AsyncFnMut() -> Result<()>,
) -> Result<()> {
    let publisher = bed.publisher("bus").await?;
    let bus = vehicle("bus");
    for (number, part) in readings(1, READINGS as u64)
        .chunks(READINGS_PER_MESSAGE)
        .enumerate()
    {
        if number == MESSAGES / 3 {
            fault().await?;
        }
        if number == MESSAGES * 2 / 3 {
            repair().await?;
        }
        bed.publish(&publisher, &bus, part).await?;
    }
    assert_eq!(publisher.finish().await?.messages, MESSAGES as u64);
    Ok(())
}

async fn all_stored_once(bed: &TestBed) -> Result<()> {
    let stored = "select count(*) from reading";
    wait::until("all readings to be stored", 60, async || {
        Ok(bed.number(stored).await? >= READINGS as i64)
    })
    .await?;
    assert_eq!(bed.number(stored).await?, READINGS as i64);
    assert_eq!(bed.number("select count(*) from dead_letter").await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_daemon_is_killed_and_started_again() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    let daemon = std::cell::RefCell::new(Some(bed.ingest().await?));
    send(
        &bed,
        async || {
            let running = daemon.take().context("running")?;
            running.kill().await
        },
        async || {
            daemon.replace(Some(bed.ingest().await?));
            Ok(())
        },
    )
    .await?;
    all_stored_once(&bed).await?;
    daemon.take().context("running")?.terminate().await
}

#[tokio::test]
async fn the_database_stops_and_starts_again() -> Result<()> {
    let mut stack = or_skip!(start(Options::default()));
    let bed = TestBed::on(stack.database_url(), stack.mqtt_url()).await?;
    let ingest = bed.ingest().await?;
    let database = Mutex::new(stack.database().context("a private database")?);
    send(
        &bed,
        async || Ok(database.lock().await.stop().await?),
        async || {
            wait::until("/readyz to say 503", 20, async || {
                Ok(ingest.get("/readyz").await?.contains("503"))
            })
            .await?;
            let answer = ingest.get("/readyz").await?;
            assert!(answer.contains("\"database\""), "{answer}");
            tokio::time::sleep(outage()).await;
            assert!(ingest.get("/healthz").await?.contains("200 OK"));
            Ok(database.lock().await.start().await?)
        },
    )
    .await?;
    let bed = bed.reconnect().await?;
    all_stored_once(&bed).await?;
    ingest.until_ready().await?;
    ingest.terminate().await?;
    Ok(stack.stop().await?)
}

#[tokio::test]
async fn the_broker_stops_and_starts_again() -> Result<()> {
    let mut stack = or_skip!(start(Options::default()));
    let bed = TestBed::on(stack.database_url(), stack.mqtt_url()).await?;
    let ingest = bed.ingest().await?;
    let broker = stack.broker().context("a private broker")?;
    send(
        &bed,
        async || {
            broker.stop().await?;
            tokio::time::sleep(outage()).await;
            Ok(broker.start().await?)
        },
        async || Ok(()),
    )
    .await?;
    all_stored_once(&bed).await?;
    ingest.terminate().await?;
    Ok(stack.stop().await?)
}

#[tokio::test]
async fn a_backlog_larger_than_the_memory_bound_is_stored_in_parts() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    // The session exists, and the daemon is stopped while all messages are sent.
    bed.ingest().await?.terminate().await?;
    send(&bed, async || Ok(()), async || Ok(())).await?;
    let mqtt = "receive_maximum = 2000\npacket_max_bytes = 60000\nmemory_max_bytes = 60000";
    let ingest = bed.ingest_configured(mqtt, "[limits]\npayload_max_bytes = 50000")?;
    ingest.until_ready().await?;
    all_stored_once(&bed).await?;
    wait::until("all to be acknowledged", 20, async || {
        Ok(ingest
            .metric("ayaz_ingest_messages_acknowledged_total")
            .await?
            >= MESSAGES as f64)
    })
    .await?;
    let pauses = ingest.metric("ayaz_ingest_intake_pauses_total").await?;
    assert!(pauses > 0.0, "the test must reach the bound");
    let connections = ingest.metric("ayaz_ingest_connections_total").await?;
    assert_eq!(connections, 1.0, "no message is delivered twice");
    ingest.terminate().await
}

#[tokio::test]
async fn two_daemons_with_one_client_id_report_it_and_reconnect_slowly() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    let mqtt = "takeover_delay_max_ms = 4000";
    let first = bed.ingest_configured(mqtt, "")?;
    first.until_ready().await?;
    let second = bed.ingest_configured(mqtt, "")?;
    let started = Instant::now();
    wait::until("the first to report it", 20, async || {
        let answer = first.get("/readyz").await?;
        Ok(answer.contains("another client uses the client id"))
    })
    .await?;
    // Another thread writes the log, so a line may come later.
    wait::until("the first to log it", 20, async || {
        let log = first.log();
        Ok(log.contains("ERROR") && log.contains("each client needs its own login"))
    })
    .await
    .with_context(|| first.log())?;

    send(&bed, async || Ok(()), async || Ok(())).await?;
    all_stored_once(&bed).await?;
    let connections = "ayaz_ingest_connections_total";
    let both = first.metric(connections).await? + second.metric(connections).await?;
    // The broker disconnects each at once, and the daemon then waits for 2 to 4 s.
    let most = 4.0 + started.elapsed().as_secs_f64();
    assert!(both <= most, "{both} connections are too many");
    // The one that still runs works alone.
    second.kill().await?;
    first.until_ready().await?;
    first.terminate().await
}
