//! Starts of drive cycles with relative time: from an index, or from a fallback with a warning.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use jiff::{Timestamp, Unit};

use super::cycle::spread_seconds;
use super::mapping;

/// Most entries of an index.
const INDEX_ENTRIES_MAX: usize = 1_000_000;

/// Starts of drive cycles, for one log.
#[derive(Debug, Clone)]
pub struct Origins {
    /// The index as the user would name it, if there is one.
    index_name: Option<String>,
    starts: Arc<HashMap<String, i64>>,
    fallback: Option<i64>,
    spread_seconds: u64,
}

/// A start, with a warning if it is not from an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub unix_microseconds: i64,
    /// The warning if the start is a fallback.
    pub warning: Option<String>,
}

/// Indexes that were read before, by path.
pub type Cache = HashMap<std::path::PathBuf, Arc<HashMap<String, i64>>>;

impl Origins {
    /// Reads the first index that exists in the log's folder.
    pub fn load(
        origin: &mapping::Origin,
        log: &Path,
        cache: &mut Cache,
    ) -> Result<Origins, String> {
        let folder = log.parent().unwrap_or(Path::new(""));
        let index = origin
            .index
            .iter()
            .map(|path| folder.join(path))
            .find(|path| path.is_file());
        let starts = match &index {
            None => Arc::default(),
            Some(path) => match cache.get(path) {
                Some(starts) => Arc::clone(starts),
                None => {
                    let starts = read(path, &origin.key_column, &origin.value_column)
                        .map_err(|what| format!("index {}: {what}", path.display()))?;
                    Arc::clone(cache.entry(path.clone()).or_insert(Arc::new(starts)))
                }
            },
        };
        Ok(Origins {
            index_name: index.map(|path| path.display().to_string()),
            starts,
            fallback: origin.fallback.map(|fallback| fallback.as_microsecond()),
            spread_seconds: u64::from(origin.fallback_spread_days) * 86_400,
        })
    }

    /// The start of the drive cycle with this name.
    pub fn start(&self, cycle: &str) -> Result<Start, String> {
        if let Some(&unix_microseconds) = self.starts.get(cycle) {
            return Ok(Start {
                unix_microseconds,
                warning: None,
            });
        }
        let missing = match &self.index_name {
            Some(index) => format!("index {index} does not contain drive cycle {cycle:?}"),
            None => format!("no index contains the start of drive cycle {cycle:?}"),
        };
        let Some(fallback) = self.fallback else {
            return Err(format!("{missing}, and the mapping has no fallback"));
        };
        let spread = spread_seconds(cycle, self.spread_seconds) as i64 * 1_000_000;
        let unix_microseconds = fallback.saturating_add(spread);
        let start = ayaz_model::UnixMicroseconds(unix_microseconds);
        let warning =
            format!("{missing}: uses the fallback start {start}, which is not the real time");
        Ok(Start {
            unix_microseconds,
            warning: Some(warning),
        })
    }
}

/// Microseconds since 1970-01-01T00:00:00Z of an RFC 3339 text.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let timestamp: Timestamp = text.parse().ok()?;
    Some(timestamp.round(Unit::Microsecond).ok()?.as_microsecond())
}

fn read(path: &Path, key: &str, value: &str) -> Result<HashMap<String, i64>, String> {
    // The CSV reader removes a byte order mark.
    let mut reader = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let header = reader.headers().map_err(|error| error.to_string())?;
    let position = |name: &str| {
        let found = header.iter().position(|column| column == name);
        found.ok_or_else(|| format!("the header has no column {name:?}"))
    };
    let (key, value) = (position(key)?, position(value)?);
    let mut starts = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let (name, text) = (&record[key], record[value].trim());
        if starts.len() >= INDEX_ENTRIES_MAX {
            return Err(format!("it has more than {INDEX_ENTRIES_MAX} rows"));
        }
        if text.is_empty() {
            continue;
        }
        let start = parse_rfc3339(text)
            .ok_or_else(|| format!("{name:?} begins at {text:?}, which is not an RFC 3339 time"))?;
        if starts
            .insert(name.to_owned(), start)
            .is_some_and(|other| other != start)
        {
            return Err(format!("it contains {name:?} twice with different times"));
        }
    }
    Ok(starts)
}
