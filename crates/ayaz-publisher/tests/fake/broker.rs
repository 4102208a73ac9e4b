//! A fake broker with the part of MQTT 5 that the tests need.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ayaz_model::BrokerUrl;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the broker does after a message.
pub(crate) enum Reply {
    /// Acknowledges with this reason code.
    Acknowledge(u8),
    /// Acknowledges this many of the latest packet ids, latest first.
    AcknowledgeBackwards(u16),
    Silence,
    Close,
    /// Sends DISCONNECT with this reason code and closes the connection.
    Disconnect(u8),
}

type Replies = Arc<dyn Fn(usize, usize) -> Reply + Send + Sync>;

pub(crate) struct Fake {
    address: SocketAddr,
    /// First payload byte of each message, per connection.
    received: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Fake {
    /// Accepts every connection with these CONNACK properties and answers message `nth` of
    /// connection `c`, both from 0, with `reply(c, nth)`.
    pub(crate) async fn start(
        properties: Vec<u8>,
        reply: impl Fn(usize, usize) -> Reply + Send + Sync + 'static,
    ) -> Fake {
        Self::listen(properties, vec![], Arc::new(reply)).await
    }

    /// Refuses one connection with each of these codes, then accepts.
    pub(crate) async fn refusing(codes: Vec<u8>) -> Fake {
        Self::listen(vec![], codes, Arc::new(|_, _| Reply::Acknowledge(0))).await
    }

    async fn listen(properties: Vec<u8>, refusals: Vec<u8>, reply: Replies) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let address = listener.local_addr().expect("address");
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((mut stream, _)) = listener.accept().await else {
                    return;
                };
                log.lock().expect("log").push(Vec::new());
                let code = refusals.get(connection).copied().unwrap_or(0);
                let reply = |nth| reply(connection, nth);
                // An error means that the client closed the connection.
                let _ = serve(&mut stream, code, &properties, reply, &log).await;
            }
        });
        Fake { address, received }
    }

    pub(crate) fn url(&self) -> BrokerUrl {
        format!("mqtt://{}", self.address).parse().expect("url")
    }

    pub(crate) fn received(&self) -> Vec<Vec<u8>> {
        self.received.lock().expect("log").clone()
    }
}

async fn serve(
    stream: &mut TcpStream,
    code: u8,
    properties: &[u8],
    reply: impl Fn(usize) -> Reply,
    log: &Mutex<Vec<Vec<u8>>>,
) -> std::io::Result<()> {
    read_packet(stream).await?;
    let length = properties.len() as u8;
    stream
        .write_all(&[&[0x20, 3 + length, 0, code, length], properties].concat())
        .await?;
    if code != 0 {
        return Ok(());
    }
    let mut nth = 0;
    loop {
        let (kind, body) = read_packet(stream).await?;
        match kind >> 4 {
            3 => {}
            12 => {
                stream.write_all(&[0xd0, 0]).await?;
                continue;
            }
            _ => return Ok(()),
        }
        let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let id = u16::from_be_bytes([body[topic + 2], body[topic + 3]]);
        let first = body.get(topic + 5).copied().unwrap_or_default();
        log.lock()
            .expect("log")
            .last_mut()
            .expect("connection")
            .push(first);
        let acknowledgement = |id: u16, code: u8| {
            let [high, low] = id.to_be_bytes();
            [0x40, 4, high, low, code, 0]
        };
        match reply(nth) {
            Reply::Acknowledge(code) => stream.write_all(&acknowledgement(id, code)).await?,
            Reply::AcknowledgeBackwards(count) => {
                for back in 0..count {
                    stream.write_all(&acknowledgement(id - back, 0)).await?;
                }
            }
            Reply::Silence => {}
            Reply::Close => {
                // First the write side, so that the client reads every acknowledgement.
                stream.shutdown().await?;
                tokio::io::copy(stream, &mut tokio::io::sink()).await?;
                return Ok(());
            }
            Reply::Disconnect(code) => return stream.write_all(&[0xe0, 2, code, 0]).await,
        }
        nth += 1;
    }
}

async fn read_packet(stream: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let kind = stream.read_u8().await?;
    let (mut length, mut shift) = (0, 0);
    loop {
        let byte = stream.read_u8().await?;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((kind, body))
}
