//! The properties of `tests/arrival_order`, with a few histories of each kind, in the real
//! database: the rows of a bus whose readings arrive in any order equal those of a bus whose
//! readings arrive at once.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use ayaz_analytics::work::{Candidate, Worker};
use ayaz_energy::Sample;
use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_model::UnixMicroseconds;
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::config;
use crate::fleet::Database;
use crate::histories::{Readings, dense, readings, record, step, weeks};

/// The fixed seeds of each run; one new seed is added each time.
const SEEDS: [u64; 2] = [1, 2];

/// Hours that are refreshed together, and in a round.
const HOURS_MAX: [usize; 3] = [1, 3, 12];

/// Two buses with one history: readings of the first arrive in any order, those of the second at
/// once.
const BUSES: (i32, i32) = (1, 2);

#[tokio::test]
async fn rows_do_not_depend_on_the_order_of_arrival() -> Result<()> {
    check("readings", |runner| generate(runner, &readings())).await
}

#[tokio::test]
async fn rows_of_weeks_do_not_depend_on_the_order_of_arrival() -> Result<()> {
    check("weeks", |runner| generate(runner, &weeks())).await
}

#[tokio::test]
async fn rows_do_not_depend_on_the_order_of_arrival_if_the_clock_steps() -> Result<()> {
    check("clock steps", |runner| {
        let (samples, steps) = generate(runner, &(dense(60), vec(step(), 1..3)))?;
        Ok(record(samples, &steps).0)
    })
    .await
}

fn generate<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> Result<S::Value> {
    let tree = strategy.new_tree(runner);
    Ok(tree
        .map_err(|reason| anyhow::anyhow!("{reason}"))?
        .current())
}

async fn check(kind: &str, history: impl Fn(&mut TestRunner) -> Result<Readings>) -> Result<()> {
    for seed in SEEDS.into_iter().chain([rand::random()]) {
        println!("{kind}: seed {seed}");
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let bytes: [u8; 32] = random.random();
        let source = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let history = history(&mut TestRunner::new_with_rng(Config::default(), source))?;
        let same = same_in_any_order(&history, &mut random).await;
        same.with_context(|| format!("{kind}: seed {seed}, {} readings", history.len()))?;
    }
    Ok(())
}

async fn same_in_any_order(history: &Readings, random: &mut ChaCha8Rng) -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    let (any_order, at_once) = BUSES;
    database.enter_vehicles(&[any_order, at_once]).await?;
    let mut samples: Vec<&Sample> = history.values().collect();
    let hours_max = HOURS_MAX[random.random_range(0..HOURS_MAX.len())];
    let mut worker = worker(&database, hours_max).await?;
    samples.shuffle(random);
    for batch in samples.chunks(samples.len().div_ceil(4)) {
        database.execute(&arrive(any_order, batch)?).await?;
        // A round nearly always leaves some hours.
        for _ in 0..random.random_range(0..4) {
            worker.round().await?;
        }
    }
    database.execute(&arrive(at_once, &samples)?).await?;
    while worker.round().await?.more {}
    // One transaction, so that both have the same `now()`, on which a day's completeness depends.
    database.execute("begin").await?;
    let found = database.rows(any_order).await?;
    let expected = database.rows(at_once).await?;
    anyhow::ensure!(!expected.is_empty(), "the worker has done nothing");
    for (found, expected) in found.iter().zip(&expected) {
        anyhow::ensure!(found == expected, "{found}\nis not\n{expected}");
    }
    anyhow::ensure!(found.len() == expected.len(), "a different number of rows");
    Ok(())
}

async fn worker(database: &Database, hours_max: usize) -> Result<Worker> {
    let mut refresh = config(database).refresh;
    refresh.hours_per_transaction_max = hours_max;
    refresh.hours_per_round_max = 12;
    let candidate = Candidate::connect(&database.url).await?;
    assert!(candidate.try_become_worker().await?);
    let plausibility = PlausibilityConfig::default();
    Ok(candidate.into_worker(refresh, plausibility).await?)
}

/// Statements that insert the samples, and list them in the ledger.
fn arrive(vehicle: i32, samples: &[&Sample]) -> Result<String> {
    let mut rows = String::new();
    let mut changed_from = String::new();
    for sample in samples {
        let comma = if rows.is_empty() { "" } else { "," };
        write!(rows, "{comma}\n({})", row(vehicle, sample))?;
        write!(changed_from, "{comma}{}", instant(sample.recorded_at))?;
    }
    let count = samples.len();
    Ok(format!(
        "begin;
        insert into reading (
            vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
            drive_cycle, charge_state, route, speed_kmh, odometer_km, soc_percent,
            pack_voltage_volts, pack_current_amperes, exterior_temperature_celsius,
            cabin_heater_power_watts
        ) values {rows};
        insert into dirty_hours (vehicle_ids, changed_from)
        select array_fill({vehicle}, array[{count}]), array[{changed_from}];
        commit"
    ))
}

fn row(vehicle: i32, sample: &Sample) -> String {
    let real = |value: Option<f64>| value.map_or("null".to_owned(), |value| format!("{value:?}"));
    let number = |value: Option<i64>| value.map_or("null".to_owned(), |value| value.to_string());
    let route = sample.route.as_deref();
    let route = route.map_or("null".to_owned(), |route| format!("'{route}'"));
    [
        vehicle.to_string(),
        instant(sample.recorded_at),
        sample.boot_id.to_string(),
        sample.sequence.to_string(),
        "now(), 0, true".to_owned(),
        number(sample.drive_cycle),
        number(sample.charge_state.map(|state| i64::from(state.code()))),
        route,
        real(sample.speed_kmh),
        real(sample.odometer_km),
        real(sample.soc_percent),
        real(sample.pack_voltage_volts),
        real(sample.pack_current_amperes),
        real(sample.exterior_temperature_celsius),
        real(sample.cabin_heater_power_watts),
    ]
    .join(", ")
}

/// In winter: the histories begin in 1970.
fn instant(at: UnixMicroseconds) -> String {
    format!(
        "timestamptz '2025-12-27 00:00Z' + {} * interval '1 microsecond'",
        at.0
    )
}
