//! How the daemon connects and what it subscribes to.

use ayaz_model::{BrokerUrl, FleetId, TopicKind};
use serde::{Deserialize, Deserializer};

/// The broker's side of the daemon.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttConfig {
    /// `mqtt://user:password@host:port`
    #[serde(deserialize_with = "url")]
    pub url: BrokerUrl,
    /// Names the session that the broker keeps while the daemon is away: it must stay the same, and
    /// no two daemons may share it. `None`, or empty, is the login's name, see
    /// [`MqttConfig::client_id`].
    #[serde(default, deserialize_with = "unless_empty")]
    pub client_id: Option<String>,
    /// Fleets to subscribe to; empty is all of them.
    #[serde(default, deserialize_with = "fleets")]
    pub fleets: Vec<FleetId>,
    /// Shares the messages with the other daemons of this group (`$share/GROUP/…`), on brokers that
    /// can; empty is not shared.
    #[serde(default)]
    pub shared_group: String,
    /// The operator's word that the broker lets nobody else subscribe to that group. Whoever can
    /// takes messages out of it, which are then acknowledged and stored nowhere.
    #[serde(default)]
    pub shared_group_is_protected: bool,
    /// Most messages that the broker may deliver without an acknowledgement (MQTT 5 Receive
    /// Maximum). A batch takes a share of them at most, so that the others can come meanwhile.
    #[serde(default = "receive_maximum")]
    pub receive_maximum: u16,
    /// Largest packet taken from the broker. A broker that holds a larger one drops it, so this is
    /// to be no less than the broker's own limit; `limits.payload_max_bytes` says what becomes a
    /// dead letter instead.
    #[serde(default = "packet_max_bytes")]
    pub packet_max_bytes: u32,
    /// Most bytes of messages that were received and are not yet stored. At this bound nothing is
    /// read from the broker.
    #[serde(default = "memory_max_bytes")]
    pub memory_max_bytes: usize,
    /// Bytes of one vehicle that may wait here, beyond which the messages of others go before its own.
    #[serde(default = "vehicle_memory_max_bytes")]
    pub vehicle_memory_max_bytes: usize,
    /// The broker hears from us twice in this time, and is given up when it has not answered for so
    /// long. A broker that demands a shorter keep-alive gets it.
    #[serde(default = "keep_alive_s")]
    pub keep_alive_s: u16,
    /// How long the broker keeps our messages while we are away.
    #[serde(default = "session_expiry_s")]
    pub session_expiry_s: u32,
    /// First wait before connecting again; it doubles, with jitter, up to the next.
    #[serde(default = "reconnect_delay_min_ms")]
    pub reconnect_delay_min_ms: u64,
    /// Longest wait. A cluster can refuse a dead node's client id for 20 s.
    #[serde(default = "reconnect_delay_max_ms")]
    pub reconnect_delay_max_ms: u64,
    /// Longest wait after another client has connected with our client id.
    #[serde(default = "takeover_delay_max_ms")]
    pub takeover_delay_max_ms: u64,
}

/// Where neither a client id is set nor a login is given.
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

fn unless_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
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
    /// The client id: as set, else the login's name, since brokers that bind client ids to logins
    /// want these to be the same.
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
    fn the_client_id_is_the_logins_name_unless_one_is_set() {
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
