//! Builds the client and event loop of one connection.

use std::time::Duration;

use rumqttc::NetworkOptions;
use rumqttc::v5::{AsyncClient, EventLoop, MqttOptions};

use crate::options::{MESSAGE_OVERHEAD_BYTES, PublisherOptions};

const KEEP_ALIVE: Duration = Duration::from_secs(15);
const CONNECTION_TIMEOUT_SECONDS: u64 = 10;

/// A publisher receives acknowledgements only.
const INCOMING_PACKET_BYTES_MAX: u32 = 64 * 1024;

pub(crate) fn build(options: &PublisherOptions) -> (AsyncClient, EventLoop) {
    let url = &options.url;
    let mut mqtt = MqttOptions::new(&options.client_id, url.host(), url.port());
    if let Some((user, password)) = url.credentials() {
        mqtt.set_credentials(user, password);
    }
    mqtt.set_clean_start(true);
    mqtt.set_keep_alive(KEEP_ALIVE);
    mqtt.set_connection_timeout(CONNECTION_TIMEOUT_SECONDS);
    mqtt.set_max_packet_size(Some(INCOMING_PACKET_BYTES_MAX));
    mqtt.set_outgoing_inflight_upper_limit(options.inflight_max.max(1));
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    mqtt.set_network_options(network);
    // Every message costs at least its overhead, except one that fills the window alone. One more
    // place is for DISCONNECT.
    let messages_max = options.window_bytes_max / MESSAGE_OVERHEAD_BYTES + 2;
    AsyncClient::new(mqtt, messages_max as usize)
}
