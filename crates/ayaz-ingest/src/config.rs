//! The daemon's configuration: plain data, documented by `deploy/ingest.example.toml`.

use std::path::Path;
use std::time::Duration;

use ayaz_daemon::admin::AdminConfig;
use ayaz_daemon::config::{Bounds, ConfigError, DaemonConfig, Program, SharedUrl, bounds};
use ayaz_store::DatabaseUrl;
use ayaz_store::ingest::DeadLetterLimits;
use jiff::Timestamp;
use serde::Deserialize;

use crate::batch::BatchConfig;
use crate::clock::ClockConfig;
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
    /// How far the daemon's clock and the database's may differ.
    #[serde(default)]
    pub clock: ClockConfig,
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
    /// New letters of one vehicle in one hour; what comes over it, or over one of the bounds below, is
    /// counted and not kept.
    pub per_vehicle_hour_max: u32,
    /// Bytes of them: of topics and payloads.
    pub per_vehicle_hour_max_bytes: u64,
    /// Bytes of all letters of one vehicle that are kept.
    pub per_vehicle_max_bytes: u64,
    /// Letters of all vehicles that are kept.
    pub total_max: u64,
    /// Bytes of them.
    pub total_max_bytes: u64,
}

impl Default for DeadLetterConfig {
    fn default() -> Self {
        let limits = DeadLetterLimits::default();
        Self {
            per_vehicle_hour_max: limits.per_vehicle_hour_max,
            per_vehicle_hour_max_bytes: limits.per_vehicle_hour_max_bytes,
            per_vehicle_max_bytes: limits.per_vehicle_max_bytes,
            total_max: limits.total_max,
            total_max_bytes: limits.total_max_bytes,
        }
    }
}

impl DeadLetterConfig {
    /// As the store takes it, for payloads of up to so many bytes.
    pub fn limits(&self, payload_max_bytes: usize) -> DeadLetterLimits {
        DeadLetterLimits {
            per_vehicle_hour_max: self.per_vehicle_hour_max,
            per_vehicle_hour_max_bytes: self.per_vehicle_hour_max_bytes,
            per_vehicle_max_bytes: self.per_vehicle_max_bytes,
            total_max: self.total_max,
            total_max_bytes: self.total_max_bytes,
            payload_whole_max_bytes: payload_max_bytes,
        }
    }
}

impl Config {
    /// From this file, with the environment over it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        ayaz_daemon::config::load(file)
    }
}

impl DaemonConfig for Config {
    const PROGRAM: Program = Program::Ingest;
    const URLS: &'static [SharedUrl] = &[SharedUrl::Mqtt, SharedUrl::Database];
    const BOUNDS: &'static [Bounds] = &[
        bounds("shutdown_grace_ms", 0.0, 600_000.0),
        bounds("stall_after_s", 1.0, 86_400.0),
        bounds("mqtt.receive_maximum", 1.0, 65_535.0),
        // The protocol's limit.
        bounds("mqtt.packet_max_bytes", 1.0, 268_435_455.0),
        bounds("mqtt.memory_max_bytes", 1.0, 68_719_476_736.0),
        bounds("mqtt.vehicle_memory_max_bytes", 1.0, 68_719_476_736.0),
        bounds("mqtt.keep_alive_s", 5.0, 65_535.0),
        bounds("mqtt.session_expiry_s", 1.0, 4_294_967_295.0),
        bounds("mqtt.reconnect_delay_min_ms", 1.0, 3_600_000.0),
        bounds("mqtt.reconnect_delay_max_ms", 1.0, 3_600_000.0),
        bounds("mqtt.takeover_delay_max_ms", 1.0, 3_600_000.0),
        bounds("database.write_timeout_ms", 100.0, 3_600_000.0),
        // Beyond that a server of this size has nothing left to gain.
        bounds("database.connections", 1.0, 4.0),
        bounds("batch.rows_max", 1.0, 1_000_000.0),
        bounds("batch.linger_ms", 0.0, 60_000.0),
        bounds("limits.payload_max_bytes", 1.0, 268_435_455.0),
        bounds("limits.readings_max", 1.0, 1_000_000.0),
        bounds("limits.future_tolerance_s", 0.0, 31_536_000.0),
        bounds("limits.vehicle_days_per_hour_max", 1.0, 4_294_967_295.0),
        // Less than an answer of the database takes could never be told.
        bounds("clock.offset_max_ms", 100.0, 4_294_967_295.0),
        bounds("clock.test_shift_s", -4_000_000_000.0, 4_000_000_000.0),
        bounds("dead_letters.per_vehicle_hour_max", 1.0, 4_294_967_295.0),
        bounds("dead_letters.per_vehicle_hour_max_bytes", 1.0, 1e18),
        bounds("dead_letters.per_vehicle_max_bytes", 1.0, 1e18),
        bounds("dead_letters.total_max", 1.0, 1e18),
        bounds("dead_letters.total_max_bytes", 1.0, 1e18),
    ];

    fn check(&self) -> Result<(), String> {
        let Self { mqtt, limits, .. } = self;
        if mqtt.client_id().is_empty() {
            return Err("mqtt.client_id is empty: the broker keeps messages under it".to_owned());
        }
        if let Some(letter) = mqtt.client_id().chars().find(|letter| letter.is_control()) {
            return Err(format!(
                "mqtt.client_id holds the control character {letter:?}, for which brokers end the \
                 connection: take it out (it is the login's name where none is set)"
            ));
        }
        if mqtt.shared_group.contains(['/', '+', '#']) {
            return Err("mqtt.shared_group must not hold '/', '+' or '#'".to_owned());
        }
        if mqtt.reconnect_delay_min_ms > mqtt.reconnect_delay_max_ms {
            return Err(too_large(
                ("mqtt.reconnect_delay_min_ms", mqtt.reconnect_delay_min_ms),
                ("mqtt.reconnect_delay_max_ms", mqtt.reconnect_delay_max_ms),
            ));
        }
        if !mqtt.shared_group.is_empty() && !mqtt.shared_group_is_protected {
            return Err(format!(
                "mqtt.shared_group is {:?}: any client that may subscribe to $share/{0}/… takes \
                 messages out of it, and they are lost; make the broker refuse that subscription \
                 to all others (deploy/ingest.example.toml says how), then set \
                 mqtt.shared_group_is_protected = true",
                mqtt.shared_group
            ));
        }
        // A device without a battery for its clock may begin in 1970.
        let now = Timestamp::now().max(CLOCK_MIN);
        if limits.recorded_at_min > now {
            return Err(format!(
                "limits.recorded_at_min is {}, which has not come yet: all readings would be set \
                 aside; write a time before the first reading that is to be taken",
                limits.recorded_at_min
            ));
        }
        let bytes = [
            ("limits.payload_max_bytes", limits.payload_max_bytes as u64),
            ("mqtt.packet_max_bytes", mqtt.packet_max_bytes.into()),
            ("mqtt.memory_max_bytes", mqtt.memory_max_bytes as u64),
        ];
        for (less, more) in bytes.into_iter().zip(bytes.into_iter().skip(1)) {
            if less.1 > more.1 {
                return Err(too_large(less, more));
            }
        }
        Ok(())
    }
}

/// Of two keys with their values, which are in the wrong order.
fn too_large((key, value): (&str, u64), (bound_key, bound): (&str, u64)) -> String {
    format!(
        "{key} is {value}, it must be {bound} at most, which is {bound_key}: lower the one or raise \
         the other"
    )
}

/// It was not earlier when this was written: 2026-01-01T00:00:00Z.
const CLOCK_MIN: Timestamp = Timestamp::constant(1_767_225_600, 0);

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
    use ayaz_daemon::config::testing;

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
            config.clock,
            ClockConfig::default(),
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
    fn the_sample_shows_every_key_and_every_number_has_bounds() {
        assert_eq!(testing::keys_without_sample::<Config>(), [""; 0]);
        assert_eq!(testing::numbers_out_of_bounds::<Config>(), [""; 0]);
    }

    #[test]
    fn values_that_cannot_work_are_named() {
        for (variable, value, word) in [
            (
                "AYAZ__BATCH__ROWS_MAX",
                "0",
                "batch.rows_max is 0, it must be 1 to 1000000",
            ),
            ("AYAZ__MQTT__KEEP_ALIVE_S", "0", "mqtt.keep_alive_s is 0"),
            (
                "AYAZ__MQTT__MEMORY_MAX_BYTES",
                "1000",
                "mqtt.packet_max_bytes is 2097152, it must be 1000 at most, which is mqtt.memory_max_bytes",
            ),
            (
                "AYAZ__MQTT__RECEIVE_MAXIMUM",
                "65536",
                "it must be 1 to 65535",
            ),
            (
                "AYAZ__MQTT__RECONNECT_DELAY_MAX_MS",
                "100",
                "mqtt.reconnect_delay_min_ms is 200, it must be 100 at most",
            ),
            (
                "AYAZ__MQTT__CLIENT_ID",
                "a\tb",
                "mqtt.client_id holds the control character '\\t'",
            ),
            ("AYAZ__MQTT__SHARED_GROUP", "a/b", "mqtt.shared_group"),
            ("AYAZ__MQTT__SHARED_GROUP", "astana", "$share/astana/"),
            ("AYAZ__MQTT__FLEETS", "a b", "mqtt.fleets"),
            (
                "AYAZ__MQTT__FLEETS",
                "[\"br\", \"al\"]",
                "write the fleets with commas between them: astana,almaty",
            ),
            (
                "AYAZ__LIMITS__RECORDED_AT_MIN",
                "2015",
                "limits.recorded_at_min is \"2015\": write a time such as 2015-01-01T00:00:00Z",
            ),
            (
                "AYAZ__LIMITS__RECORDED_AT_MIN",
                "2999-01-01T00:00:00Z",
                "which has not come yet",
            ),
        ] {
            let error = testing::load_variables::<Config>(&[
                ("AYAZ_MQTT_URL", "mqtt://127.0.0.1"),
                ("AYAZ_DATABASE_URL", "postgres://u@127.0.0.1/d"),
                (variable, value),
            ])
            .unwrap_err()
            .to_string();
            assert!(error.contains(word), "{error} should say {word}");
        }
        let confirmed = testing::load_variables::<Config>(&[
            ("AYAZ_MQTT_URL", "mqtt://127.0.0.1"),
            ("AYAZ_DATABASE_URL", "postgres://u@127.0.0.1/d"),
            ("AYAZ__MQTT__SHARED_GROUP", "astana"),
            ("AYAZ__MQTT__SHARED_GROUP_IS_PROTECTED", "true"),
        ]);
        assert_eq!(confirmed.unwrap().mqtt.shared_group, "astana");
    }
}
