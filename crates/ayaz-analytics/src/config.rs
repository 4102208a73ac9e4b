//! What the worker can be told.

use std::path::Path;
use std::time::Duration;

use ayaz_daemon::admin::AdminConfig;
use ayaz_daemon::config::{ConfigError, SharedUrl};
use ayaz_store::DatabaseUrl;
use serde::Deserialize;

use crate::integrate::Comfort;
use crate::plausibility::PlausibilityConfig;

/// Everything.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the database is.
    pub database: DatabaseConfig,
    /// How hours are worked out.
    pub refresh: RefreshConfig,
    /// What is not believed, and so left out of every sum.
    pub plausibility: PlausibilityConfig,
    /// Where the worker can be asked how it does; not used with `--once`.
    pub admin: AdminConfig,
}

/// Where the database is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// Its address, as `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    pub url: Option<DatabaseUrl>,
}

/// How hours are worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RefreshConfig {
    /// How often the worker looks for new readings.
    pub poll_interval_ms: u64,
    /// An hour that still runs is worked out only this long after its first new reading was
    /// stored, 0 to 3600 s: what the views of a vehicle that sends are behind at most, but for a few
    /// seconds. Hours that are over do not wait, and with `--once` none does.
    pub running_hour_interval_s: u32,
    /// A trip of a source that does not number its drive cycles ends after this much standing or
    /// silence, 1 to 3600 s. A change holds for hours that are worked out from then on.
    pub trip_gap_s: u32,
    /// A cabin is near its set-point if it is off it by at most so much, 1 to 20 K; by more below it is cold.
    /// A change holds for hours that are worked out from then on.
    pub cabin_tolerance_kelvin: u32,
    /// Neighbouring hours of a vehicle that are worked out together, 1 to 168.
    pub hours_per_transaction_max: usize,
    /// Hours that are worked out before the worker looks at what has come in meanwhile. While old
    /// data is worked off, an hour that still runs waits for so many.
    pub hours_per_round_max: u32,
    /// Memory for hours that still run, as far as they were read, 0 to 64 GiB: up to 0.15 MB for a bus
    /// that sends a reading a second. A bus for which there is no room has its hour read from the
    /// beginning at each refresh.
    pub running_hours_memory_max_bytes: u64,
    /// Ingest transactions whose hours are queued at once.
    pub touches_per_round_max: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::default(),
            refresh: RefreshConfig::default(),
            plausibility: PlausibilityConfig::default(),
            admin: AdminConfig::on_loopback(9465),
        }
    }
}

impl Default for RefreshConfig {
    fn default() -> Self {
        Self {
            poll_interval_ms: 2_000,
            running_hour_interval_s: 40,
            trip_gap_s: 600,
            cabin_tolerance_kelvin: 3,
            hours_per_transaction_max: 12,
            hours_per_round_max: 120,
            running_hours_memory_max_bytes: 256 << 20,
            touches_per_round_max: 10_000,
        }
    }
}

impl Config {
    /// The defaults, with this database.
    pub fn with_database(url: DatabaseUrl) -> Self {
        Self {
            database: DatabaseConfig { url: Some(url) },
            ..Self::default()
        }
    }

    /// From a file, if one is given, and the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let config: Self = ayaz_daemon::config::load(file, &[SharedUrl::Database])?;
        config
            .check()
            .map_err(|mistake| ConfigError::Invalid(format!("configuration: {mistake}")))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let refresh = &self.refresh;
        if self.database.url.is_none() {
            return Err("database.url is missing: set it, or AYAZ_DATABASE_URL".to_owned());
        }
        for (key, value, range) in [
            ("trip_gap_s", u64::from(refresh.trip_gap_s), 1..=3600),
            (
                "cabin_tolerance_kelvin",
                refresh.cabin_tolerance_kelvin.into(),
                1..=20,
            ),
            ("poll_interval_ms", refresh.poll_interval_ms, 10..=3_600_000),
            (
                "running_hour_interval_s",
                refresh.running_hour_interval_s.into(),
                0..=3600,
            ),
            (
                "hours_per_transaction_max",
                refresh.hours_per_transaction_max as u64,
                1..=168,
            ),
            (
                "hours_per_round_max",
                refresh.hours_per_round_max.into(),
                1..=100_000,
            ),
            (
                "running_hours_memory_max_bytes",
                refresh.running_hours_memory_max_bytes,
                0..=64 << 30,
            ),
            (
                "touches_per_round_max",
                refresh.touches_per_round_max.into(),
                1..=1_000_000,
            ),
        ] {
            if !range.contains(&value) {
                let (min, max) = (range.start(), range.end());
                return Err(format!("refresh.{key} is {value}, must be {min} to {max}"));
            }
        }
        Ok(())
    }
}

impl RefreshConfig {
    pub(crate) fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms)
    }

    pub(crate) fn running_hours_bytes_max(&self) -> usize {
        usize::try_from(self.running_hours_memory_max_bytes).unwrap_or(usize::MAX)
    }

    pub(crate) fn comfort(&self) -> Comfort {
        Comfort {
            cabin_tolerance_kelvin: self.cabin_tolerance_kelvin.into(),
        }
    }

    pub(crate) fn running_hour_interval(&self) -> Duration {
        Duration::from_secs(self.running_hour_interval_s.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_shows_the_defaults() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/analytics.example.toml");
        let config: Config = Config::load(Some(&path)).unwrap();
        assert_eq!(config.refresh, RefreshConfig::default());
        assert_eq!(config.plausibility, PlausibilityConfig::default());
        assert_eq!(config.admin, Config::default().admin);
        assert!(config.database.url.is_some());
    }

    #[test]
    fn values_that_cannot_work_are_named() {
        let mut config = Config::with_database("postgres://u@h/d".parse().unwrap());
        assert_eq!(config.check(), Ok(()));
        config.refresh.trip_gap_s = 3601;
        let mistake = config.check().unwrap_err();
        assert!(
            mistake.contains("trip_gap_s") && mistake.contains("3600"),
            "{mistake}"
        );
        assert!(
            Config::default()
                .check()
                .unwrap_err()
                .contains("AYAZ_DATABASE_URL")
        );
    }
}
