//! Packets of MQTT 5 over one TCP connection.
//!
//! rumqttc's codec without its event loop. That one writes every acknowledgement by itself, where a
//! batch has thousands, and cannot ping without reading, so that memory could only be bounded by
//! dropping messages and having them sent again.

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

/// How long the broker may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why nothing more comes or goes.
#[derive(Debug, Error)]
pub enum LinkError {
    /// Without a DISCONNECT.
    #[error("the broker closed the connection")]
    Closed,
    /// Below MQTT.
    #[error(transparent)]
    Network(#[from] io::Error),
    /// The broker did not accept the connection in time.
    #[error("no answer to CONNECT within {} s", CONNECT_TIMEOUT.as_secs())]
    Timeout,
    /// By its CONNACK.
    #[error("it refuses the connection ({0:?})")]
    Refused(ConnectReturnCode),
    /// Without a CONNACK.
    #[error("it closes the connection without an answer to CONNECT")]
    Unanswered,
    /// The CONNACK is one of MQTT 3.1.1.
    #[error("it speaks MQTT 3.1.1 only")]
    OldMqtt,
    /// The answer to CONNECT is none of MQTT.
    #[error("what answers there is no MQTT broker, it speaks {0}")]
    NotMqtt(&'static str),
    /// Not MQTT 5, or larger than what was announced.
    #[error("the broker sent what MQTT 5 does not know: {0}")]
    Malformed(String),
    /// A packet of ours: a mistake in the configuration, or of ours.
    #[error("cannot be sent to the broker: {0}")]
    Unsendable(String),
}

impl LinkError {
    /// What to try when no connection comes about.
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
    /// Bytes came, perhaps packets.
    In,
    /// Bytes went; all of them if [`Link::has_unsent`] says no.
    Out,
}

/// What asks for the configured topics, at QoS 1.
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
        tokio::time::timeout(CONNECT_TIMEOUT, Self::shake_hands(config))
            .await
            .unwrap_or(Err(LinkError::Timeout))
    }

    async fn shake_hands(config: &MqttConfig) -> Result<(Self, ConnAck), LinkError> {
        let stream = TcpStream::connect(config.url.address()).await?;
        // What is written is a whole batch of acknowledgements, for which the broker waits.
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
            what_answers(&link.input)?;
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
                    let what = "another packet in answer to CONNECT";
                    return Err(LinkError::Malformed(what.to_owned()));
                }
            }
        }
    }

    /// The next packet of those that have come.
    pub fn packet(&mut self) -> Result<Option<Packet>, LinkError> {
        complete_disconnect(&mut self.input);
        let bytes = self.input.len();
        match Packet::read(&mut self.input, Some(self.packet_max_bytes)) {
            Ok(packet) => Ok(Some(packet)),
            // The codec says the same of a packet that is there and ends too early; but that it takes
            // out of the input.
            Err(CodecError::InsufficientBytes(_)) if self.input.len() == bytes => Ok(None),
            Err(error) => Err(LinkError::Malformed(error.to_string())),
        }
    }

    /// Puts a packet behind those that wait to be sent.
    pub fn put(&mut self, packet: &Packet) -> Result<(), LinkError> {
        packet
            .write(&mut self.output, None)
            .map(drop)
            .map_err(|error| LinkError::Unsendable(error.to_string()))
    }

    /// Whether something waits to be sent.
    pub fn has_unsent(&self) -> bool {
        !self.output.is_empty()
    }

    /// Waits until bytes have come (if `reading`) or gone. Both at once, since a broker that waits
    /// for us to read may not read itself. Can be cancelled without loss.
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

    /// Sends what waits, and returns once the broker has taken it and closed its side.
    pub async fn close(mut self) -> Result<(), LinkError> {
        while self.has_unsent() {
            self.exchange(true).await?;
            self.input.clear();
            tokio::task::yield_now().await;
        }
        self.writer.shutdown()?;
        // Closing with bytes unread would make the kernel throw away what is on its way.
        while self.exchange(true).await.is_ok() {
            self.input.clear();
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// Whether the answer to CONNECT, as far as it has come, can be one of MQTT 5.
fn what_answers(input: &[u8]) -> Result<(), LinkError> {
    const CONNACK: u8 = 0x20;
    let other = match input {
        [] => return Ok(()),
        // One of MQTT 5 has a length of properties too.
        [CONNACK, 2, _, _, ..] => return Err(LinkError::OldMqtt),
        [CONNACK, ..] => return Ok(()),
        [0x15, ..] => "TLS",
        [b'H', ..] => "HTTP",
        [b'S', ..] => "SSH",
        [b'A', ..] => "AMQP",
        _ => "something else",
    };
    Err(LinkError::NotMqtt(other))
}

/// Adds what MQTT 5 lets a DISCONNECT leave out (3.14.2.1 and 3.14.2.2.1) and the codec insists on:
/// Mosquitto sends a reason and no length of properties.
fn complete_disconnect(input: &mut BytesMut) {
    const DISCONNECT: u8 = 0xe0;
    let reason = match input[..] {
        [DISCONNECT, 0, ..] => 0,
        [DISCONNECT, 1, reason, ..] => reason,
        _ => return,
    };
    // Nothing follows it.
    input.clear();
    input.extend_from_slice(&[DISCONNECT, 2, reason, 0]);
}

#[cfg(test)]
mod tests {
    use rumqttc::v5::mqttbytes::v5::DisconnectReasonCode;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    /// A link whose broker says these bytes, one after the other.
    async fn hears(bytes: &'static [u8]) -> Result<Link, LinkError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut broker, _) = listener.accept().await.unwrap();
            for byte in bytes {
                broker.write_all(&[*byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
            // Stays open until the test is over.
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
    async fn a_disconnect_is_heard_in_all_its_forms() {
        let taken_over = DisconnectReasonCode::SessionTakenOver;
        let normal = DisconnectReasonCode::NormalDisconnection;
        for (bytes, expected) in [
            (&b"\x20\x03\x00\x00\x00\xe0\x01\x8e"[..], taken_over),
            (b"\x20\x03\x00\x00\x00\xe0\x02\x8e\x00", taken_over),
            (b"\x20\x03\x00\x00\x00\xe0\x00", normal),
        ] {
            match next(&mut hears(bytes).await.unwrap()).await {
                Ok(Packet::Disconnect(heard)) => assert_eq!(heard.reason_code, expected),
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn what_is_not_mqtt_5_is_told() {
        for (bytes, expected) in [
            // A CONNACK of MQTT 3.1.1 that refuses, and one that does not.
            (&b"\x20\x02\x00\x01"[..], "speaks MQTT 3.1.1 only"),
            (b"\x20\x02\x00\x00", "speaks MQTT 3.1.1 only"),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP"),
            (b"\x15\x03\x01\x00\x02\x02\x46", "speaks TLS"),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "speaks SSH"),
            (b"\x4a\x00\x00\x00\x0a8.0.36", "no MQTT broker"),
            (
                b"\x20\x03\x00\x87\x00",
                "refuses the connection (NotAuthorized)",
            ),
        ] {
            let error = hears(bytes).await.unwrap_err();
            let told = error.to_string();
            assert!(told.contains(expected), "{told}");
            assert!(!error.advice().is_empty());
        }
        // A PUBLISH that ends before its properties.
        let mut link = hears(b"\x20\x03\x00\x00\x00\x32\x05\x00\x01a\x00\x01")
            .await
            .unwrap();
        let cut_off = next(&mut link).await;
        assert!(
            matches!(cut_off, Err(LinkError::Malformed(_))),
            "{cut_off:?}"
        );
    }
}
