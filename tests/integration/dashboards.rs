//! Runs the dashboards on a stored fleet: no panel fails, and none is empty that should show values.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ayaz_store::{Connection, Role};
use ayaz_test_db::or_skip;
use jiff::{SignedDuration, Timestamp};
use system_tests::TestBed;
use system_tests::dashboards::{DashboardSql, dashboard_sql, substitute};
use tokio_postgres::SimpleQueryMessage;

mod fill;
mod metrics;
mod thresholds;

use fill::{BUSES, FLEET, fill};

const DASHBOARDS: [&str; 4] = [
    "bus-days.json",
    "fleet-now.json",
    "ingest.json",
    "winter-range.json",
];

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

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/grafana/dashboards")
}

#[tokio::test]
async fn every_panel_shows_values_after_a_day_of_a_fleet() -> Result<()> {
    let statements = dashboard_sql(&directory())?;
    let having_sql: BTreeSet<&str> = statements
        .iter()
        .filter(|statement| !statement.title.starts_with("variable "))
        .map(|statement| statement.dashboard.as_str())
        .collect();
    assert_eq!(Vec::from_iter(having_sql), DASHBOARDS);

    let mut bed = or_skip!(TestBed::new());
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
        // The values of Grafana while nothing is selected.
        let nothing: [(&str, &[&str]); 3] = [("fleet", &[]), ("vehicle", &[]), ("least", &["0.9"])];
        if let Err(error) = shown(&reader, statement, from, to, &nothing).await {
            wrong.push(format!("{error:#}, with nothing selected"));
        }
        let all: [(&str, &[&str]); 3] = [
            ("fleet", &[FLEET]),
            ("vehicle", &buses),
            // At any hour, at least half a service day is stored.
            ("least", &["0.5"]),
        ];
        match shown(&reader, statement, from, to, &all).await {
            Ok(shown) => wrong.extend(missing(statement, &shown)),
            Err(error) => wrong.push(format!("{error:#}")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}

/// The result of a statement.
struct Shown {
    rows: u64,
    null_columns: Vec<String>,
}

/// Runs a statement as Grafana does: as the reader, with the variables in the text.
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

/// The rows and columns that a panel should show and does not.
fn missing(statement: &DashboardSql, shown: &Shown) -> Vec<String> {
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
