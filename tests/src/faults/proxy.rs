//! A TCP proxy that simulates a bad network.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The conditions of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetworkConditions {
    /// The delay of all data in each direction.
    pub delay: Duration,
    /// No data of the client reaches the server. The connection stays open.
    pub client_blocked: bool,
    /// No data of the server reaches the client. The connection stays open.
    pub server_blocked: bool,
    /// A change of this number closes all connections.
    generation: u64,
}

/// A proxy between clients and one server. Ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    conditions: watch::Sender<NetworkConditions>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    /// A proxy for this server on a free port of 127.0.0.1.
    pub async fn before(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr().context("the proxy's address")?;
        let (conditions, changes) = watch::channel(NetworkConditions::default());
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connection(client, server, changes.clone()));
            }
        });
        Ok(Self {
            address,
            conditions,
            accepting,
        })
    }

    /// The address for clients.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Restores good conditions for all connections. Blocked data is sent.
    pub fn restore(&self) {
        self.conditions.send_modify(|conditions| {
            *conditions = NetworkConditions {
                generation: conditions.generation,
                ..NetworkConditions::default()
            };
        });
    }

    /// Changes the conditions.
    pub fn change_conditions(&self, change: impl FnOnce(&mut NetworkConditions)) {
        self.conditions.send_modify(change);
    }

    /// Closes all connections. Blocked data is lost.
    pub fn cut(&self) {
        self.conditions
            .send_modify(|conditions| conditions.generation += 1);
    }
}

async fn connection(
    client: TcpStream,
    server: SocketAddr,
    conditions: watch::Receiver<NetworkConditions>,
) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    // If this fails, the network is only slower.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let generation = conditions.borrow().generation;
    let mut cut = conditions.clone();
    // When one direction ends, both sockets are dropped, so the other ends too.
    tokio::select! {
        () = carry(from_client, to_server, conditions.clone(), |w| w.client_blocked) => {}
        () = carry(from_server, to_client, conditions, |w| w.server_blocked) => {}
        _ = cut.wait_for(|conditions| conditions.generation != generation) => {}
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut conditions: watch::Receiver<NetworkConditions>,
    is_blocked: fn(&NetworkConditions) -> bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(length @ 1..) = from.read(&mut buffer).await else {
            return;
        };
        let delay = conditions.borrow().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if conditions
            .wait_for(|conditions| !is_blocked(conditions))
            .await
            .is_err()
        {
            return;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
