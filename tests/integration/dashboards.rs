//! The dashboards over a fleet that really was stored and worked out: no panel fails, and none is
//! empty that should show something.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ayaz_cli::demo::fleet::{self, SimulatedFleet};
use ayaz_publisher::encode;
use ayaz_store::{Connection, Role, backlog};
use jiff::{SignedDuration, Timestamp};
use system_tests::dashboards::{
    DashboardSql, dashboard_expressions, dashboard_sql, metric_names, substitute,
};
use system_tests::{Bed, Program, wait};
use tokio_postgres::SimpleQueryMessage;

use crate::fixtures::{readings, vehicle};

const DASHBOARDS: [&str; 3] = ["fleet-now.json", "ingest.json", "winter-range.json"];

/// The fleet that `SimulatedFleet` sends as. No other test subscribes to it.
const FLEET: &str = "astana";

const BUSES: usize = 3;

/// (panel, column, why it may be null in every row)
const MAY_BE_NULL: &[(&str, &str, &str)] = &[];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/grafana/dashboards")
}

#[tokio::test]
async fn every_panel_shows_what_a_day_of_a_fleet_brought() -> Result<()> {
    let statements = dashboard_sql(&directory())?;
    let having_sql: BTreeSet<&str> = statements
        .iter()
        .filter(|statement| !statement.title.starts_with("variable "))
        .map(|statement| statement.dashboard.as_str())
        .collect();
    assert_eq!(Vec::from_iter(having_sql), DASHBOARDS);

    let bed = Bed::new().await?;
    let from = Timestamp::now() - SignedDuration::from_hours(25);
    fill(&bed).await?;
    let to = Timestamp::now();

    let vehicles = bed.owner.client.query(
        "select vehicle from vehicle where fleet = $1 order by 1",
        &[&FLEET],
    );
    let vehicles: Vec<String> = vehicles.await?.iter().map(|row| row.get(0)).collect();
    assert_eq!(vehicles.len(), BUSES);
    let vehicles: Vec<&str> = vehicles.iter().map(String::as_str).collect();

    let reader = Connection::open(&bed.database_url.parse()?, Role::Reader).await?;
    let mut wrong = Vec::new();
    for statement in &statements {
        // What Grafana sends while nothing is chosen.
        let nothing: [(&str, &[&str]); 2] = [("fleet", &[]), ("vehicle", &[])];
        if let Err(error) = shown(&reader, statement, from, to, &nothing).await {
            wrong.push(format!("{error:#}, with nothing chosen"));
        }
        let all: [(&str, &[&str]); 2] = [("fleet", &[FLEET]), ("vehicle", &vehicles)];
        match shown(&reader, statement, from, to, &all).await {
            Ok(shown) => wrong.extend(lacks(statement, &shown)),
            Err(error) => wrong.push(format!("{error:#}")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}

/// A day of the fleet and its present, and a message that became a dead letter; all worked out.
async fn fill(bed: &Bed) -> Result<()> {
    let ingest = ingest(bed, FLEET, 30_000).await?;
    let simulated = SimulatedFleet::winter(1, BUSES, 1);
    simulated.register(&bed.owner.client).await?;
    let client_id = format!("dashboards-{}", bed.fleet);
    let mut publisher = fleet::publisher(bed.mqtt_url.parse()?, &client_id).await?;
    let past = simulated.backfill(&mut publisher).await?;
    let topic = encode::telemetry_topic(&FLEET.parse()?, &vehicle("E12-001"));
    publisher.publish(topic, vec![0xff; 8].into()).await?;

    // `vehicle_now` leaves out what was sent late on purpose, and the slowest signal comes once in
    // ten seconds, so the fleet goes on live until the last minute of each bus holds 20 readings.
    let live_buses = "select count(*) from vehicle_now where online and samples >= 20";
    let present = wait::until("every bus to be live", 60, async || {
        Ok(bed.number(live_buses).await? == BUSES as i64)
    });
    tokio::select! {
        ended = past.fleet.live(&mut publisher) => ended?,
        present = present => if let Err(e) = present { for m in bed.owner.client.simple_query("select count(*), max(recorded_at), now(), historical, time_quality from reading group by historical, time_quality").await? { eprintln!("{m:?}"); } for m in bed.owner.client.simple_query("select * from vehicle_now").await? { eprintln!("{m:?}"); } eprintln!("{}", ingest.log()); return Err(e); },
    }
    publisher.finish().await?;
    wait::until("every reading to be stored", 60, async || {
        Ok(
            backlog::readings_stored(&bed.owner.client).await? >= past.readings
                && bed.number("select count(*) from dead_letter").await? == 1,
        )
    })
    .await
    .with_context(|| ingest.log())?;
    ingest.terminate().await?;
    bed.analyse().await?;
    ensure!(backlog::hours_pending(&bed.owner.client).await? == 0);
    Ok(())
}

async fn ingest(bed: &Bed, fleet: &str, write_timeout_ms: u64) -> Result<Program> {
    let ingest = Program::daemon(
        "ayaz-ingest",
        &bed.environment(),
        &format!(
            "[mqtt]\nurl = 'mqtt://127.0.0.1'\nclient_id = 'dashboards-ingest-{}'\n\
             fleets = ['{fleet}']\n[database]\nurl = 'postgres://127.0.0.1/x'\n\
             write_timeout_ms = {write_timeout_ms}\n",
            bed.fleet,
        ),
    )?;
    ingest.until_ready().await?;
    Ok(ingest)
}

/// What a statement gave.
struct Shown {
    rows: u64,
    null_columns: Vec<String>,
}

/// Runs a statement as Grafana does: as the reader, its variables written into the text.
async fn shown(
    reader: &Connection,
    statement: &DashboardSql,
    from: Timestamp,
    to: Timestamp,
    variables: &[(&str, &[&str])],
) -> Result<Shown> {
    let sql = substitute(&statement.sql, from, to, variables);
    let answer = reader.client.simple_query(&sql).await;
    let answer = answer.with_context(|| name(statement))?;
    let mut shown = Shown {
        rows: 0,
        null_columns: Vec::new(),
    };
    for message in &answer {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                shown.null_columns = columns.iter().map(|c| c.name().to_owned()).collect();
            }
            SimpleQueryMessage::Row(row) => {
                shown.rows += 1;
                shown
                    .null_columns
                    .retain(|column| row.get(column.as_str()).is_none());
            }
            _ => {}
        }
    }
    Ok(shown)
}

/// What a panel should show and does not.
fn lacks(statement: &DashboardSql, shown: &Shown) -> Vec<String> {
    let name = name(statement);
    if shown.rows == 0 {
        return vec![format!("{name}: no rows")];
    }
    let may_be_null = |column: &str| {
        MAY_BE_NULL
            .iter()
            .any(|(title, may, _)| *title == statement.title && *may == column)
    };
    let null = shown.null_columns.iter();
    null.filter(|column| !may_be_null(column))
        .map(|column| format!("{name}: {column} is null in each of {} rows", shown.rows))
        .collect()
}

fn name(statement: &DashboardSql) -> String {
    format!("{}, {}", statement.dashboard, statement.title)
}

#[tokio::test]
async fn every_metric_that_a_dashboard_reads_is_offered() -> Result<()> {
    let expressions = dashboard_expressions(&directory())?;
    assert!(expressions.len() > 20, "{expressions:#?}");

    let bed = Bed::new().await?;
    let ingest = ingest(&bed, bed.fleet.as_str(), 500).await?;
    let worker = Program::daemon(
        "ayaz-analytics",
        &bed.environment(),
        "[database]\nurl = 'postgres://127.0.0.1/x'\n[refresh]\npoll_interval_ms = 50\n",
    )?;
    worker.until_ready().await?;
    // A counter is offered once it has counted, so something of everything has to happen: first a
    // database that does not answer within the time limit of a write.
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

    // Prometheus itself offers this one.
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
            missing.push(format!("{dashboard}, {title}: nobody offers {name}"));
        }
    }
    assert!(missing.is_empty(), "\n{}\n{offered:#?}", missing.join("\n"));
    ingest.terminate().await?;
    worker.terminate().await
}

/// A message, the same again, one with a value that cannot be true, and one that cannot be read.
async fn send_one_of_each_kind(bed: &Bed) -> Result<()> {
    let bus = vehicle("E12-001");
    let mut publisher = bed.publisher("bus").await?;
    let good = readings(1, 10);
    bed.publish(&mut publisher, &bus, &good).await?;
    bed.publish(&mut publisher, &bus, &good).await?;
    let mut wrong = readings(2, 1);
    wrong[0].measurements.cabin_temperature_celsius = Some(1e9);
    bed.publish(&mut publisher, &bus, &wrong).await?;
    let topic = encode::telemetry_topic(&bed.fleet, &bus);
    publisher.publish(topic, vec![0xff; 8].into()).await?;
    publisher.finish().await?;
    Ok(())
}
