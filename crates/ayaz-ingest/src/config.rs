//! The daemon's configuration. `deploy/ingest.example.toml` documents every key.

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

/// The whole configuration.
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
    /// Limits on accepted messages.
    #[serde(default)]
    pub limits: Limits,
    /// Limits on the difference between the daemon's clock and the database's.
    #[serde(default)]
    pub clock: ClockConfig,
    /// Limits on dead letters.
    #[serde(default)]
    pub dead_letters: DeadLetterConfig,
    /// Metrics and health.
    #[serde(default = "admin")]
    pub admin: AdminConfig,
    /// The daemon is not ready when messages wait and none was stored for this long.
    #[serde(default = "stall_after_s")]
    pub stall_after_s: u32,
    /// How long a stop may wait until the received messages are stored.
    #[serde(default = "shutdown_grace_ms")]
    pub shutdown_grace_ms: u64,
}

/// The database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host:port/database`
    pub url: DatabaseUrl,
    /// A write that takes longer is cancelled and retried on a new connection.
    #[serde(default = "write_timeout_ms")]
    pub write_timeout_ms: u64,
    /// Batches written at the same time, each on its own connection: 1 to 4.
    #[serde(default = "connections")]
    pub connections: u8,
}

/// Limits on dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeadLetterConfig {
    /// New dead letters of one vehicle in one hour. A message over this limit, or one of those below, is
    /// counted and not stored.
    pub per_vehicle_hour_max: u32,
    /// Bytes of their topics and payloads.
    pub per_vehicle_hour_max_bytes: u64,
    /// Bytes of all stored dead letters of one vehicle.
    pub per_vehicle_max_bytes: u64,
    /// Stored dead letters of all vehicles.
    pub total_max: u64,
    /// Bytes of all stored dead letters.
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
    /// Converts to the store's type, with this limit on payloads.
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
    /// Loads the file, overridden by the environment.
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
        // The limit of MQTT.
        bounds("mqtt.packet_max_bytes", 1.0, 268_435_455.0),
        bounds("mqtt.memory_max_bytes", 1.0, 68_719_476_736.0),
        bounds("mqtt.vehicle_memory_max_bytes", 1.0, 68_719_476_736.0),
        bounds("mqtt.keep_alive_s", 5.0, 65_535.0),
        bounds("mqtt.session_expiry_s", 1.0, 4_294_967_295.0),
        bounds("mqtt.reconnect_delay_min_ms", 1.0, 3_600_000.0),
        bounds("mqtt.reconnect_delay_max_ms", 1.0, 3_600_000.0),
        bounds("mqtt.takeover_delay_max_ms", 1.0, 3_600_000.0),
        bounds("database.write_timeout_ms", 100.0, 3_600_000.0),
        // More connections are not faster.
        bounds("database.connections", 1.0, 4.0),
        bounds("batch.rows_max", 1.0, 1_000_000.0),
        bounds("batch.linger_ms", 0.0, 60_000.0),
        bounds("limits.payload_max_bytes", 1.0, 268_435_455.0),
        bounds("limits.readings_max", 1.0, 1_000_000.0),
        bounds("limits.future_tolerance_s", 0.0, 31_536_000.0),
        bounds("limits.vehicle_days_per_hour_max", 1.0, 4_294_967_295.0),
        // A shorter difference than the answer time of a database cannot be measured.
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
            return Err(
                "mqtt.client_id is empty: the broker needs it to keep the session".to_owned(),
            );
        }
        if let Some(character) = mqtt.client_id().chars().find(|c| c.is_control()) {
            return Err(format!(
                "mqtt.client_id has the control character {character:?}, and brokers then end the \
                 connection: remove it (an empty mqtt.client_id means the login's name)"
            ));
        }
        if mqtt.shared_group.contains(['/', '+', '#']) {
            return Err("mqtt.shared_group must not contain '/', '+' or '#'".to_owned());
        }
        if mqtt.reconnect_delay_min_ms > mqtt.reconnect_delay_max_ms {
            return Err(too_large(
                ("mqtt.reconnect_delay_min_ms", mqtt.reconnect_delay_min_ms),
                ("mqtt.reconnect_delay_max_ms", mqtt.reconnect_delay_max_ms),
            ));
        }
        if !mqtt.shared_group.is_empty() && !mqtt.shared_group_is_protected {
            return Err(format!(
                "mqtt.shared_group is {:?}: any other client that subscribes to $share/{0}/… receives \
                 some of its messages, and these are lost; configure the broker to refuse this \
                 subscription to all others (deploy/ingest.example.toml says how), then set \
                 mqtt.shared_group_is_protected = true",
                mqtt.shared_group
            ));
        }
        // The clock of a machine without a clock battery may start in 1970.
        let now = Timestamp::now().max(CLOCK_MIN);
        if limits.recorded_at_min > now {
            return Err(format!(
                "limits.recorded_at_min is {}, which is in the future: all readings would be set \
                 aside; write a time before the first valid reading",
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

/// The error for a value that must not be larger than the value of another key.
fn too_large((key, value): (&str, u64), (bound_key, bound): (&str, u64)) -> String {
    format!(
        "{key} is {value}, it must be {bound} at most, which is {bound_key}: lower the first or raise \
         the second"
    )
}

/// A time before this version was written: 2026-01-01T00:00:00Z.
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
    /// `write_timeout_ms` as a duration.
    pub fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }
}

#[cfg(test)]
mod tests {
    use ayaz_daemon::config::testing;

    use super::*;

    #[test]
    fn the_sample_configuration_is_valid_and_shows_the_defaults() {
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
            ayaz_model::TopicKind::ALL.map(|kind| kind.filter(None))
        );
    }

    #[test]
    fn the_sample_shows_every_key_and_every_number_has_bounds() {
        assert_eq!(testing::keys_without_sample::<Config>(), [""; 0]);
        assert_eq!(testing::numbers_out_of_bounds::<Config>(), [""; 0]);
    }

    #[test]
    fn an_error_names_the_wrong_value() {
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
                "mqtt.client_id has the control character '\\t'",
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
                "which is in the future",
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
