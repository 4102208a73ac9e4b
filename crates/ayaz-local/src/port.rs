//! Free TCP ports on 127.0.0.1.

use std::net::{Ipv4Addr, TcpListener};

use rand::RngExt;

use crate::error::LocalError;

/// Below the ports that Linux uses for outgoing connections (32768 and up). Otherwise a client that
/// reconnects to a stopped server could get the server's own port, and the server could not start again.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// Whether nobody listens on `port` now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A port that nobody listens on now. Another program may take it before our server does; the caller then
/// tries another port.
pub(crate) fn free_port() -> Result<u16, LocalError> {
    let mut rng = rand::rng();
    let mut tried = None;
    for _ in 0..100 {
        let port = rng.random_range(PORTS);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => tried = Some((port, error)),
        }
    }
    let reason = tried.map_or_else(String::new, |(port, error)| {
        format!(" (port {port}: {error})")
    });
    Err(LocalError::Prepare {
        server: "servers",
        reason: format!("no free port on 127.0.0.1{reason}"),
    })
}
