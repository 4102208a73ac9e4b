//! Packets of MQTT 5 over one TCP connection.
//!
//! rumqttc's codec without its event loop. That one writes every acknowledgement by itself, where a
//! batch has thousands, and cannot ping without reading, so that memory could only be bounded by
//! dropping messages and having them sent again.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Connect, ConnectProperties, ConnectReturnCode, Filter, Login, Packet, Subscribe,
};
use rumqttc::v5::mqttbytes::{Error as CodecError, QoS};
use thiserror::Error;
use tokio::net::TcpStream;

use super::MqttConfig;
use super::socket::{self, Reader, Writer};

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
    #[error("no connection within {} s", CONNECT_TIMEOUT.as_secs())]
    Timeout,
    /// By its CONNACK.
    #[error("the broker refused the connection: {0:?}")]
    Refused(ConnectReturnCode),
    /// Not MQTT 5, or larger than what was announced.
    #[error("the broker sent what MQTT 5 does not know: {0}")]
    Malformed(String),
}

/// What [`Link::exchange`] did.
#[derive(Debug, PartialEq, Eq)]
pub enum Moved {
    /// Bytes came, perhaps packets.
    In,
    /// Bytes went; all of them if [`Link::has_unsent`] says no.
    Out,
}

/// Of SUBSCRIBE, the only packet of ours that has one.
const SUBSCRIBE_ID: u16 = 1;

/// What asks for the configured topics, at QoS 1.
pub fn subscription(config: &MqttConfig) -> Packet {
    let filters = config
        .filters()
        .into_iter()
        .map(|filter| Filter::new(filter, QoS::AtLeastOnce));
    Packet::Subscribe(Subscribe {
        pkid: SUBSCRIBE_ID,
        ..Subscribe::new_many(filters, None)
    })
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
        let stream = TcpStream::connect((config.url.host(), config.url.port())).await?;
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
            client_id: config.client_id.clone(),
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
            match link.packet()? {
                None => {
                    link.exchange(true).await?;
                }
                Some(Packet::ConnAck(answer)) if answer.code == ConnectReturnCode::Success => {
                    return Ok((link, answer));
                }
                Some(Packet::ConnAck(answer)) => return Err(LinkError::Refused(answer.code)),
                Some(other) => {
                    let what = format!("{other:?} in answer to CONNECT");
                    return Err(LinkError::Malformed(what));
                }
            }
        }
    }

    /// The next packet of those that have come.
    pub fn packet(&mut self) -> Result<Option<Packet>, LinkError> {
        match Packet::read(&mut self.input, Some(self.packet_max_bytes)) {
            Ok(packet) => Ok(Some(packet)),
            Err(CodecError::InsufficientBytes(_)) => Ok(None),
            Err(error) => Err(LinkError::Malformed(error.to_string())),
        }
    }

    /// Puts a packet behind those that wait to be sent.
    pub fn put(&mut self, packet: &Packet) -> Result<(), LinkError> {
        packet
            .write(&mut self.output, None)
            .map(drop)
            .map_err(|error| LinkError::Malformed(error.to_string()))
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
        }
        self.writer.shutdown()?;
        // Closing with bytes unread would make the kernel throw away what is on its way.
        while self.exchange(true).await.is_ok() {
            self.input.clear();
        }
        Ok(())
    }
}
