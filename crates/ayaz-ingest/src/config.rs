//! The daemon's configuration: plain data, documented by `deploy/ingest.example.toml`.

use std::path::Path;
use std::time::Duration;

use ayaz_daemon::admin::AdminConfig;
use ayaz_daemon::config::{ConfigError, SharedUrl};
use ayaz_store::DatabaseUrl;
use serde::Deserialize;

use crate::batch::BatchConfig;
use crate::mqtt::MqttConfig;
use crate::validate::Limits;

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The broker.
    pub mqtt: MqttConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// When a batch is written.
    #[serde(default)]
    pub batch: BatchConfig,
    /// What is accepted from outside.
    #[serde(default)]
    pub limits: Limits,
    /// Metrics and health.
    #[serde(default = "admin")]
    pub admin: AdminConfig,
    /// How long a stop may wait for the database to take what has been received.
    #[serde(default = "shutdown_grace_ms")]
    pub shutdown_grace_ms: u64,
}

/// The database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host:port/database`
    pub url: DatabaseUrl,
    /// A batch that takes longer is broken off and tried again on a new connection.
    #[serde(default = "write_timeout_ms")]
    pub write_timeout_ms: u64,
}

impl Config {
    /// From this file, with the environment over it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        ayaz_daemon::config::load(file, &[SharedUrl::Database, SharedUrl::Mqtt])
    }
}

fn admin() -> AdminConfig {
    AdminConfig::on_loopback(9464)
}

fn write_timeout_ms() -> u64 {
    30_000
}

fn shutdown_grace_ms() -> u64 {
    10_000
}

impl DatabaseConfig {
    /// As a duration.
    pub fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_configuration_is_one() {
        let sample = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../deploy/ingest.example.toml"
        );
        let config: Config = Config::load(Some(sample.as_ref())).unwrap();
        assert_eq!(
            config.batch,
            BatchConfig::default(),
            "the sample shows the defaults"
        );
        assert_eq!(
            config.limits,
            Limits::default(),
            "the sample shows the defaults"
        );
        assert_eq!(
            config.mqtt.filters(),
            ["telemetry", "cells", "status"].map(|kind| format!("ayaz/v1/+/+/{kind}"))
        );
    }
}
