//! The broker's side of a connection, controlled by the test.

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnAckProperties, ConnectReturnCode, Packet, Publish, SubAck, SubscribeReasonCode,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Peer {
    stream: TcpStream,
    input: BytesMut,
}

impl Peer {
    /// Accepts the next connection and reads its CONNECT.
    pub(crate) async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut peer = Self {
            stream,
            input: BytesMut::new(),
        };
        match peer.receive().await {
            Packet::Connect(..) => peer,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn send(&mut self, packet: Packet) {
        let mut output = BytesMut::new();
        packet.write(&mut output, None).expect("a packet");
        self.stream.write_all(&output).await.expect("sent");
    }

    /// The next packet, without pings.
    pub(crate) async fn receive(&mut self) -> Packet {
        loop {
            match Packet::read(&mut self.input, None) {
                Ok(Packet::PingReq(_)) => {}
                Ok(packet) => return packet,
                Err(_) => {
                    let read = self.stream.read_buf(&mut self.input).await;
                    let read = read.expect("bytes");
                    assert!(read > 0, "the daemon has closed the connection");
                }
            }
        }
    }

    /// Accepts the connection with these properties.
    pub(crate) async fn welcome(
        &mut self,
        session_present: bool,
        change: impl FnOnce(&mut ConnAckProperties),
    ) {
        let mut properties = ConnAckProperties {
            session_expiry_interval: None,
            receive_max: None,
            max_qos: None,
            retain_available: None,
            max_packet_size: Some(1_000_000),
            assigned_client_identifier: None,
            topic_alias_max: None,
            reason_string: None,
            user_properties: vec![],
            wildcard_subscription_available: None,
            subscription_identifiers_available: None,
            shared_subscription_available: None,
            server_keep_alive: None,
            response_information: None,
            server_reference: None,
            authentication_method: None,
            authentication_data: None,
        };
        change(&mut properties);
        self.send(Packet::ConnAck(ConnAck {
            session_present,
            code: ConnectReturnCode::Success,
            properties: Some(properties),
        }))
        .await;
    }

    /// Answers SUBSCRIBE. Returns its filters.
    pub(crate) async fn grant(
        &mut self,
        grant: impl Fn(&str) -> SubscribeReasonCode,
    ) -> Vec<String> {
        let request = match self.receive().await {
            Packet::Subscribe(request) => request,
            other => panic!("{other:?}"),
        };
        assert!(request.filters.iter().all(|it| it.qos == QoS::AtLeastOnce));
        let filters = request.filters.into_iter().map(|it| it.path);
        let filters: Vec<String> = filters.collect();
        self.send(Packet::SubAck(SubAck {
            pkid: request.pkid,
            return_codes: filters.iter().map(|it| grant(it)).collect(),
            properties: None,
        }))
        .await;
        filters
    }

    pub(crate) async fn publish(&mut self, topic: &str, packet_id: u16) {
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, b"x".to_vec(), None);
        publish.pkid = packet_id;
        self.send(Packet::Publish(publish)).await;
    }
}

/// Grants QoS 1 to every filter.
pub(crate) fn qos_1(_filter: &str) -> SubscribeReasonCode {
    SubscribeReasonCode::Success(QoS::AtLeastOnce)
}
