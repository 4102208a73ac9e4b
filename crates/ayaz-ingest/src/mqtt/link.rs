//! Packets of MQTT 5 over one TCP connection.
//!
//! Uses rumqttc's codec without its event loop. The event loop writes each acknowledgement separately,
//! although a batch has thousands. It also cannot ping without reading, so memory could be limited only
//! by dropping messages.

use std::io;
use std::time::Duration;

use ayaz_mqtt::advice;
use bytes::BytesMut;
use rumqttc::v5::mqttbytes::Error as CodecError;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Connect, ConnectProperties, ConnectReturnCode, Login, Packet,
};
use thiserror::Error;
use tokio::net::TcpStream;

use super::socket::{self, Reader, Writer};
use super::{MqttConfig, subscriptions};

/// Time limit for the broker to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// An error that ends the link.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The broker closed the connection without DISCONNECT.
    #[error("the broker closed the connection")]
    Closed,
    /// An error of the network.
    #[error(transparent)]
    Network(#[from] io::Error),
    /// The broker did not accept the connection in time.
    #[error("no answer to CONNECT within {} s", CONNECT_TIMEOUT.as_secs())]
    Timeout,
    /// The CONNACK refuses the connection.
    #[error("the broker refuses the connection ({0:?})")]
    Refused(ConnectReturnCode),
    /// The server closed the connection without a CONNACK.
    #[error("the server closes the connection without an answer to CONNECT")]
    Unanswered,
    /// The CONNACK is of MQTT 3.1.1.
    #[error("the broker supports MQTT 3.1.1 only")]
    OldMqtt,
    /// The answer to CONNECT is not MQTT.
    #[error("the server is not an MQTT broker; its protocol is {0}")]
    NotMqtt(&'static str),
    /// A packet that is not MQTT 5, or is larger than our limit.
    #[error("the broker sent a malformed packet: {0}")]
    Malformed(String),
    /// A packet of ours is invalid, because of the configuration or a bug.
    #[error("cannot encode a packet for the broker: {0}")]
    Unsendable(String),
}

impl LinkError {
    /// Advice for an operator when the connection fails.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Network(error) => advice::on_network(error),
            Self::Refused(code) => advice::on_refusal(*code),
            Self::OldMqtt => advice::USE_MQTT_5,
            Self::Closed
            | Self::Timeout
            | Self::Unanswered
            | Self::NotMqtt(_)
            | Self::Malformed(_) => advice::CHECK_THE_PORT,
            Self::Unsendable(_) => "check user, password and mqtt.client_id",
        }
    }
}

/// What [`Link::exchange`] did.
#[derive(Debug, PartialEq, Eq)]
pub enum Moved {
    /// Bytes arrived, perhaps packets.
    In,
    /// Bytes were sent; all of them unless [`Link::has_unsent`].
    Out,
}

/// The SUBSCRIBE packet for the configured topics, with QoS 1.
pub fn subscription(config: &MqttConfig) -> Packet {
    subscriptions::subscribe(1, config.filters())
}

/// A connection that the broker has accepted.
#[derive(Debug)]
pub struct Link {
    reader: Reader,
    writer: Writer,
    input: BytesMut,
    output: BytesMut,
    packet_max_bytes: u32,
}

impl Link {
    /// Connects, and waits for the broker's answer.
    pub async fn open(config: &MqttConfig) -> Result<(Self, ConnAck), LinkError> {
        tokio::time::timeout(CONNECT_TIMEOUT, Self::handshake(config))
            .await
            .unwrap_or(Err(LinkError::Timeout))
    }

    async fn handshake(config: &MqttConfig) -> Result<(Self, ConnAck), LinkError> {
        let stream = TcpStream::connect(config.url.address()).await?;
        // A write has the acknowledgements of a whole batch, and the broker waits for them.
        stream.set_nodelay(true)?;
        let (reader, writer) = socket::split(stream)?;
        let mut link = Self {
            reader,
            writer,
            input: BytesMut::new(),
            output: BytesMut::new(),
            packet_max_bytes: config.packet_max_bytes,
        };
        let login = config.url.credentials().map(|(username, password)| Login {
            username: username.to_owned(),
            password: password.to_owned(),
        });
        let connect = Connect {
            keep_alive: config.keep_alive_s,
            client_id: config.client_id().to_owned(),
            clean_start: false,
            properties: Some(ConnectProperties {
                session_expiry_interval: Some(config.session_expiry_s),
                receive_maximum: Some(config.receive_maximum),
                max_packet_size: Some(config.packet_max_bytes),
                ..ConnectProperties::new()
            }),
        };
        link.put(&Packet::Connect(connect, None, login))?;
        loop {
            check_protocol(&link.input)?;
            match link.packet()? {
                None => match link.exchange(true).await {
                    Err(LinkError::Closed) => return Err(LinkError::Unanswered),
                    other => {
                        other?;
                    }
                },
                Some(Packet::ConnAck(answer)) if answer.code == ConnectReturnCode::Success => {
                    return Ok((link, answer));
                }
                Some(Packet::ConnAck(answer)) => return Err(LinkError::Refused(answer.code)),
                Some(_) => {
                    let what = "another packet as the answer to CONNECT";
                    return Err(LinkError::Malformed(what.to_owned()));
                }
            }
        }
    }

    /// The next received packet.
    pub fn packet(&mut self) -> Result<Option<Packet>, LinkError> {
        complete_disconnect(&mut self.input);
        let bytes = self.input.len();
        match Packet::read(&mut self.input, Some(self.packet_max_bytes)) {
            Ok(packet) => Ok(Some(packet)),
            // The codec has the same error for a malformed packet that ends too early, but removes that
            // from the input.
            Err(CodecError::InsufficientBytes(_)) if self.input.len() == bytes => Ok(None),
            Err(error) => Err(LinkError::Malformed(error.to_string())),
        }
    }

    /// Adds a packet to the output.
    pub fn put(&mut self, packet: &Packet) -> Result<(), LinkError> {
        packet
            .write(&mut self.output, None)
            .map(drop)
            .map_err(|error| LinkError::Unsendable(error.to_string()))
    }

    /// Whether the output has bytes.
    pub fn has_unsent(&self) -> bool {
        !self.output.is_empty()
    }

    /// Waits until bytes are received (if `reading`) or sent. Both at the same time, since a broker that
    /// waits until we read may not read itself. Cancel-safe.
    pub async fn exchange(&mut self, reading: bool) -> Result<Moved, LinkError> {
        tokio::select! {
            read = self.reader.read(&mut self.input), if reading => match read? {
                0 => Err(LinkError::Closed),
                _ => Ok(Moved::In),
            },
            written = self.writer.write(&mut self.output), if !self.output.is_empty() => {
                written?;
                Ok(Moved::Out)
            }
            else => std::future::pending().await,
        }
    }

    /// Sends the output, and returns after the broker has closed its side.
    pub async fn close(mut self) -> Result<(), LinkError> {
        while self.has_unsent() {
            self.exchange(true).await?;
            self.input.clear();
            tokio::task::yield_now().await;
        }
        self.writer.shutdown()?;
        // If unread bytes remain at close, the kernel discards the bytes it has not sent yet.
        while self.exchange(true).await.is_ok() {
            self.input.clear();
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// Checks whether the received part of the answer to CONNECT can be MQTT 5.
fn check_protocol(input: &[u8]) -> Result<(), LinkError> {
    const CONNACK: u8 = 0x20;
    let other = match input {
        [] => return Ok(()),
        // MQTT 5 has a length of properties too.
        [CONNACK, 2, _, _, ..] => return Err(LinkError::OldMqtt),
        [CONNACK, ..] => return Ok(()),
        [0x15, ..] => "TLS",
        [b'H', ..] => "HTTP",
        [b'S', ..] => "SSH",
        [b'A', ..] => "AMQP",
        _ => "unknown",
    };
    Err(LinkError::NotMqtt(other))
}

/// Adds the parts of a DISCONNECT that are optional in MQTT 5 (3.14.2.1 and 3.14.2.2.1), but required by
/// the codec. Mosquitto sends a reason without the length of properties.
fn complete_disconnect(input: &mut BytesMut) {
    const DISCONNECT: u8 = 0xe0;
    let reason = match input[..] {
        [DISCONNECT, 0, ..] => 0,
        [DISCONNECT, 1, reason, ..] => reason,
        _ => return,
    };
    // DISCONNECT is the last packet.
    input.clear();
    input.extend_from_slice(&[DISCONNECT, 2, reason, 0]);
}

#[cfg(test)]
mod tests {
    use rumqttc::v5::mqttbytes::v5::DisconnectReasonCode;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    /// Opens a link to a broker that sends these bytes one by one.
    async fn open_to(bytes: &'static [u8]) -> Result<Link, LinkError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut broker, _) = listener.accept().await.unwrap();
            for byte in bytes {
                broker.write_all(&[*byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
            // Keeps the connection open until the test ends.
            std::future::pending::<()>().await;
        });
        let config = format!(r#"{{ "url": "mqtt://{address}" }}"#);
        Link::open(&serde_json::from_str(&config).unwrap())
            .await
            .map(|(link, _)| link)
    }

    async fn next(link: &mut Link) -> Result<Packet, LinkError> {
        loop {
            if let Some(packet) = link.packet()? {
                return Ok(packet);
            }
            link.exchange(true).await?;
        }
    }

    #[tokio::test]
    async fn a_disconnect_is_read_in_all_its_forms() {
        let taken_over = DisconnectReasonCode::SessionTakenOver;
        let normal = DisconnectReasonCode::NormalDisconnection;
        for (bytes, expected) in [
            (&b"\x20\x03\x00\x00\x00\xe0\x01\x8e"[..], taken_over),
            (b"\x20\x03\x00\x00\x00\xe0\x02\x8e\x00", taken_over),
            (b"\x20\x03\x00\x00\x00\xe0\x00", normal),
        ] {
            match next(&mut open_to(bytes).await.unwrap()).await {
                Ok(Packet::Disconnect(packet)) => assert_eq!(packet.reason_code, expected),
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn the_error_says_which_other_protocol_answers() {
        for (bytes, expected) in [
            // Two CONNACKs of MQTT 3.1.1: one refuses, one accepts.
            (&b"\x20\x02\x00\x01"[..], "supports MQTT 3.1.1 only"),
            (b"\x20\x02\x00\x00", "supports MQTT 3.1.1 only"),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "protocol is HTTP"),
            (b"\x15\x03\x01\x00\x02\x02\x46", "protocol is TLS"),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "protocol is SSH"),
            (b"\x4a\x00\x00\x00\x0a8.0.36", "not an MQTT broker"),
            (
                b"\x20\x03\x00\x87\x00",
                "refuses the connection (NotAuthorized)",
            ),
        ] {
            let error = open_to(bytes).await.unwrap_err();
            let text = error.to_string();
            assert!(text.contains(expected), "{text}");
            assert!(!error.advice().is_empty());
        }
        // A PUBLISH that ends before its properties.
        let mut link = open_to(b"\x20\x03\x00\x00\x00\x32\x05\x00\x01a\x00\x01")
            .await
            .unwrap();
        let truncated = next(&mut link).await;
        assert!(
            matches!(truncated, Err(LinkError::Malformed(_))),
            "{truncated:?}"
        );
    }
}
