//! The mapping file: maps columns of a log to signals. `deploy/mappings/bmw_i3.toml` explains every
//! key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use ayaz_daemon::nearest::suggestion;
use ayaz_model::{FleetId, Signal, VehicleId};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

mod check;

/// How to read the logs of one source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Separates the fields of a row.
    #[serde(default = "comma", deserialize_with = "character")]
    pub delimiter: char,
    /// Encoding of header and cells.
    #[serde(default)]
    pub encoding: Encoding,
    /// Fleet and vehicle of the readings.
    pub identity: Identity,
    /// How to identify drive cycles.
    #[serde(default)]
    pub drive_cycle: DriveCycle,
    /// Tried in order: the first one whose column is in the file is used.
    #[serde(default)]
    pub time: Vec<Time>,
    /// Rows to skip.
    #[serde(default)]
    pub skip: Vec<Skip>,
    /// Columns by signal.
    #[serde(default)]
    pub signals: BTreeMap<String, SignalColumn>,
}

fn comma() -> char {
    ','
}

fn character<'de, D: Deserializer<'de>>(deserializer: D) -> Result<char, D::Error> {
    let text = String::deserialize(deserializer)?;
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Ok(letter),
        _ => Err(serde::de::Error::custom(format_args!(
            "delimiter is {text:?}: write one character, such as \";\" or \"\\t\""
        ))),
    }
}

/// Text encoding of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// ISO 8859-1.
    #[serde(rename = "latin-1")]
    Latin1,
}

/// Fleet and vehicle of the readings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Fleet of every vehicle.
    #[serde(deserialize_with = "parsed")]
    pub fleet: FleetId,
    /// The vehicle if the file has no column for it.
    #[serde(default, deserialize_with = "parsed_option")]
    pub vehicle: Option<VehicleId>,
    /// Column with the vehicle, if the file has it.
    pub vehicle_column: Option<String>,
}

/// How to identify drive cycles.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriveCycle {
    /// Column with the drive cycle's name, if the file has it. Else the file is one drive cycle,
    /// named like the file without `.csv` and `.gz`.
    pub column: Option<String>,
}

/// A column that may contain the time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// The column.
    pub column: String,
    /// Its format.
    pub format: TimeFormat,
    /// The start of the drive cycle, for [`TimeFormat::SecondsSinceOrigin`].
    pub origin: Option<Origin>,
}

/// Format of a time column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// `2019-06-25T11:21:14.5Z`, with a zone.
    Rfc3339,
    /// Seconds since 1970-01-01T00:00:00Z, with or without a fraction.
    UnixSeconds,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    UnixMilliseconds,
    /// Seconds since the drive cycle's origin, with or without a fraction.
    SecondsSinceOrigin,
}

/// Starts of drive cycles with relative time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// CSV files with the starts, relative to the log's folder. The first existing one is used.
    #[serde(default)]
    pub index: Vec<PathBuf>,
    /// Column of the index with the drive cycle's name.
    #[serde(default)]
    pub key_column: String,
    /// Column of the index with the start, RFC 3339.
    #[serde(default)]
    pub value_column: String,
    /// Start of a drive cycle that is in no index. Without it, such a file is an error.
    pub fallback: Option<Timestamp>,
    /// Spreads such drive cycles over this many days after `fallback`, by a hash of their names, so
    /// that they do not overlap.
    #[serde(default)]
    pub fallback_spread_days: u32,
}

/// A rule for rows to skip.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// The column to check.
    pub column: String,
    /// Skips rows with any other text.
    pub unless: Option<String>,
    /// Skips rows with this text.
    pub when: Option<String>,
    /// If true, the column may be missing. Then no rows are skipped.
    #[serde(default)]
    pub optional: bool,
}

/// Source of a signal: value = cell · scale + offset.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalColumn {
    /// The column. A blank cell means "not measured".
    pub column: String,
    /// Multiplies the cell.
    pub scale: Option<f64>,
    /// Added after scaling.
    pub offset: Option<f64>,
    /// If true, the column may be missing. Then the signal is missing, too.
    #[serde(default)]
    pub optional: bool,
}

impl Mapping {
    /// Reads and checks a mapping.
    pub fn load(path: &Path) -> anyhow::Result<Mapping> {
        let text = ayaz_daemon::files::read_text(path)
            .with_context(|| format!("mapping {} cannot be read", path.display()))?;
        Self::parse(&text).with_context(|| format!("mapping {} is wrong", path.display()))
    }

    /// Reads and checks the text of a mapping.
    pub fn parse(text: &str) -> anyhow::Result<Mapping> {
        let mapping: Mapping = toml::from_str(text)?;
        mapping.check()?;
        Ok(mapping)
    }
}

/// The signal with this name, or an error if a mapping cannot set it.
pub fn signal(name: &str) -> Result<Signal, String> {
    match Signal::by_name(name) {
        Some(Signal::drive_cycle) => {
            Err("drive_cycle is made from [drive_cycle], take it out of [signals]".to_owned())
        }
        Some(signal) => Ok(signal),
        None => {
            let hint = suggestion(name, Signal::ALL.iter().map(|signal| signal.name()));
            Err(format!(
                "{name:?} is not a signal{hint}{}",
                match hint.is_empty() {
                    true => ": proto/ayaz/telemetry/v1/telemetry.proto lists them all",
                    false => "",
                }
            ))
        }
    }
}

fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

fn parsed_option<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    parsed(deserializer).map(Some)
}

#[cfg(test)]
mod tests;
