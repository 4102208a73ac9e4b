//! A Mosquitto with the configuration of a test.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::{servers, wait};

/// A running broker. Killed when dropped.
#[derive(Debug)]
pub struct PrivateBroker {
    _child: Child,
    _home: TempDir,
}

impl PrivateBroker {
    /// Starts a broker with this `mosquitto.conf` and waits until it listens on these ports. `None` if tests
    /// that need a server are skipped.
    pub async fn start(configuration: &str, ports: &[u16]) -> Result<Option<Self>> {
        // The start of the shared broker fetches the program where it is not installed.
        if servers::broker_url().await?.is_none() {
            return Ok(None);
        }
        let home = tempfile::tempdir()?;
        let path = home.path().join("mosquitto.conf");
        std::fs::write(&path, configuration)?;
        let log = std::fs::File::create(home.path().join("log"))?;
        let child = Command::new(program()?)
            .arg("-c")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .kill_on_drop(true)
            .spawn()?;
        for port in ports {
            wait::until("Mosquitto to listen", 20, async || {
                Ok(TcpStream::connect(("127.0.0.1", *port)).await.is_ok())
            })
            .await
            .with_context(|| {
                std::fs::read_to_string(home.path().join("log")).unwrap_or_default()
            })?;
        }
        Ok(Some(Self {
            _child: child,
            _home: home,
        }))
    }
}

/// A port on which nothing listens.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The program, installed or in the cache of the private servers.
fn program() -> Result<PathBuf> {
    let installed = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"].map(PathBuf::from);
    let caches = [
        std::env::var_os("AYAZ_CACHE_DIR").map(PathBuf::from),
        Some(PathBuf::from("/var/cache/ayaz")),
        std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/ayaz")),
    ];
    let unpacked = caches.into_iter().flatten().flat_map(|cache| {
        let systems = std::fs::read_dir(cache).into_iter().flatten().flatten();
        systems
            .map(|system| system.path().join("usr/sbin/mosquitto"))
            .collect::<Vec<_>>()
    });
    let mut programs = installed.into_iter().chain(unpacked);
    programs
        .find(|program| program.is_file())
        .context("Mosquitto is not installed and not in the cache of the private servers")
}
