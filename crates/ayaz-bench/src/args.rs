//! Arguments that several benches share.

use std::time::Duration;

use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns.
    Table,
    /// One object.
    Json,
}

/// A duration from one second to one hour.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok();
    match parsed.and_then(|duration| Duration::try_from(duration).ok()) {
        Some(duration) if (1..=3_600).contains(&duration.as_secs()) => Ok(duration),
        _ => Err("write 30s, 5m or 1h: from 1s to 1h".to_owned()),
    }
}
