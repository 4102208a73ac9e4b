//! An MQTT 5 client for tests, which may break the protocol's rules. It is written by hand, because a
//! library reconnects, acknowledges by itself, and refuses to send invalid packets.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long to wait for the broker.
const PATIENCE: Duration = Duration::from_secs(30);

/// The parameters of a connection.
#[derive(Debug, Clone)]
pub struct Connect<'a> {
    /// Port on 127.0.0.1.
    pub port: u16,
    /// User and password.
    pub login: Option<(&'a str, &'a str)>,
    /// Client id.
    pub client_id: &'a str,
    /// Whether the broker deletes an earlier session.
    pub clean_start: bool,
    /// How long the broker keeps the session, seconds.
    pub session_expiry_s: u32,
    /// Keep-alive in seconds; 0 is none.
    pub keep_alive_s: u16,
}

/// A received packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Kind and flags.
    pub first: u8,
    /// All bytes after the length.
    pub body: Vec<u8>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// A connection.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    input: Vec<u8>,
    /// Packets that arrived before an expected answer.
    early: VecDeque<Packet>,
    next_id: u16,
    /// The body of the CONNACK: flags, reason, properties.
    pub answer: Vec<u8>,
}

/// Kinds of packets, with the flags that they must have.
pub mod kind {
    #![allow(missing_docs)]
    pub const CONNACK: u8 = 0x20;
    pub const PUBLISH: u8 = 0x30;
    pub const PUBACK: u8 = 0x40;
    pub const SUBSCRIBE: u8 = 0x82;
    pub const SUBACK: u8 = 0x90;
    pub const PINGREQ: u8 = 0xc0;
    pub const PINGRESP: u8 = 0xd0;
    pub const DISCONNECT: u8 = 0xe0;
}

impl<'a> Connect<'a> {
    /// A connection that resumes a session, which never expires.
    pub fn lasting(port: u16, login: Option<(&'a str, &'a str)>, client_id: &'a str) -> Self {
        Self {
            port,
            login,
            client_id,
            clean_start: false,
            session_expiry_s: u32::MAX,
            keep_alive_s: 60,
        }
    }

    /// A connection with a session that ends with it.
    pub fn transient(port: u16, login: Option<(&'a str, &'a str)>, client_id: &'a str) -> Self {
        Self {
            clean_start: true,
            session_expiry_s: 0,
            ..Self::lasting(port, login, client_id)
        }
    }

    /// Connects. Fails if the broker refuses.
    pub async fn open(&self) -> Result<Client> {
        let client = self.attempt().await?;
        ensure!(
            client.reason() == 0,
            "refused with reason {:#04x}",
            client.reason()
        );
        Ok(client)
    }

    /// Connects. Returns the client even if the broker refuses.
    pub async fn attempt(&self) -> Result<Client> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.set_nodelay(true)?;
        let mut body = text("MQTT");
        let flags = u8::from(self.clean_start) << 1 | if self.login.is_some() { 0xc0 } else { 0 };
        body.extend([5, flags]);
        body.extend(self.keep_alive_s.to_be_bytes());
        // One property: the session expiry.
        body.extend([5, 0x11]);
        body.extend(self.session_expiry_s.to_be_bytes());
        body.extend(text(self.client_id));
        if let Some((user, password)) = self.login {
            body.extend(text(user));
            body.extend(text(password));
        }
        let mut client = Client {
            stream,
            input: Vec::new(),
            early: VecDeque::new(),
            next_id: 0,
            answer: Vec::new(),
        };
        client.send(0x10, &body).await?;
        let answer = client
            .next()
            .await?
            .context("closed instead of an answer")?;
        ensure!(answer.first == kind::CONNACK, "{answer:?}");
        client.answer = answer.body;
        Ok(client)
    }
}

impl Client {
    /// Whether the broker had a session for this client.
    pub fn session_present(&self) -> bool {
        self.answer.first() == Some(&1)
    }

    /// The reason of the CONNACK; 0 is success.
    pub fn reason(&self) -> u8 {
        self.answer.get(1).copied().unwrap_or(0xff)
    }

    /// The keep-alive that the broker requires.
    pub fn server_keep_alive(&self) -> Option<u16> {
        // A property with a value of two bytes. The values before it cannot contain this byte.
        let at = self.answer.windows(3).skip(2).find(|of| of[0] == 0x13)?;
        Some(u16::from_be_bytes([at[1], at[2]]))
    }

    /// Sends a packet.
    pub async fn send(&mut self, first: u8, body: &[u8]) -> Result<()> {
        let mut packet = vec![first];
        let mut left = body.len();
        loop {
            let more = left >= 128;
            packet.push((left % 128) as u8 | u8::from(more) << 7);
            left /= 128;
            if !more {
                break;
            }
        }
        packet.extend(body);
        Ok(self.stream.write_all(&packet).await?)
    }

    /// The next packet; `None` after the broker has closed the connection.
    pub async fn next(&mut self) -> Result<Option<Packet>> {
        if let Some(packet) = self.early.pop_front() {
            return Ok(Some(packet));
        }
        timeout(PATIENCE, self.read())
            .await
            .context("the broker is silent")?
    }

    async fn read(&mut self) -> Result<Option<Packet>> {
        loop {
            if let Some((packet, length)) = first_packet(&self.input) {
                self.input.drain(..length);
                return Ok(Some(packet));
            }
            match self.stream.read_buf(&mut self.input).await {
                Ok(0) => return Ok(None),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                    return Ok(None);
                }
                other => other?,
            };
        }
    }

    /// Subscribes at a QoS. Returns the reason code of each filter: the granted QoS or an error.
    pub async fn subscribe(&mut self, filters: &[String], qos: u8) -> Result<Vec<u8>> {
        let id = self.id();
        let mut body = id.to_be_bytes().to_vec();
        body.push(0);
        for filter in filters {
            body.extend(text(filter));
            body.push(qos);
        }
        self.send(kind::SUBSCRIBE, &body).await?;
        let mut early = VecDeque::new();
        loop {
            let packet = self.next().await?.context("closed instead of a SUBACK")?;
            if packet.first == kind::SUBACK {
                self.early = early;
                let length = packet.body.get(2).copied().unwrap_or(0);
                return Ok(packet.body[3 + usize::from(length)..].to_vec());
            }
            early.push_back(packet);
        }
    }

    /// Sends a message without waiting for an answer. Returns its packet id.
    pub async fn put(&mut self, message: &Message, qos: u8, retain: bool) -> Result<u16> {
        let id = self.id();
        let mut body = text(&message.topic);
        if qos > 0 {
            body.extend(id.to_be_bytes());
        }
        body.push(0);
        body.extend(&message.payload);
        self.send(kind::PUBLISH | qos << 1 | u8::from(retain), &body)
            .await?;
        Ok(id)
    }

    /// Publishes at QoS 1. Returns the reason code of the acknowledgement: 0 is success, 0x10 means no
    /// subscriber.
    pub async fn publish(&mut self, message: &Message) -> Result<u8> {
        self.publish_as(message, false).await
    }

    /// As [`Self::publish`], retained or not.
    pub async fn publish_as(&mut self, message: &Message, retain: bool) -> Result<u8> {
        let id = self.put(message, 1, retain).await?;
        loop {
            match self.next().await? {
                Some(packet) if packet.first == kind::PUBACK => {
                    ensure!(packet.body[..2] == id.to_be_bytes(), "{packet:?}");
                    return Ok(packet.body.get(2).copied().unwrap_or(0));
                }
                Some(packet) if packet.first == kind::DISCONNECT => {
                    bail!("the broker ended the connection: {:?}", packet.body)
                }
                Some(_) => {}
                None => bail!("the broker closed the connection"),
            }
        }
    }

    /// Receives and acknowledges messages until the broker answers a ping without a message before.
    pub async fn deliveries(&mut self) -> Result<Vec<Message>> {
        let mut received = Vec::new();
        loop {
            let before = received.len();
            self.send(kind::PINGREQ, &[]).await?;
            loop {
                let packet = self.next().await?.context("closed")?;
                match packet.first & 0xf0 {
                    kind::PINGRESP => break,
                    kind::PUBLISH => received.push(self.acknowledge(&packet).await?),
                    kind::DISCONNECT => bail!("ended by the broker: {:?}", packet.body),
                    _ => {}
                }
            }
            if received.len() == before {
                return Ok(received);
            }
        }
    }

    async fn acknowledge(&mut self, packet: &Packet) -> Result<Message> {
        let body = &packet.body;
        let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let topic = String::from_utf8(body[2..2 + length].to_vec())?;
        let mut rest = &body[2 + length..];
        if packet.first & 0b110 != 0 {
            self.send(kind::PUBACK, &rest[..2]).await?;
            rest = &rest[2..];
        }
        let payload = rest[1 + usize::from(rest[0])..].to_vec();
        Ok(Message { topic, payload })
    }

    /// Disconnects, and waits until the broker has closed the connection.
    pub async fn close(mut self) -> Result<()> {
        self.send(kind::DISCONNECT, &[]).await?;
        while self.next().await?.is_some() {}
        Ok(())
    }

    fn id(&mut self) -> u16 {
        self.next_id = self.next_id % 60_000 + 1;
        self.next_id
    }
}

/// The first packet and its length, if it is complete.
fn first_packet(input: &[u8]) -> Option<(Packet, usize)> {
    let mut length = 0;
    for (index, byte) in input.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 127) << (7 * index);
        if byte & 128 == 0 {
            let begin = 2 + index;
            let body = input.get(begin..begin + length)?.to_vec();
            let first = input[0];
            return Some((Packet { first, body }, begin + length));
        }
    }
    None
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u16).to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}
