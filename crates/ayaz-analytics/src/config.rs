//! Settings of the worker.

use std::path::Path;
use std::time::Duration;

use ayaz_daemon::admin::AdminConfig;
use ayaz_daemon::config::{Bounds, ConfigError, DaemonConfig, Program, SharedUrl, bounds};
use ayaz_energy::integrate::Comfort;
use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_store::DatabaseUrl;
use serde::Deserialize;

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the database is.
    pub database: DatabaseConfig,
    /// How hours are refreshed.
    pub refresh: RefreshConfig,
    /// Plausibility checks. Flagged values enter no sum.
    pub plausibility: PlausibilityConfig,
    /// Where the worker serves metrics and health; not used with `--once`.
    pub admin: AdminConfig,
}

/// Where the database is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// Its address, as `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    pub url: Option<DatabaseUrl>,
}

/// How hours are refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RefreshConfig {
    /// How often the worker looks for new readings.
    pub poll_interval_ms: u64,
    /// An open hour is refreshed only this long after its first new reading was stored, 0 to 3600
    /// s. So the views of a sending vehicle are at most this late, plus a few seconds. Hours that
    /// are over do not wait, and with `--once` no hour waits.
    pub open_hour_interval_s: u32,
    /// A trip without a drive cycle number ends after a stop or silence of this length, 1 to 3600
    /// s. A change applies to later refreshes.
    pub trip_gap_s: u32,
    /// A cabin is near its set-point if it differs by at most this, 1 to 20 K; further below it is
    /// cold. A change applies to later refreshes.
    pub cabin_tolerance_kelvin: u32,
    /// Neighbouring hours of a vehicle that one transaction refreshes, 1 to 168.
    pub hours_per_transaction_max: usize,
    /// Hours that are refreshed before the worker reads the ledger again. While it processes old
    /// data, an open hour waits for this many.
    pub hours_per_round_max: u32,
    /// Memory for checkpoints of open hours, 0 to 64 GiB: up to 0.15 MB for a bus that sends a
    /// reading a second. Without a checkpoint, each refresh reads the hour from its start.
    pub open_hours_memory_max_bytes: u64,
    /// Ingest transactions whose hours are queued at once.
    pub ledger_rows_per_round_max: u32,
    /// How long `--once` waits for another worker before it fails, s.
    pub once_standby_max_s: u32,
    /// How long `--once` goes on while new readings arrive, s. What was pending at its start is always done.
    pub once_arrivals_max_s: u32,
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
            open_hour_interval_s: 40,
            trip_gap_s: 600,
            cabin_tolerance_kelvin: 3,
            hours_per_transaction_max: 12,
            hours_per_round_max: 120,
            open_hours_memory_max_bytes: 256 << 20,
            ledger_rows_per_round_max: 10_000,
            once_standby_max_s: 60,
            once_arrivals_max_s: 120,
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

    /// Loads from a file, if there is one, and the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        ayaz_daemon::config::load(file)
    }
}

impl DaemonConfig for Config {
    const PROGRAM: Program = Program::Analytics;
    const URLS: &'static [SharedUrl] = &[SharedUrl::Database];
    const BOUNDS: &'static [Bounds] = &[
        bounds("refresh.poll_interval_ms", 10.0, 3_600_000.0),
        bounds("refresh.open_hour_interval_s", 0.0, 3_600.0),
        bounds("refresh.trip_gap_s", 1.0, 3_600.0),
        bounds("refresh.cabin_tolerance_kelvin", 1.0, 20.0),
        bounds("refresh.hours_per_transaction_max", 1.0, 168.0),
        bounds("refresh.hours_per_round_max", 1.0, 100_000.0),
        bounds("refresh.open_hours_memory_max_bytes", 0.0, 68_719_476_736.0),
        bounds("refresh.ledger_rows_per_round_max", 1.0, 1_000_000.0),
        bounds("refresh.once_standby_max_s", 0.0, 86_400.0),
        bounds("refresh.once_arrivals_max_s", 0.0, 86_400.0),
        bounds("plausibility.interpolated_ramp.window_seconds", 10.0, 60.0),
        bounds(
            "plausibility.interpolated_ramp.sloped_signals_min",
            2.0,
            100.0,
        ),
        bounds("plausibility.flat_line.window_seconds", 20.0, 40.0),
        bounds("plausibility.flat_line.power_swing_kw", 1.0, 2_000.0),
        bounds("plausibility.flat_line.current_swing_amperes", 1.0, 5_000.0),
        bounds("plausibility.flat_line.speed_swing_kmh", 1.0, 200.0),
        bounds(
            "plausibility.flat_line.battery_energy_max_kwh",
            50.0,
            2_000.0,
        ),
        bounds("plausibility.flat_line.exterior_seconds", 60.0, 300.0),
        bounds("plausibility.rate_of_change.speed_kmh", 0.1, 200.0),
        bounds("plausibility.rate_of_change.soc_percent", 0.1, 100.0),
        bounds("plausibility.rate_of_change.temperature_kelvin", 0.1, 200.0),
        bounds(
            "plausibility.rate_of_change.cabin_temperature_kelvin",
            0.1,
            200.0,
        ),
        bounds(
            "plausibility.rate_of_change.coolant_temperature_kelvin",
            0.1,
            200.0,
        ),
        bounds("plausibility.rate_of_change.position_m", 1.0, 1_000_000.0),
        bounds(
            "plausibility.exterior_against_fleet.vehicles_min",
            3.0,
            100_000.0,
        ),
        bounds(
            "plausibility.exterior_against_fleet.trip_seconds_min",
            60.0,
            3_600.0,
        ),
        bounds(
            "plausibility.exterior_against_fleet.deviation_kelvin",
            1.0,
            100.0,
        ),
        bounds(
            "plausibility.exterior_against_fleet.alike_share_min",
            0.0,
            1.0,
        ),
    ];

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl RefreshConfig {
    pub(crate) fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms)
    }

    pub(crate) fn open_hours_bytes_max(&self) -> usize {
        usize::try_from(self.open_hours_memory_max_bytes).unwrap_or(usize::MAX)
    }

    pub(crate) fn comfort(&self) -> Comfort {
        Comfort {
            cabin_tolerance_kelvin: self.cabin_tolerance_kelvin.into(),
        }
    }

    pub(crate) fn open_hour_interval(&self) -> Duration {
        Duration::from_secs(self.open_hour_interval_s.into())
    }
}

#[cfg(test)]
mod tests {
    use ayaz_daemon::config::testing;

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
    fn the_sample_shows_every_key_and_every_number_has_bounds() {
        assert_eq!(testing::keys_without_sample::<Config>(), [""; 0]);
        assert_eq!(testing::numbers_out_of_bounds::<Config>(), [""; 0]);
    }

    #[test]
    fn old_names_of_keys_are_refused_with_the_new_ones() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for (text, error) in [
            (
                "[refresh]\nrunning_hour_interval_s = 40",
                "refresh.running_hour_interval_s is now refresh.open_hour_interval_s",
            ),
            (
                "[plausibility.stuck]\nenabled = false",
                "plausibility.stuck is now plausibility.flat_line",
            ),
        ] {
            file.as_file().set_len(0).unwrap();
            std::io::Seek::rewind(&mut file).unwrap();
            let text = format!("[database]\nurl = 'postgres://u@h/d'\n{text}\n");
            std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
            let refused = Config::load(Some(file.path())).unwrap_err().to_string();
            assert!(refused.contains(error), "{refused}");
            assert!(refused.contains("line "), "{refused}");
        }
    }

    #[test]
    fn values_that_cannot_work_are_named() {
        let url = ("AYAZ_DATABASE_URL", "postgres://u@h/d");
        assert!(testing::load_variables::<Config>(&[url]).is_ok());
        for (variable, value, word) in [
            (
                "AYAZ__REFRESH__TRIP_GAP_S",
                "3601",
                "trip_gap_s is 3601, it must be 1 to 3600",
            ),
            (
                "AYAZ__PLAUSIBILITY__FLAT_LINE__WINDOW_SECONDS",
                "-5",
                "plausibility.flat_line.window_seconds is -5, it must be 20 to 40",
            ),
            (
                "AYAZ__PLAUSIBILITY__RATE_OF_CHANGE__SPEED_KMH",
                "NaN",
                "speed_kmh is NaN",
            ),
        ] {
            let loaded = testing::load_variables::<Config>(&[url, (variable, value)]);
            let mistake = loaded.unwrap_err().to_string();
            assert!(
                mistake.contains(word) && mistake.contains(variable),
                "{mistake}"
            );
        }
        let nothing = testing::load_variables::<Config>(&[])
            .unwrap_err()
            .to_string();
        assert!(nothing.starts_with("set AYAZ_DATABASE_URL"), "{nothing}");
    }
}
