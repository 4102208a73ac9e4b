//! Connects the daemon to a fake broker that grants less than requested. Checks that readiness reports it
//! until it is resolved, and that messages are still received.

use std::time::{Duration, Instant};

use ayaz_daemon::admin::Readiness;
use ayaz_ingest::ack::AckToken;
use ayaz_ingest::delivery::Delivery;
use ayaz_ingest::mqtt::{self, Channels};
use ayaz_ingest::progress::Progress;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, SubscribeReasonCode};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::time::timeout;

#[path = "fake/peer.rs"]
mod peer;

use peer::{Peer, qos_1};

const TIMEOUT: Duration = Duration::from_secs(20);

/// The daemon's MQTT task, connected to a fake broker.
struct Bench {
    listener: TcpListener,
    deliveries: UnboundedReceiver<Vec<Delivery>>,
    settled: UnboundedSender<Vec<AckToken>>,
    readiness: Readiness,
    _stop: watch::Sender<bool>,
}

impl Bench {
    async fn new(more: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let config = format!(
            r#"{{ "url": "mqtt://ingest:secret@{address}", "client_id": "ours",
            "reconnect_delay_min_ms": 1, "reconnect_delay_max_ms": 10{more} }}"#
        );
        let (deliver, deliveries) = unbounded_channel();
        let (settled, settlements) = unbounded_channel();
        let (stop, stopping) = watch::channel(false);
        let readiness = Readiness::waiting_for(&[mqtt::PART]);
        let channels = Channels {
            deliveries: deliver,
            settled: settlements,
            stop: stopping,
            progress: Progress::new(),
        };
        let config = serde_json::from_str(&config).expect("a configuration");
        tokio::spawn(mqtt::run(config, channels, readiness.clone()));
        Self {
            listener,
            deliveries,
            settled,
            readiness,
            _stop: stop,
        }
    }

    async fn accept(&self) -> Peer {
        timeout(TIMEOUT, Peer::accept(&self.listener))
            .await
            .expect("a connection in time")
    }

    fn reason(&self, part: &str) -> Option<String> {
        self.readiness.reasons().get(part).cloned()
    }

    /// Waits until the reason of the part matches.
    async fn until(&self, part: &str, matches: impl Fn(Option<&str>) -> bool) {
        let deadline = Instant::now() + TIMEOUT;
        while !matches(self.reason(part).as_deref()) {
            assert!(Instant::now() < deadline, "{:?}", self.reason(part));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn until_reason(&self, part: &str, words: &[&str]) {
        self.until(part, |reason| {
            reason.is_some_and(|reason| words.iter().all(|word| reason.contains(word)))
        })
        .await;
        let reason = self.reason(part).unwrap_or_default();
        assert!(!reason.contains("secret"), "{reason}");
    }

    async fn until_ready(&self) {
        self.until(mqtt::PART, |reason| reason.is_none()).await;
    }

    /// Publishes a message, waits for its delivery, and settles it.
    async fn deliver(&mut self, peer: &mut Peer, topic: &str, packet_id: u16) {
        peer.publish(topic, packet_id).await;
        let delivered = timeout(TIMEOUT, self.deliveries.recv()).await;
        let delivered = delivered.ok().flatten().expect("a delivery in time");
        assert_eq!(delivered[0].topic, topic.as_bytes());
        let tokens = delivered.into_iter().map(|it| it.token).collect();
        self.settled.send(tokens).expect("the daemon's task");
    }
}

async fn until_acknowledged(peer: &mut Peer, packet_id: u16) {
    match timeout(TIMEOUT, peer.receive()).await.expect("an answer") {
        Packet::PubAck(ack) => assert_eq!(ack.pkid, packet_id),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_daemon_is_not_ready_while_the_broker_grants_only_qos_0() {
    let mut bench = Bench::new("").await;
    let mut peer = bench.accept().await;
    peer.welcome(false, |_| {}).await;
    peer.grant(|filter| match filter {
        "ayaz/v1/+/+/cells" => SubscribeReasonCode::Success(QoS::AtMostOnce),
        other => qos_1(other),
    })
    .await;
    let words = ["QoS 0", "ayaz/v1/+/+/cells", "max_qos 1"];
    bench.until_reason(mqtt::PART, &words).await;
    bench.deliver(&mut peer, "ayaz/v1/f/b/telemetry", 7).await;
    until_acknowledged(&mut peer, 7).await;
    assert!(
        bench.reason(mqtt::PART).is_some(),
        "a received message does not resolve it"
    );

    drop(peer);
    let mut peer = bench.accept().await;
    peer.welcome(true, |_| {}).await;
    peer.grant(qos_1).await;
    bench.until_ready().await;
    // The session has no old subscriptions, so nothing is unsubscribed.
    bench.deliver(&mut peer, "ayaz/v1/f/b/status", 8).await;
    until_acknowledged(&mut peer, 8).await;
}

#[tokio::test]
async fn only_a_broken_guarantee_makes_the_daemon_not_ready() {
    let bench = Bench::new("").await;
    let mut peer = bench.accept().await;
    peer.welcome(false, |it| it.session_expiry_interval = Some(0))
        .await;
    peer.grant(qos_1).await;
    bench
        .until_reason(mqtt::PART, &["our session for 0 s", "session expiry"])
        .await;
    drop(peer);

    let mut peer = bench.accept().await;
    peer.welcome(true, |it| {
        it.session_expiry_interval = Some(60);
        it.receive_max = Some(20);
        it.server_keep_alive = Some(2);
        it.max_packet_size = None;
        it.retain_available = Some(0);
    })
    .await;
    peer.grant(qos_1).await;
    bench.until_ready().await;
}

#[tokio::test]
async fn a_refused_topic_is_named_and_the_others_are_received() {
    let mut bench = Bench::new(r#", "fleets": ["a", "b"]"#).await;
    let mut peer = bench.accept().await;
    peer.welcome(false, |_| {}).await;
    peer.grant(|filter| match filter {
        "ayaz/v1/b/+/telemetry" => SubscribeReasonCode::NotAuthorized,
        other => qos_1(other),
    })
    .await;
    let words = ["refuses the subscription to ayaz/v1/b/+/telemetry", "ACL"];
    bench.until_reason(mqtt::PART, &words).await;
    bench.deliver(&mut peer, "ayaz/v1/a/bus/telemetry", 1).await;
    until_acknowledged(&mut peer, 1).await;
}

#[tokio::test]
async fn a_lost_session_is_reported_in_its_own_part() {
    let bench = Bench::new("").await;
    let mut peer = bench.accept().await;
    peer.welcome(false, |_| {}).await;
    peer.grant(qos_1).await;
    bench.until_ready().await;
    assert_eq!(
        bench.reason("session"),
        None,
        "the first session is no loss"
    );
    drop(peer);
    let mut peer = bench.accept().await;
    peer.welcome(false, |_| {}).await;
    peer.grant(qos_1).await;
    bench.until_ready().await;
    bench
        .until_reason("session", &["lost this daemon's session", "minutes"])
        .await;
}

#[tokio::test]
async fn subscriptions_of_an_earlier_configuration_are_removed() {
    let mut bench = Bench::new(r#", "fleets": ["a"]"#).await;
    let mut peer = bench.accept().await;
    peer.welcome(true, |_| {}).await;
    let ours = peer.grant(qos_1).await;
    let of_all = match peer.receive().await {
        Packet::Unsubscribe(it) => it.filters,
        other => panic!("{other:?}"),
    };
    let kinds = ["telemetry", "cells", "status"];
    assert_eq!(of_all, kinds.map(|kind| format!("ayaz/v1/+/+/{kind}")));
    bench.until_ready().await;

    // A fleet that was removed from the configuration: its message is stored, then it is unsubscribed.
    bench.deliver(&mut peer, "ayaz/v1/out/bus/cells", 5).await;
    let filters = match peer.receive().await {
        Packet::Unsubscribe(it) => it.filters,
        other => panic!("{other:?}"),
    };
    assert!(
        filters.contains(&"ayaz/v1/out/+/cells".to_owned()),
        "{filters:?}"
    );
    assert!(filters.iter().all(|it| !ours.contains(it)), "{filters:?}");
    until_acknowledged(&mut peer, 5).await;
    bench.deliver(&mut peer, "ayaz/v1/out/bus2/cells", 6).await;
    until_acknowledged(&mut peer, 6).await;
    bench.deliver(&mut peer, "ayaz/v1/a/bus/cells", 7).await;
    until_acknowledged(&mut peer, 7).await;
}

#[tokio::test]
async fn a_server_that_closes_every_connection_is_not_a_take_over() {
    let bench = Bench::new("").await;
    for _ in 0..5 {
        // Accepts and closes, as PostgreSQL does with an unknown protocol.
        drop(bench.accept().await);
    }
    let words = [
        "cannot connect to the broker at 127.0.0.1:",
        "port of an MQTT 5 broker",
    ];
    bench.until_reason(mqtt::PART, &words).await;
    for _ in 0..5 {
        // A broker that closes at SUBSCRIBE.
        let mut peer = bench.accept().await;
        peer.welcome(false, |_| {}).await;
        peer.receive().await;
    }
    bench
        .until_reason(mqtt::PART, &["before it answered to SUBSCRIBE"])
        .await;
}
