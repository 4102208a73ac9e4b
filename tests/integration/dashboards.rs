//! The dashboards over a fleet that really was stored and worked out: no panel fails, and none is
//! empty that should show something.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ayaz_cli::demo::fleet::{self, SimulatedFleet};
use ayaz_model::{ChargeState, FleetId, UnixMicroseconds, VehicleKey};
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1::VehicleStatus;
use ayaz_publisher::{Publisher, encode};
use ayaz_store::{Connection, Role, backlog, vehicles};
use jiff::{SignedDuration, Timestamp};
use system_tests::dashboards::{
    DashboardSql, dashboard_expressions, dashboard_sql, metric_names, substitute,
};
use system_tests::{Bed, Program, wait};
use tokio_postgres::SimpleQueryMessage;

use crate::fixtures::{readings, vehicle};

const DASHBOARDS: [&str; 4] = [
    "bus-days.json",
    "fleet-now.json",
    "ingest.json",
    "winter-range.json",
];

/// The fleet that `SimulatedFleet` sends as. No other test subscribes to it.
const FLEET: &str = "astana";

/// Buses that send a day.
const BUSES: usize = 3;

/// The bus that is live besides.
const LIVE_BUS: &str = "E12-900";

/// The bus that stood in the cold, whatever the hour: when those of the fleet stand depends on it.
const SOAKING_BUS: &str = "E12-901";

/// No message of ours: it becomes a dead letter.
const UNREADABLE: &[u8] = &[0xff; 8];

/// Columns that may be null in every row, and why: (panel, columns, reason). No panel may be empty.
const MAY_BE_NULL: &[(&str, &[&str], &str)] = &[
    (
        "Energy of a bus-day, by what took it",
        &["driving, estimated", "the rest, estimated"],
        "every simulated bus meters its traction",
    ),
    (
        "Energy of a bus-day, by what took it",
        &["not split"],
        "every bus-day that is complete enough has trips",
    ),
    (
        "Beside it: regeneration, fuel, the plug",
        &["heat from fuel"],
        "only every eighth bus burns fuel",
    ),
    (
        "Sessions",
        &["fuel_heat_kwh"],
        "only every eighth bus burns fuel",
    ),
    (
        "What the worker has before it",
        &["oldest"],
        "everything is worked out",
    ),
    (
        "The numbers, and what they rest on",
        &["fuel_litres", "fuel_heat_kwh"],
        "only every eighth bus burns fuel",
    ),
    (
        "Buses: cold against mild",
        &[
            "cold_range_km",
            "mild_range_km",
            "range_loss",
            "cold_kwh_per_km",
        ],
        "a bus needs three trips in the cold and three in the mild, and makes two a day",
    ),
    (
        "Buses: cold against mild",
        &["mild_kwh_per_km"],
        "it is mild for the day's first three hours, which are at night if the test runs then",
    ),
];

/// What would be a second definition of what `energy_setting` says: how much data is enough, how complete a
/// figure must be, which bands are mild. By pattern, without blanks.
const SECOND_DEFINITIONS: [&str; 9] = [
    "trips>=3",
    "trips>2",
    "hours>=1",
    "energy_seconds>=3600",
    "km>=10",
    "in(10,15)",
    "{10,15}",
    ">=0.9",
    "<-10",
];

#[test]
fn thresholds_stand_in_the_settings_alone() -> Result<()> {
    let mut texts: Vec<(String, String)> = dashboard_sql(&directory())?
        .into_iter()
        .map(|it| (format!("{}: {}", it.dashboard, it.title), it.sql))
        .collect();
    let views = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/ayaz-store/views");
    for entry in std::fs::read_dir(views)? {
        let path = entry?.path();
        texts.push((path.display().to_string(), std::fs::read_to_string(&path)?));
    }
    assert!(texts.len() > 90, "{} texts", texts.len());
    let mut found = Vec::new();
    for (place, sql) in &texts {
        let code = sql
            .lines()
            .map(|line| line.split("--").next().unwrap_or_default());
        let code: String = code.collect::<String>().split_whitespace().collect();
        let second = SECOND_DEFINITIONS.iter().filter(|it| {
            code.match_indices(**it).any(|(at, it)| {
                // `km>=100` is another number.
                !code[at + it.len()..].starts_with(|next: char| next.is_ascii_digit())
            })
        });
        found.extend(second.map(|it| format!("{place}: {it}")));
    }
    assert!(
        found.is_empty(),
        "read it from energy_setting:\n{}",
        found.join("\n")
    );
    Ok(())
}

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

    let mut bed = Bed::new().await?;
    let from = Timestamp::now() - SignedDuration::from_hours(25);
    fill(&mut bed).await?;
    let to = Timestamp::now();

    let buses = bed.owner.client.query(
        "select vehicle from vehicle where fleet = $1 order by 1",
        &[&FLEET],
    );
    let buses: Vec<String> = buses.await?.iter().map(|row| row.get(0)).collect();
    assert_eq!(buses.len(), BUSES + 2);
    let buses: Vec<&str> = buses.iter().map(String::as_str).collect();

    let reader = Connection::open(&bed.database_url.parse()?, Role::Reader).await?;
    let mut wrong = Vec::new();
    for statement in &statements {
        // What Grafana sends while nothing is chosen.
        let nothing: [(&str, &[&str]); 3] = [("fleet", &[]), ("vehicle", &[]), ("least", &["0.9"])];
        if let Err(error) = shown(&reader, statement, from, to, &nothing).await {
            wrong.push(format!("{error:#}, with nothing chosen"));
        }
        let all: [(&str, &[&str]); 3] = [
            ("fleet", &[FLEET]),
            ("vehicle", &buses),
            // Half a service day is there whatever the hour is now.
            ("least", &["0.5"]),
        ];
        match shown(&reader, statement, from, to, &all).await {
            Ok(shown) => wrong.extend(lacks(statement, &shown)),
            Err(error) => wrong.push(format!("{error:#}")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}

/// A day of the fleet, a bus that is live, and a message that became a dead letter; all worked out.
async fn fill(bed: &mut Bed) -> Result<()> {
    let ingest = ingest(bed, FLEET, 30_000).await?;
    let simulated = SimulatedFleet::winter(1, BUSES, 1);
    simulated.register(&mut bed.owner.client).await?;
    let client_id = format!("dashboards-{}", bed.fleet);
    let mut publisher = fleet::publisher(bed.mqtt_url.parse()?, &client_id).await?;
    let past = simulated.backfill(&mut publisher).await?;
    let live = send_live_bus(bed, &publisher).await? + send_soaking_bus(&publisher).await?;
    publisher.finish().await?;
    wait::until("every reading to be stored", 60, async || {
        let messages = "select (select count(*) from dead_letter)
            + (select count(*) from vehicle_status where online)";
        Ok(
            backlog::readings_stored(&bed.owner.client).await? == past.readings + live
                && bed.number(messages).await? == 2,
        )
    })
    .await
    .with_context(|| ingest.log())?;
    ingest.terminate().await?;
    bed.analyse().await?;
    ensure!(backlog::hours_pending(&bed.owner.client).await? == 0);
    Ok(())
}

/// One bus more, which is charging now, whatever the hour, and sends something unreadable as well.
/// `vehicle_now` rests on it: it leaves out what was sent late on purpose. Returns its readings.
async fn send_live_bus(bed: &Bed, publisher: &Publisher) -> Result<u64> {
    let fleet: FleetId = FLEET.parse()?;
    let bus = vehicle(LIVE_BUS);
    let key = VehicleKey {
        fleet: fleet.clone(),
        vehicle: bus.clone(),
    };
    vehicles::assign_model(&bed.owner.client, &key, ayaz_sim::E12.name).await?;
    let mut live = readings(1, 10);
    for reading in &mut live {
        let measured = &mut reading.measurements;
        measured.block = Some("10-1".into());
        measured.charge_state = Some(ChargeState::Charging);
        measured.charger_power_watts = Some(60_000.0);
        measured.charge_power_limit_kw = Some(80.0);
        measured.cell_temperature_min_celsius = Some(4.5);
        measured.battery_temperature_celsius = Some(6.0);
        measured.cabin_temperature_celsius = Some(-10.0);
        measured.low_voltage_battery_volts = Some(27.0);
        measured.alarm_level = Some(0);
    }
    // No fix: a code that the worker flags.
    live[5].measurements.latitude_degrees = Some(0.0);
    live[5].measurements.longitude_degrees = Some(0.0);
    let status = VehicleStatus {
        vehicle: LIVE_BUS.to_owned(),
        online: true,
        boot_id: 1,
    };
    let telemetry = encode::telemetry_batch(&bus, false, &live).encode_to_vec();
    let topic = encode::telemetry_topic(&fleet, &bus);
    publisher.publish(&topic, telemetry.into()).await?;
    publisher.publish(&topic, UNREADABLE.into()).await?;
    // One reading is of a clock that was never set.
    let mut unset = readings(2, 1);
    unset[0].key.recorded_at = UnixMicroseconds(60_000_000);
    let telemetry = encode::telemetry_batch(&bus, false, &unset).encode_to_vec();
    publisher.publish(&topic, telemetry.into()).await?;
    let topic = encode::status_topic(&fleet, &bus);
    let status = status.encode_to_vec();
    publisher.publish(topic, status.into()).await?;
    Ok((live.len() + unset.len()) as u64)
}

/// A bus that stood for two hours off the plug, from three hours ago on, and says it a minute. Returns
/// its readings.
async fn send_soaking_bus(publisher: &Publisher) -> Result<u64> {
    let bus = vehicle(SOAKING_BUS);
    let mut soaking = readings(1, 121);
    let began_at = soaking[0].key.recorded_at.plus(-3 * 3_600_000_000);
    for (minute, reading) in (0..).zip(&mut soaking) {
        reading.key.recorded_at = began_at.plus(minute * 60_000_000);
        let measured = &mut reading.measurements;
        measured.speed_kmh = Some(0.0);
        measured.charge_state = Some(ChargeState::Unplugged);
        measured.battery_temperature_celsius = Some(15.0 - minute as f32 / 12.0);
    }
    let telemetry = encode::telemetry_batch(&bus, true, &soaking).encode_to_vec();
    let topic = encode::telemetry_topic(&FLEET.parse()?, &bus);
    publisher.publish(&topic, telemetry.into()).await?;
    Ok(soaking.len() as u64)
}

/// The ingest daemon, subscribed to one fleet. A day is sent at once: what the broker may deliver ahead
/// of the writes stays far below the daemon's memory bound.
async fn ingest(bed: &Bed, fleet: &str, write_timeout_ms: u64) -> Result<Program> {
    let ingest = Program::daemon(
        "ayaz-ingest",
        &bed.environment(),
        &format!(
            "[mqtt]\nurl = 'mqtt://127.0.0.1'\nclient_id = 'dashboards-ingest-{}'\n\
             fleets = ['{fleet}']\nreceive_maximum = 500\n[database]\nurl = 'postgres://127.0.0.1/x'\n\
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
        let mut known = MAY_BE_NULL.iter();
        known.any(|(title, columns, _)| *title == statement.title && columns.contains(&column))
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
        "[database]\nurl = 'postgres://127.0.0.1/x'\n[refresh]\npoll_interval_ms = 50\nopen_hour_interval_s = 0\n",
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
    let publisher = bed.publisher("bus").await?;
    let good = readings(1, 10);
    bed.publish(&publisher, &bus, &good).await?;
    bed.publish(&publisher, &bus, &good).await?;
    let mut wrong = readings(2, 1);
    wrong[0].measurements.cabin_temperature_celsius = Some(1e9);
    bed.publish(&publisher, &bus, &wrong).await?;
    let topic = encode::telemetry_topic(&bed.fleet, &bus);
    publisher.publish(topic, UNREADABLE.into()).await?;
    publisher.finish().await?;
    Ok(())
}
