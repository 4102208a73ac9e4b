//! What a publisher is told.

use std::time::Duration;

use ayaz_model::BrokerUrl;

/// How to reach the broker and how much to keep.
#[derive(Debug, Clone)]
pub struct PublisherOptions {
    /// Where the broker is.
    pub url: BrokerUrl,
    /// Must be unique at the broker: two publishers with the same id throw each other out. A broker
    /// that binds client ids to logins takes the login's name instead.
    pub client_id: String,
    /// Most messages sent and not acknowledged; the broker's Receive Maximum lowers it. At least 1.
    pub inflight_max: u16,
    /// Most bytes of messages kept, counting [`MESSAGE_OVERHEAD_BYTES`] for each. A single larger
    /// message still goes, alone.
    pub window_bytes_max: u32,
    /// How long to try the first connection; `None` for as long as it takes. Later ones are tried
    /// for as long as it takes.
    pub give_up_after: Option<Duration>,
    /// What counts as delivered. `None`: that the broker has taken a message, even if it throws it
    /// away because nobody has subscribed. `Some`: that it had a subscriber to hand it to; until
    /// then the message is kept and sent again, and the publisher fails once nobody has subscribed
    /// for this long. Retained messages are delivered either way, since the broker keeps them.
    ///
    /// Needs a broker that tells, as Mosquitto does: MQTT 5 leaves that to the broker.
    pub subscriber_wait: Option<Duration>,
}

/// Added to the length of topic and payload, so that the bound on bytes also bounds the count.
pub const MESSAGE_OVERHEAD_BYTES: u32 = 512;

impl PublisherOptions {
    /// 1,000 in flight, 16 MiB kept, 30 s for the first connection, no wait for subscribers.
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
