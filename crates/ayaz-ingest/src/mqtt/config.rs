//! How the daemon connects and what it subscribes to.

use ayaz_model::{BrokerUrl, FleetId, TopicKind};
use serde::{Deserialize, Deserializer};

/// Settings of the broker connection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttConfig {
    /// `mqtt://user:password@host:port`
    #[serde(deserialize_with = "url")]
    pub url: BrokerUrl,
    /// The client id, under which the broker keeps the session while the daemon is disconnected. It must
    /// not change, and each daemon needs its own. `None` or empty means the login's name, see
    /// [`MqttConfig::client_id`].
    #[serde(default, deserialize_with = "none_if_empty")]
    pub client_id: Option<String>,
    /// Fleets to subscribe to; empty means all.
    #[serde(default, deserialize_with = "fleets")]
    pub fleets: Vec<FleetId>,
    /// Shares the messages with the other daemons of this group (`$share/GROUP/…`). Empty means no shared
    /// subscription.
    #[serde(default)]
    pub shared_group: String,
    /// The operator confirms that the broker lets no other client subscribe to the group. Such a client
    /// would acknowledge messages that are then stored nowhere.
    #[serde(default)]
    pub shared_group_is_protected: bool,
    /// Maximum of unacknowledged messages (MQTT 5 Receive Maximum). A batch has at most a part of them,
    /// so that further messages arrive while it is written.
    #[serde(default = "receive_maximum")]
    pub receive_maximum: u16,
    /// Maximum packet size, at least the broker's own limit: the broker drops a larger packet. Payloads
    /// over `limits.payload_max_bytes` become dead letters instead.
    #[serde(default = "packet_max_bytes")]
    pub packet_max_bytes: u32,
    /// Maximum bytes of messages that are received and not stored. At this limit the daemon does not read
    /// from the broker.
    #[serde(default = "memory_max_bytes")]
    pub memory_max_bytes: usize,
    /// Bytes of one vehicle that may wait. Above this limit, messages of others are stored first.
    #[serde(default = "vehicle_memory_max_bytes")]
    pub vehicle_memory_max_bytes: usize,
    /// The daemon sends two pings in this time, and ends the connection after this time without an
    /// answer. A shorter keep-alive of the broker has priority.
    #[serde(default = "keep_alive_s")]
    pub keep_alive_s: u16,
    /// How long the broker keeps our session while the daemon is disconnected.
    #[serde(default = "session_expiry_s")]
    pub session_expiry_s: u32,
    /// First wait before the next connection. It doubles, with jitter, up to `reconnect_delay_max_ms`.
    #[serde(default = "reconnect_delay_min_ms")]
    pub reconnect_delay_min_ms: u64,
    /// Longest wait before the next connection. A cluster can refuse the client id of a dead node for 20 s.
    #[serde(default = "reconnect_delay_max_ms")]
    pub reconnect_delay_max_ms: u64,
    /// Longest wait after another client connected with our client id.
    #[serde(default = "takeover_delay_max_ms")]
    pub takeover_delay_max_ms: u64,
}

/// The client id without a configured id or login.
const CLIENT_ID: &str = "ayaz-ingest";

fn receive_maximum() -> u16 {
    10_000
}

fn packet_max_bytes() -> u32 {
    2 * 1024 * 1024
}

fn memory_max_bytes() -> usize {
    32 * 1024 * 1024
}

fn vehicle_memory_max_bytes() -> usize {
    4 * 1024 * 1024
}

fn keep_alive_s() -> u16 {
    30
}

fn session_expiry_s() -> u32 {
    7 * 86_400
}

fn reconnect_delay_min_ms() -> u64 {
    200
}

fn reconnect_delay_max_ms() -> u64 {
    10_000
}

fn takeover_delay_max_ms() -> u64 {
    60_000
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BrokerUrl, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(serde::de::Error::custom)
}

fn none_if_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(|text| Some(text).filter(|text| !text.is_empty()))
}

fn fleets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<FleetId>, D::Error> {
    Vec::<String>::deserialize(deserializer)?
        .iter()
        .map(|fleet| {
            fleet.parse().map_err(|error: ayaz_model::IdentityError| {
                let hint = match fleet.contains(['[', ']', '"', '\'', ';', ' ']) {
                    true => "; write the fleets with commas between them: astana,almaty",
                    false => "",
                };
                serde::de::Error::custom(format_args!("fleet {fleet:?}: {error}{hint}"))
            })
        })
        .collect()
}

impl MqttConfig {
    /// The configured client id, else the login's name, since brokers that bind client ids to logins
    /// demand that they are equal.
    pub fn client_id(&self) -> &str {
        let login = self.url.credentials().map(|(user, _)| user);
        self.client_id.as_deref().or(login).unwrap_or(CLIENT_ID)
    }

    /// Topic filters to subscribe to.
    pub fn filters(&self) -> Vec<String> {
        let prefix = match self.shared_group.as_str() {
            "" => String::new(),
            group => format!("$share/{group}/"),
        };
        let fleets: Vec<Option<&FleetId>> = match self.fleets.as_slice() {
            [] => vec![None],
            fleets => fleets.iter().map(Some).collect(),
        };
        fleets
            .iter()
            .flat_map(|fleet| TopicKind::ALL.map(|kind| format!("{prefix}{}", kind.filter(*fleet))))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_id_is_by_default_the_logins_name() {
        for (config, client_id) in [
            (r#"{ "url": "mqtt://127.0.0.1" }"#, "ayaz-ingest"),
            (r#"{ "url": "mqtt://store:p@127.0.0.1" }"#, "store"),
            (
                r#"{ "url": "mqtt://astana%2Fstore:p@127.0.0.1" }"#,
                "astana/store",
            ),
            (
                r#"{ "url": "mqtt://store:p@127.0.0.1", "client_id": "" }"#,
                "store",
            ),
            (
                r#"{ "url": "mqtt://store:p@127.0.0.1", "client_id": "one" }"#,
                "one",
            ),
        ] {
            let config: MqttConfig = serde_json::from_str(config).unwrap();
            assert_eq!(config.client_id(), client_id);
        }
    }
}
