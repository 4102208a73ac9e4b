//! Recorded trips with independently computed results.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The folder of the real trips. If it does not exist, prints `skipped` and returns `None`.
pub fn recorded_trips() -> Option<PathBuf> {
    let folder = ayaz_local::shared_dir().map(|shared| shared.join("data/bmw_i3"));
    let folder = folder.filter(|folder| folder.is_dir());
    if folder.is_none() {
        println!("skipped: no recorded trips (set AYAZ_SHARED to the folder that holds data/)");
    }
    folder
}

/// The rows of a table; cells by column name.
pub type Rows = Vec<BTreeMap<String, String>>;

/// Reads a CSV text.
pub fn rows(text: &[u8]) -> Result<Rows> {
    let mut reader = csv::Reader::from_reader(text);
    reader.deserialize().map(|row| Ok(row?)).collect()
}

/// The rows of a truth table for the replayed trips, computed without bad readings.
pub fn clean_rows(path: &Path) -> Result<Rows> {
    let text = std::fs::read(path).with_context(|| path.display().to_string())?;
    let mut all = rows(&text)?;
    all.retain(|row| {
        let split = row.get("split").map(String::as_str);
        row.get("filter").is_some_and(|filter| filter == "clean") && split == Some("dev")
    });
    ensure!(!all.is_empty(), "{} has no clean rows", path.display());
    Ok(all)
}

/// The columns to compare.
const FIGURES: [&str; 8] = [
    "seconds",
    "km",
    "net_kwh",
    "discharge_kwh",
    "regen_kwh",
    "heater_kwh",
    "heater_base_kwh",
    "heater_share",
];

/// Compares the figures of two rows with a tolerance of 1e-3 relative or 1e-6 absolute.
pub fn agree(
    what: &str,
    found: &BTreeMap<String, String>,
    truth: &BTreeMap<String, String>,
) -> Result<()> {
    for name in FIGURES {
        let [found, truth] = [found, truth].map(|row| {
            let cell = row.get(name).with_context(|| format!("no column {name}"))?;
            (!cell.is_empty())
                .then(|| cell.parse::<f64>())
                .transpose()
                .context("a number")
        });
        let (found, truth) = (found?, truth?);
        let same = match (found, truth) {
            (None, None) => true,
            (Some(found), Some(truth)) => (found - truth).abs() <= 1e-3 * truth.abs().max(1e-3),
            _ => false,
        };
        ensure!(same, "{what}: {name} is {found:?} and should be {truth:?}");
    }
    Ok(())
}
