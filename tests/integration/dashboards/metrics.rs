//! The daemons export every metric that a dashboard reads.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use ayaz_model::TopicKind;
use ayaz_test_db::or_skip;
use system_tests::dashboards::{dashboard_expressions, metric_names};
use system_tests::{Program, TestBed, wait};

use super::directory;
use super::fill::{UNREADABLE, ingest};
use crate::fixtures::{readings, vehicle};

#[tokio::test]
async fn every_metric_that_a_dashboard_reads_is_exported() -> Result<()> {
    let expressions = dashboard_expressions(&directory())?;
    assert!(expressions.len() > 20, "{expressions:#?}");

    let bed = or_skip!(TestBed::new());
    let ingest = ingest(&bed, bed.fleet.as_str(), 500).await?;
    let worker = Program::daemon(
        "ayaz-analytics",
        &bed.environment(),
        "[database]\nurl = 'postgres://127.0.0.1/x'\n[refresh]\npoll_interval_ms = 50\nopen_hour_interval_s = 0\n",
    )?;
    worker.until_ready().await?;
    // A counter is exported after its first event, so each event must happen: first a database that does
    // not answer within the timeout of a write.
    let owner = &bed.owner.client;
    owner.batch_execute("begin; lock table vehicle").await?;
    send_one_of_each_kind(&bed).await?;
    wait::until("a write to be tried again", 30, async || {
        Ok(ingest.metric("ayaz_ingest_write_retries_total").await? >= 1.0)
    })
    .await?;
    owner.batch_execute("commit").await?;
    wait::until("all four messages and their hours", 30, async || {
        let acknowledged = "ayaz_ingest_messages_acknowledged_total";
        Ok(ingest.metric(acknowledged).await? >= 4.0
            && worker
                .metric("ayaz_analytics_hours_refreshed_total")
                .await?
                >= 1.0)
    })
    .await
    .with_context(|| ingest.log() + &worker.log())?;

    // Prometheus itself has this one.
    let mut offered = BTreeSet::from(["up".to_owned()]);
    for program in [&ingest, &worker] {
        let text = program.get("/metrics").await?;
        let samples = text.lines().filter(|line| line.starts_with("ayaz_"));
        offered.extend(samples.filter_map(|line| Some(line.split(['{', ' ']).next()?.to_owned())));
    }
    let mut missing = Vec::new();
    for expression in &expressions {
        let names = metric_names(&expression.expression);
        assert!(!names.is_empty(), "{expression:?} reads no metric");
        for name in names.iter().filter(|name| !offered.contains(*name)) {
            let (dashboard, title) = (&expression.dashboard, &expression.title);
            missing.push(format!("{dashboard}, {title}: no daemon exports {name}"));
        }
    }
    assert!(missing.is_empty(), "\n{}\n{offered:#?}", missing.join("\n"));
    ingest.terminate().await?;
    worker.terminate().await
}

/// Sends a message, the same again, one with an invalid value, and an invalid one.
async fn send_one_of_each_kind(bed: &TestBed) -> Result<()> {
    let bus = vehicle("E12-001");
    let publisher = bed.publisher("bus").await?;
    let good = readings(1, 10);
    bed.publish(&publisher, &bus, &good).await?;
    bed.publish(&publisher, &bus, &good).await?;
    let mut wrong = readings(2, 1);
    wrong[0].measurements.cabin_temperature_celsius = Some(1e9);
    bed.publish(&publisher, &bus, &wrong).await?;
    let topic = TopicKind::Telemetry.topic(&bed.fleet, &bus);
    publisher.publish(topic, UNREADABLE.into()).await?;
    publisher.finish().await?;
    Ok(())
}
