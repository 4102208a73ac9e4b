//! Options of a publisher.

use std::time::Duration;

use ayaz_model::BrokerUrl;

/// Where the broker is, and how many messages may wait.
#[derive(Debug, Clone)]
pub struct PublisherOptions {
    /// The broker.
    pub url: BrokerUrl,
    /// Must be unique at the broker: two publishers with the same id disconnect each other. A broker
    /// that binds client ids to logins uses the login's name instead.
    pub client_id: String,
    /// Maximum of messages sent and not acknowledged, at least 1. The broker's Receive Maximum may
    /// lower it.
    pub inflight_max: u16,
    /// Maximum bytes of unacknowledged messages, with [`MESSAGE_OVERHEAD_BYTES`] for each. A larger
    /// message is sent alone.
    pub window_bytes_max: u32,
    /// Time limit for the first connection; `None` means no limit. Later connections have no limit.
    pub give_up_after: Option<Duration>,
    /// When a message counts as delivered. `None`: the broker acknowledged it, even if it has no
    /// subscriber and discards the message. `Some`: the broker also has a subscriber; until then the
    /// publisher sends the message again, and fails after this time. Retained messages need no
    /// subscriber, since the broker keeps them.
    ///
    /// Needs a broker that reports missing subscribers, as Mosquitto does. MQTT 5 does not demand it.
    pub subscriber_wait: Option<Duration>,
}

/// Added to the length of topic and payload, so that the limit in bytes also limits the count.
pub const MESSAGE_OVERHEAD_BYTES: u32 = 512;

impl PublisherOptions {
    /// 1,000 messages in flight, 16 MiB, 30 s for the first connection, no wait for subscribers.
    pub fn new(url: BrokerUrl, client_id: impl Into<String>) -> Self {
        Self {
            url,
            client_id: client_id.into(),
            inflight_max: 1_000,
            window_bytes_max: 16 << 20,
            give_up_after: Some(Duration::from_secs(30)),
            subscriber_wait: None,
        }
    }
}
