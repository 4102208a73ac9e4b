//! A connection to the broker with low CPU cost, because the generator must not dominate the
//! measurement.
//!
//! Several packets are written from one buffer with one system call. rumqttc's publisher costs
//! several microseconds per message, as much as the daemon.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use ayaz_model::BrokerUrl;
use bytes::{Buf, BufMut, BytesMut};
use rumqttc::v5::mqttbytes::Error as CodecError;
use rumqttc::v5::mqttbytes::v5::{Connect, ConnectReturnCode, Login, Packet};

use super::load::Payload;

/// Longest time that the broker may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Most bytes that are written at once.
const BUFFER_BYTES: usize = 256 * 1024;

const PUBLISH_QOS_1: u8 = 0x32;
const PUBACK: u8 = 0x40;
const DISCONNECT: [u8; 2] = [0xe0, 0];

/// Publishes at QoS 1 and counts acknowledgements of the broker.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    out: BytesMut,
    input: BytesMut,
    last_sent: u16,
    last_acknowledged: u16,
    in_flight: u32,
    in_flight_max: u32,
}

impl Connection {
    /// Connects with a clean start, so that the broker discards an old session of the client id.
    pub(super) fn open(url: &BrokerUrl, client_id: &str) -> Result<Self> {
        let mut stream = TcpStream::connect((url.host(), url.port()))
            .with_context(|| format!("connect to the broker {}", url.address()))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        let connect = Connect {
            // The broker expects no pings.
            keep_alive: 0,
            client_id: client_id.to_owned(),
            clean_start: true,
            properties: None,
        };
        let login = url.credentials().map(|(user, password)| Login {
            username: user.to_owned(),
            password: password.to_owned(),
        });
        let mut out = BytesMut::with_capacity(BUFFER_BYTES);
        connect.write(&None, &login, &mut out)?;
        stream.write_all(&out)?;
        out.clear();
        let mut input = BytesMut::new();
        let answer = loop {
            match Packet::read(&mut input, None) {
                Ok(packet) => break packet,
                Err(CodecError::InsufficientBytes(_)) => {
                    let mut bytes = [0; 1_024];
                    let read = stream.read(&mut bytes).context("wait for CONNACK")?;
                    ensure!(read > 0, "the broker closed the connection");
                    input.put_slice(&bytes[..read]);
                }
                Err(error) => return Err(error).context("read CONNACK"),
            }
        };
        let Packet::ConnAck(answer) = answer else {
            bail!("the broker answers a CONNECT with {answer:?}");
        };
        ensure!(
            answer.code == ConnectReturnCode::Success,
            "the broker refuses the connection: {:?}",
            answer.code
        );
        let in_flight_max = answer
            .properties
            .and_then(|properties| properties.receive_max)
            .unwrap_or(u16::MAX);
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            out,
            input,
            last_sent: 0,
            last_acknowledged: 0,
            in_flight: 0,
            in_flight_max: in_flight_max.into(),
        })
    }

    /// True if the broker and the buffer accept another message.
    pub(super) fn has_room(&self) -> bool {
        self.in_flight < self.in_flight_max && self.out.len() < BUFFER_BYTES
    }

    /// Adds a message to the buffer.
    pub(super) fn publish(&mut self, topic: &[u8], payload: &Payload<'_>) {
        let header = self.begin(topic, payload.len());
        self.out.put_slice(&header);
        payload.put(&mut self.out);
    }

    /// Adds a message with a payload in one piece.
    pub(super) fn publish_bytes(&mut self, topic: &[u8], payload: &[u8]) {
        let header = self.begin(topic, payload.len());
        self.out.put_slice(&header);
        self.out.put_slice(payload);
    }

    /// Writes as much of the buffer as the network accepts now.
    pub(super) fn flush(&mut self) -> Result<()> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => self.out.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("write to the broker"),
            }
        }
        Ok(())
    }

    /// Reads the available acknowledgements, and returns how many.
    pub(super) fn receive(&mut self) -> Result<u64> {
        let mut acknowledged = 0;
        let mut bytes = [0; 16 * 1_024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => bail!("the broker closed the connection"),
                Ok(read) => {
                    self.input.put_slice(&bytes[..read]);
                    acknowledged += self.take_acknowledgements()?;
                    if read < bytes.len() {
                        return Ok(acknowledged);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(acknowledged),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("read from the broker"),
            }
        }
    }

    /// Disconnects.
    pub(super) fn close(mut self) -> Result<()> {
        self.stream.set_nonblocking(false)?;
        self.stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        self.stream.write_all(&DISCONNECT)?;
        // The broker has processed DISCONNECT when it closes its side.
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let mut bytes = [0; 1_024];
        while Instant::now() < deadline && self.stream.read(&mut bytes).is_ok_and(|read| read > 0) {
        }
        Ok(())
    }

    /// Counts the message as sent, and adds its fixed header and topic. Returns packet id and the
    /// empty list of properties.
    fn begin(&mut self, topic: &[u8], payload_bytes: usize) -> [u8; 3] {
        self.in_flight += 1;
        self.last_sent = after(self.last_sent);
        let mut remaining = 2 + topic.len() + 3 + payload_bytes;
        self.out.reserve(5 + remaining);
        self.out.put_u8(PUBLISH_QOS_1);
        while remaining >= 0x80 {
            self.out.put_u8(remaining as u8 | 0x80);
            remaining >>= 7;
        }
        self.out.put_u8(remaining as u8);
        self.out.put_u16(topic.len() as u16);
        self.out.put_slice(topic);
        let [high, low] = self.last_sent.to_be_bytes();
        [high, low, 0]
    }

    fn take_acknowledgements(&mut self) -> Result<u64> {
        let mut count = 0;
        while let &[kind, length, ref body @ ..] = &self.input[..] {
            // An acknowledgement has a one-byte length, unless it has a long reason string.
            ensure!(
                kind == PUBACK && length < 0x80,
                "the broker sends a packet of type {kind:#x} instead of an acknowledgement"
            );
            let Some(body) = body.get(..usize::from(length)) else {
                break;
            };
            let (id, reason) = match *body {
                [high, low] => (u16::from_be_bytes([high, low]), 0),
                [high, low, reason, ..] => (u16::from_be_bytes([high, low]), reason),
                _ => bail!("the broker sends a broken acknowledgement"),
            };
            ensure!(
                reason == 0,
                "the broker did not deliver a message: reason {reason:#x}"
            );
            self.last_acknowledged = after(self.last_acknowledged);
            ensure!(
                id == self.last_acknowledged,
                "the broker acknowledges packet {id} before {}",
                self.last_acknowledged
            );
            self.in_flight -= 1;
            count += 1;
            self.input.advance(2 + usize::from(length));
        }
        Ok(count)
    }
}

/// Packet ids go from 1 to 65,535, then start again at 1.
fn after(id: u16) -> u16 {
    id.checked_add(1).unwrap_or(1)
}
