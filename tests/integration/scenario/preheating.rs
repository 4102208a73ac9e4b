//! Every pull-out against what the bus really did before it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use system_tests::{Bed, truth};

use super::LEAVE_OUT;

type Row = BTreeMap<String, String>;

/// Cabin heat of more than this before a pull-out is preheating, kWh; between none and this it may have
/// been too short.
const PREHEATED_KWH: f64 = 2.0;
/// Before a pull-out, readings that are missing or flagged may be those of its preheating.
const BEFORE: SignedDuration = SignedDuration::from_hours(3);
/// A trip is found by its start, which its first reading may miss.
const NEAR: SignedDuration = SignedDuration::from_secs(60);

/// What the view says.
struct Found {
    vehicle: String,
    departed_at: Timestamp,
    state: String,
    source: Option<String>,
    exterior_celsius: Option<f64>,
}

/// Compares the pull-outs around which no reading is missing. Returns how many.
pub(super) async fn compare(bed: &Bed, folder: &Path) -> Result<usize> {
    let read = |name: &str| truth::rows(&std::fs::read(folder.join(name))?);
    let (sessions, faults) = (read("truth_sessions.csv")?, read("truth_faults.csv")?);
    let mut compared = 0;
    for found in found(bed).await? {
        let at = format!("{} at {}", found.vehicle, found.departed_at);
        let of_bus = |row: &&Row| row["vehicle"] == found.vehicle;
        let mut is_spoiled = false;
        for fault in faults.iter().filter(of_bus) {
            is_spoiled |= LEAVE_OUT.contains(&fault["kind"].as_str())
                && time(fault, "started_at")? <= found.departed_at + NEAR
                && time(fault, "ended_at")? >= found.departed_at - BEFORE;
        }
        let own: Vec<&Row> = sessions.iter().filter(of_bus).collect();
        let Some(heat) = heat_before(&own, found.departed_at)? else {
            continue;
        };
        let [grid, battery, litres] = heat;
        if is_spoiled || grid + battery + litres > 0.0 && grid + battery <= PREHEATED_KWH {
            continue;
        }
        compared += 1;
        if grid + battery > PREHEATED_KWH {
            ensure!(
                found.state == "done",
                "{at} is {}, heated by {heat:?}",
                found.state
            );
            let source = if grid > battery { "grid" } else { "battery" };
            ensure!(
                found.source.as_deref() == Some(source),
                "{at}: {:?}, not {source}",
                found.source
            );
        } else if found.exterior_celsius.is_some_and(|celsius| celsius < 0.0) {
            ensure!(
                found.state == "missed",
                "{at} is {}, not heated",
                found.state
            );
        } else {
            ensure!(found.state != "done", "{at} is done, not heated");
        }
    }
    Ok(compared)
}

/// Cabin heat between the trip that began near this instant and the trip before it: kWh from the grid and
/// from the battery, and litres. `None` if no trip began then.
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

async fn found(bed: &Bed) -> Result<Vec<Found>> {
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
