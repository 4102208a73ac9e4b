//! A TCP proxy that makes a network as bad as wanted.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weather {
    /// Added to everything that is sent on, in each direction.
    pub delay: Duration,
    /// Nothing of the client reaches the server; the connection stays open.
    pub client_unheard: bool,
    /// Nothing of the server reaches the client; the connection stays open.
    pub server_unheard: bool,
    /// Connections of an earlier number are cut.
    generation: u64,
}

/// Between a client and one server. Ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    /// On a free port of the loopback interface, before this server.
    pub async fn before(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr().context("the proxy's address")?;
        let (weather, changes) = watch::channel(Weather::default());
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connection(client, server, changes.clone()));
            }
        });
        Ok(Self {
            address,
            weather,
            accepting,
        })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Good weather, for connections old and new. What was held back goes on.
    pub fn calm(&self) {
        self.weather.send_modify(|weather| {
            *weather = Weather {
                generation: weather.generation,
                ..Weather::default()
            };
        });
    }

    /// From now on.
    pub fn weather(&self, change: impl FnOnce(&mut Weather)) {
        self.weather.send_modify(change);
    }

    /// Ends every connection; what was held back is lost.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.generation += 1);
    }
}

async fn connection(client: TcpStream, server: SocketAddr, weather: watch::Receiver<Weather>) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    // Whatever cannot be set makes the network worse, which is what it is for.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let generation = weather.borrow().generation;
    let mut cut = weather.clone();
    // When one direction ends, so does the other: both halves of both sockets are dropped.
    tokio::select! {
        () = carry(from_client, to_server, weather.clone(), |w| w.client_unheard) => {}
        () = carry(from_server, to_client, weather, |w| w.server_unheard) => {}
        _ = cut.wait_for(|weather| weather.generation != generation) => {}
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    unheard: fn(&Weather) -> bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(length @ 1..) = from.read(&mut buffer).await else {
            return;
        };
        let delay = weather.borrow().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if weather.wait_for(|weather| !unheard(weather)).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
