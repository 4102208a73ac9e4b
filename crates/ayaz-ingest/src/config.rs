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

/// Beyond that a server of this size has nothing left to gain.
const CONNECTIONS_MAX: u8 = 4;

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
    /// How many messages are kept that could not become rows.
    #[serde(default)]
    pub dead_letters: DeadLetterConfig,
    /// Metrics and health.
    #[serde(default = "admin")]
    pub admin: AdminConfig,
    /// `/readyz` says no when messages have waited this long and none was stored.
    #[serde(default = "stall_after_s")]
    pub stall_after_s: u32,
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
    /// Batches that are written at the same time, each over a connection of its own: 1 to 4.
    #[serde(default = "connections")]
    pub connections: u8,
}

/// How many messages are kept that could not become rows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeadLetterConfig {
    /// New letters of one vehicle in one hour; what comes over it is counted and not kept.
    pub per_vehicle_hour_max: u32,
}

impl Default for DeadLetterConfig {
    fn default() -> Self {
        Self {
            per_vehicle_hour_max: 1_000,
        }
    }
}

impl Config {
    /// From this file, with the environment over it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let config: Self =
            ayaz_daemon::config::load(file, &[SharedUrl::Database, SharedUrl::Mqtt])?;
        config
            .check()
            .map_err(|mistake| ConfigError::Invalid(format!("configuration: {mistake}")))?;
        Ok(config)
    }

    /// Values that could not work are told before any work.
    fn check(&self) -> Result<(), String> {
        let Self {
            mqtt,
            database,
            batch,
            limits,
            dead_letters,
            ..
        } = self;
        for (key, value, least) in [
            ("mqtt.receive_maximum", u64::from(mqtt.receive_maximum), 1),
            ("mqtt.keep_alive_s", u64::from(mqtt.keep_alive_s), 5),
            (
                "mqtt.reconnect_delay_min_ms",
                mqtt.reconnect_delay_min_ms,
                1,
            ),
            (
                "mqtt.reconnect_delay_max_ms",
                mqtt.reconnect_delay_max_ms,
                1,
            ),
            ("database.write_timeout_ms", database.write_timeout_ms, 100),
            ("database.connections", u64::from(database.connections), 1),
            (
                "dead_letters.per_vehicle_hour_max",
                u64::from(dead_letters.per_vehicle_hour_max),
                1,
            ),
            ("batch.rows_max", batch.rows_max as u64, 1),
            ("limits.readings_max", limits.readings_max as u64, 1),
            (
                "limits.payload_max_bytes",
                limits.payload_max_bytes as u64,
                1,
            ),
        ] {
            if value < least {
                return Err(format!("{key} is {value}, it must be at least {least}"));
            }
        }
        if database.connections > CONNECTIONS_MAX {
            return Err(format!(
                "database.connections is {}, it can be {CONNECTIONS_MAX} at most",
                database.connections,
            ));
        }
        if mqtt.client_id.is_empty() {
            return Err("mqtt.client_id is empty: the broker keeps messages under it".to_owned());
        }
        if mqtt.shared_group.contains(['/', '+', '#']) {
            return Err("mqtt.shared_group must not hold '/', '+' or '#'".to_owned());
        }
        let packet = mqtt.packet_max_bytes as usize;
        if limits.payload_max_bytes > packet || packet > mqtt.memory_max_bytes {
            return Err(
                "it must hold that limits.payload_max_bytes <= mqtt.packet_max_bytes <= \
                 mqtt.memory_max_bytes"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

fn admin() -> AdminConfig {
    AdminConfig::on_loopback(9464)
}

fn write_timeout_ms() -> u64 {
    30_000
}

fn connections() -> u8 {
    2
}

fn stall_after_s() -> u32 {
    60
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
            config.dead_letters,
            DeadLetterConfig::default(),
            "the sample shows the defaults"
        );
        assert_eq!(
            config.mqtt.filters(),
            ["telemetry", "cells", "status"].map(|kind| format!("ayaz/v1/+/+/{kind}"))
        );
    }

    #[test]
    fn values_that_cannot_work_are_named() {
        let sample = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../deploy/ingest.example.toml"
        );
        let good = Config::load(Some(sample.as_ref())).unwrap();
        let mut changed = good.clone();
        changed.batch.rows_max = 0;
        assert!(changed.check().unwrap_err().contains("batch.rows_max"));
        let mut changed = good.clone();
        changed.mqtt.keep_alive_s = 0;
        assert!(changed.check().unwrap_err().contains("mqtt.keep_alive_s"));
        let mut changed = good.clone();
        changed.mqtt.memory_max_bytes = 0;
        assert!(
            changed
                .check()
                .unwrap_err()
                .contains("mqtt.memory_max_bytes")
        );
        let mut changed = good;
        changed.mqtt.shared_group = "a/b".to_owned();
        assert!(changed.check().unwrap_err().contains("mqtt.shared_group"));
    }
}
