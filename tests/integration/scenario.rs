//! Sends a cold snap through all processes, with late and repeated messages, and compares every bus-day
//! with the truth.

mod preheating;

use std::collections::{BTreeMap, HashSet};

use anyhow::{Context, Result, ensure};
use ayaz_sim::Scenario;
use ayaz_test_db::or_skip;
use jiff::Timestamp;
use rand::RngExt;
use system_tests::{TestBed, truth, wait};

const BUSES: usize = 3;
const DAYS: u32 = 2;
const FIRST_DAY: &str = "2026-01-12";

/// Relative tolerance.
const RELATIVE: f64 = 0.01;
/// Absolute tolerance for small figures, kWh, km and l.
const ABSOLUTE: f64 = 0.02;

/// Faults after which readings or values are left out, so that energy is missing and the day is incomplete.
const LEAVE_OUT: &[&str] = &[
    "clock_jump",
    "clock_unset",
    "reboot",
    "lost",
    "stuck",
    "ramp",
];

/// A figure of the truth, and the same figure of `day_energy`.
const FIGURES: &[(&str, &str)] = &[
    ("distance_km", "km"),
    ("fuel_litres", "coalesce(fuel_litres, 0)"),
    ("unplugged_out_of_battery_kwh", "discharge_kwh"),
    ("unplugged_into_battery_kwh", "regen_kwh"),
    ("unplugged_traction_kwh", "traction_kwh"),
    ("unplugged_cabin_heater_kwh", "heater_kwh"),
    (
        "plugged_in_cabin_heater_kwh",
        "coalesce(plugged_heater_kwh, 0)",
    ),
    ("unplugged_heat_pump_kwh", "heat_pump_kwh"),
    ("unplugged_battery_heater_kwh", "battery_heater_kwh"),
    (
        "plugged_in_battery_heater_kwh",
        "coalesce(plugged_battery_heater_kwh, 0)",
    ),
    ("unplugged_air_conditioning_kwh", "air_conditioning_kwh"),
    ("unplugged_auxiliary_kwh", "auxiliary_kwh"),
    ("plugged_in_charger_kwh", "coalesce(charger_kwh, 0)"),
];

/// Readings of clocks that jump into the future are set aside.
const STORED: &str =
    "select (select count(*) from reading) + (select count(*) from reading_set_aside)";

#[tokio::test]
async fn a_cold_snap_sent_over_mqtt_gives_the_truth() -> Result<()> {
    let seed: u64 = rand::rng().random_range(0..1_000);
    println!("seed {seed}");
    let bed = or_skip!(TestBed::new());
    let ingest = bed.ingest().await?;
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let [seed_text, buses, days] = [seed, BUSES as u64, DAYS.into()].map(|n| n.to_string());
    bed.ayaz(&[
        "simulate",
        "cold-snap",
        "--fleet",
        bed.fleet.as_str(),
        "--output-dir",
        &path(""),
        "--seed",
        &seed_text,
        "--buses",
        &buses,
        "--days",
        &days,
        "--first-day",
        FIRST_DAY,
    ])
    .await?;
    let [models, depots, vehicles, context] =
        ["models.csv", "depots.csv", "vehicles.csv", "context.csv"].map(path);
    bed.ayaz(&["context", "import", &models, &depots, &vehicles, &context])
        .await?;
    let readings = distinct_readings(seed)?;
    wait::until("all readings to be stored", 120, async || {
        Ok(bed.number(STORED).await? >= readings)
    })
    .await?;
    bed.analyse().await?;
    ensure!(
        bed.number(STORED).await? == readings,
        "seed {seed}: readings that were not sent"
    );

    let compared = compare_days(&bed, folder.path()).await;
    let compared = compared.with_context(|| format!("seed {seed}"))?;
    // The mild day of all buses, and the cold day of the first bus, which has no faults.
    ensure!(
        compared > BUSES,
        "seed {seed}: only {compared} bus-days compared"
    );
    let compared = preheating::compare(&bed, folder.path()).await;
    let compared = compared.with_context(|| format!("seed {seed}"))?;
    ensure!(
        compared >= BUSES,
        "seed {seed}: only {compared} pull-outs compared"
    );
    ingest.terminate().await?;
    Ok(())
}

/// The number of distinct readings that the fleet sends.
fn distinct_readings(seed: u64) -> Result<i64> {
    let scenario = Scenario::cold_snap(seed, BUSES, FIRST_DAY.parse()?).days(DAYS);
    let mut keys = HashSet::new();
    for delivery in scenario.deliveries() {
        keys.extend(delivery.readings.iter().map(|reading| {
            (
                delivery.vehicle.clone(),
                reading.key.recorded_at,
                reading.key.boot_id,
                reading.key.sequence,
            )
        }));
    }
    Ok(i64::try_from(keys.len())?)
}

/// Compares all bus-days without left-out readings; the others must be incomplete. Returns the number of
/// compared days.
async fn compare_days(bed: &TestBed, folder: &std::path::Path) -> Result<usize> {
    let read = |name: &str| truth::rows(&std::fs::read(folder.join(name))?);
    let (days, faults) = (read("truth_days.csv")?, read("truth_faults.csv")?);
    let found = found_days(bed).await?;
    let mut compared = 0;
    for day in &days {
        let (vehicle, service_day) = (&day["vehicle"], &day["service_day"]);
        let key = (vehicle.clone(), service_day.clone());
        let Some(row) = found.get(&key) else {
            // The last reading is the first one of the next day.
            ensure!(day["seconds"].parse::<f64>()? < 60.0, "{key:?} is missing");
            continue;
        };
        let has_fault = faults.iter().any(|fault| {
            fault["vehicle"] == *vehicle
                && LEAVE_OUT.contains(&fault["kind"].as_str())
                && overlaps(fault, row).unwrap_or(true)
        });
        if has_fault {
            ensure!(row.completeness < 1.0, "{key:?} must be incomplete");
            continue;
        }
        compared += 1;
        for ((name, _), found) in FIGURES.iter().zip(&row.figures) {
            let truth: f64 = day[*name].parse()?;
            let tolerance = (RELATIVE * truth.abs()).max(ABSOLUTE);
            ensure!(
                (found - truth).abs() <= tolerance,
                "{key:?} {name} is {found} and should be {truth}"
            );
        }
    }
    Ok(compared)
}

struct Day {
    began_at: Timestamp,
    ended_at: Timestamp,
    completeness: f64,
    figures: Vec<f64>,
}

fn overlaps(fault: &BTreeMap<String, String>, day: &Day) -> Result<bool> {
    let at = |name: &str| Ok::<_, anyhow::Error>(fault[name].parse::<Timestamp>()?);
    Ok(at("started_at")? < day.ended_at && day.began_at < at("ended_at")?)
}

async fn found_days(bed: &TestBed) -> Result<BTreeMap<(String, String), Day>> {
    let figures: Vec<&str> = FIGURES.iter().map(|(_, sql)| *sql).collect();
    let rows = bed
        .owner
        .client
        .query(
            &format!(
                "select d.vehicle, d.service_day::text, t.started_at, t.ended_at, d.completeness, {}
                from day_energy d
                join service_day_time t using (vehicle_id, service_day)",
                figures.join(", ")
            ),
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let figures = (0..FIGURES.len()).map(|index| {
                let value: Option<f64> = row.try_get(5 + index)?;
                value.with_context(|| format!("{} is null", FIGURES[index].1))
            });
            let day = Day {
                began_at: row.get(2),
                ended_at: row.get(3),
                completeness: row.get(4),
                figures: figures.collect::<Result<_>>()?,
            };
            Ok(((row.get(0), row.get(1)), day))
        })
        .collect()
}
