//! Compares the view `preheating` with the truth before each pull-out.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use system_tests::{TestBed, truth};

use super::LEAVE_OUT;

type Row = BTreeMap<String, String>;

/// More cabin heat than this before a pull-out is preheating, kWh. Less heat may be too short to count.
const PREHEATED_KWH: f64 = 2.0;
/// A fault in this time before a pull-out may hide its preheating.
const BEFORE: SignedDuration = SignedDuration::from_hours(3);
/// Tolerance for the start of a trip: the first reading may be later.
const NEAR: SignedDuration = SignedDuration::from_secs(60);

/// A row of the view.
struct Found {
    vehicle: String,
    departed_at: Timestamp,
    state: String,
    source: Option<String>,
    exterior_celsius: Option<f64>,
}

/// Compares all pull-outs without a fault near them. Returns the number of compared ones.
pub(super) async fn compare(bed: &TestBed, folder: &Path) -> Result<usize> {
    let read = |name: &str| truth::rows(&std::fs::read(folder.join(name))?);
    let (sessions, faults) = (read("truth_sessions.csv")?, read("truth_faults.csv")?);
    let mut compared = 0;
    for found in found(bed).await? {
        let at = format!("{} at {}", found.vehicle, found.departed_at);
        let of_bus = |row: &&Row| row["vehicle"] == found.vehicle;
        let mut has_fault = false;
        for fault in faults.iter().filter(of_bus) {
            has_fault |= LEAVE_OUT.contains(&fault["kind"].as_str())
                && time(fault, "started_at")? <= found.departed_at + NEAR
                && time(fault, "ended_at")? >= found.departed_at - BEFORE;
        }
        let own: Vec<&Row> = sessions.iter().filter(of_bus).collect();
        let Some(heat) = heat_before(&own, found.departed_at)? else {
            continue;
        };
        let [grid, battery, litres] = heat;
        if has_fault || grid + battery + litres > 0.0 && grid + battery <= PREHEATED_KWH {
            continue;
        }
        compared += 1;
        if grid + battery > PREHEATED_KWH {
            ensure!(
                found.state == "done",
                "{at} is {}, but was heated by {heat:?}",
                found.state
            );
            let source = if grid > battery { "grid" } else { "battery" };
            ensure!(
                found.source.as_deref() == Some(source),
                "{at}: the source is {:?} and should be {source}",
                found.source
            );
        } else if found.exterior_celsius.is_some_and(|celsius| celsius < 0.0) {
            ensure!(
                found.state == "missed",
                "{at} is {}, but was not heated",
                found.state
            );
        } else {
            ensure!(found.state != "done", "{at} is done, but was not heated");
        }
    }
    Ok(compared)
}

/// Cabin heat between the trip that begins near this instant and the trip before: kWh from the grid, kWh
/// from the battery, and litres. `None` if no trip begins there.
fn heat_before(sessions: &[&Row], departed_at: Timestamp) -> Result<Option<[f64; 3]>> {
    let mut heat = [0.0; 3];
    for session in sessions {
        if session["kind"] == "trip" {
            let late = departed_at.duration_since(time(session, "started_at")?);
            if late.abs() <= NEAR {
                return Ok(Some(heat));
            }
            heat = [0.0; 3];
            continue;
        }
        let sums: [&[&str]; 3] = [
            &["plugged_in_cabin_heater_kwh", "plugged_in_heat_pump_kwh"],
            &["unplugged_cabin_heater_kwh", "unplugged_heat_pump_kwh"],
            &["fuel_litres"],
        ];
        for (sum, names) in heat.iter_mut().zip(sums) {
            for name in names {
                *sum += session[*name].parse::<f64>()?;
            }
        }
    }
    Ok(None)
}

fn time(row: &Row, name: &str) -> Result<Timestamp> {
    Ok(row[name].parse()?)
}

async fn found(bed: &TestBed) -> Result<Vec<Found>> {
    let rows = bed
        .owner
        .client
        .query(
            "select vehicle, departed_at, state, source, exterior_celsius from preheating
            where parked_seconds is not null",
            &[],
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| Found {
            vehicle: row.get(0),
            departed_at: row.get(1),
            state: row.get(2),
            source: row.get(3),
            exterior_celsius: row.get(4),
        })
        .collect())
}
