//! One running server.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::LocalError;
use crate::files;
use crate::folder::Folder;
use crate::mosquitto::{self, Broker};
use crate::port::{free_port, is_free};
use crate::postgres::{self, Cluster};
use crate::secret::Secret;
use crate::supervisor::{Plan, Supervised};
use crate::user::ServerUser;

/// After a crash under load, recovery replays up to `max_wal_size`.
const READY_LIMIT: Duration = Duration::from_secs(180);
const READY_POLL: Duration = Duration::from_millis(50);
/// The time for each stop signal. A fast shutdown under load writes a checkpoint first.
const STOP_GRACE_SECONDS: u64 = 30;
const PORT_ATTEMPTS: u32 = 5;
/// Files in the server's folder.
const PORT_FILE: &str = "port";
const LOG_FILE: &str = "server.log";

/// The kind of server.
#[derive(Debug)]
pub(crate) enum Kind {
    Database(Cluster),
    Broker(Broker),
}

/// A server process that can be stopped and started again on the same port with the same data.
///
/// When dropped, the process stops a moment later; the drop does not wait.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    home: Folder,
    log_path: PathBuf,
    lock: Option<File>,
    user: Option<ServerUser>,
    port: u16,
    process: Option<Supervised>,
}

impl Server {
    /// Starts a server in its prepared folder on a free port.
    pub(crate) async fn launch(
        kind: Kind,
        home: Folder,
        lock: Option<File>,
        user: Option<ServerUser>,
    ) -> Result<Self, LocalError> {
        let log_path = home.path().join(LOG_FILE);
        let mut server = Self {
            kind,
            home,
            log_path,
            lock,
            user,
            port: 0,
            process: None,
        };
        // The same port as last time, so that known addresses stay valid.
        let kept = server.home.read(PORT_FILE)?;
        let mut port = kept.and_then(|port| port.parse().ok());
        let mut attempts = 1;
        loop {
            server.port = match port.take() {
                Some(port) if is_free(port) => port,
                _ => free_port()?,
            };
            let text = server.port.to_string();
            server
                .home
                .write_private(PORT_FILE, &text, server.user.as_ref())?;
            match server.start().await {
                Err(error) if error.is_port_taken() && attempts < PORT_ATTEMPTS => attempts += 1,
                Err(error) => return Err(error),
                Ok(()) => return Ok(server),
            }
        }
    }

    /// Stops the server in order and waits for its end. Keeps its data and its port.
    ///
    /// # Errors
    ///
    /// [`LocalError::Stop`] if it still runs after it was killed.
    pub async fn stop(&mut self) -> Result<(), LocalError> {
        if let Some(process) = &mut self.process {
            process.stop().await?;
        }
        self.process = None;
        Ok(())
    }

    /// Starts the server again with its port and data, and waits until it accepts clients. Does nothing if
    /// it runs.
    ///
    /// # Errors
    ///
    /// [`LocalError::Startup`] with the end of the server's log.
    pub async fn start(&mut self) -> Result<(), LocalError> {
        // The supervisor of a server that has just died runs for a moment. So only an answer shows that
        // the server runs.
        if let Some(process) = &mut self.process
            && wait_until_ready(&self.kind, self.port, process)
                .await
                .is_ok()
        {
            return Ok(());
        }
        self.stop().await?;
        let log = self.home.append(LOG_FILE)?;
        let log_offset = log.metadata().map_or(0, |metadata| metadata.len());
        let lock = self.lock.as_ref().map(File::try_clone).transpose();
        let process = Supervised::spawn(Plan {
            server: self.name(),
            command: self.command()?,
            signals: match self.kind {
                Kind::Database(_) => postgres::STOP_SIGNALS,
                Kind::Broker(_) => mosquitto::STOP_SIGNALS,
            },
            grace_seconds: STOP_GRACE_SECONDS,
            home: self.home.clone(),
            log,
            lock: lock.map_err(LocalError::io("share the lock of", self.home.path()))?,
            user: self.user.clone(),
        })?;
        let process = self.process.insert(process);
        let reason = match wait_until_ready(&self.kind, self.port, process).await {
            Ok(()) => return Ok(()),
            Err(reason) => reason,
        };
        self.stop().await?;
        let log = files::log_tail(&self.home, LOG_FILE, log_offset);
        Err(LocalError::Startup {
            server: self.name(),
            reason,
            log,
        })
    }

    /// Completes when the server ends without a stop. Never completes if there is no server.
    pub(crate) async fn ended(server: &mut Option<Self>) -> LocalError {
        let Some(server) = server else {
            return std::future::pending().await;
        };
        let Some(process) = &mut server.process else {
            return std::future::pending().await;
        };
        let reason = process.wait().await;
        LocalError::Ended {
            server: server.name(),
            reason,
            log: files::log_tail(&server.home, LOG_FILE, 0),
        }
    }

    /// The process id of the server; `None` while it does not run.
    pub fn pid(&self) -> Option<u32> {
        let pid = self.process.as_ref()?.pid()?;
        Path::new("/proc")
            .join(pid.to_string())
            .exists()
            .then_some(pid)
    }

    /// The path of the server's log.
    pub fn log_path(&self) -> &Path {
        &self.log_path
    }

    pub(crate) fn url(&self) -> Secret {
        match &self.kind {
            Kind::Database(cluster) => cluster.url(self.port),
            Kind::Broker(broker) => broker.url(self.port),
        }
    }

    /// The address of a broker with another login; `None` for a database.
    pub(crate) fn url_as(&self, login: &str) -> Option<Secret> {
        match &self.kind {
            Kind::Database(_) => None,
            Kind::Broker(broker) => Some(broker.url_as(login, self.port)),
        }
    }

    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Database(_) => postgres::NAME,
            Kind::Broker(_) => mosquitto::NAME,
        }
    }

    fn command(&self) -> Result<Vec<OsString>, LocalError> {
        match &self.kind {
            Kind::Database(cluster) => Ok(cluster.command(self.port)),
            Kind::Broker(broker) => broker.command(self.port),
        }
    }
}

async fn wait_until_ready(kind: &Kind, port: u16, process: &mut Supervised) -> Result<(), String> {
    let deadline = Instant::now() + READY_LIMIT;
    loop {
        if let Some(status) = process.ended() {
            return Err(format!("it ended with {status}"));
        }
        let answer = match kind {
            Kind::Database(cluster) => cluster.is_ready(port).await,
            Kind::Broker(broker) => broker.is_ready(port).await,
        };
        match answer {
            Ok(()) => return Ok(()),
            Err(last) if Instant::now() > deadline => {
                return Err(format!(
                    "not ready after {} s: {last}",
                    READY_LIMIT.as_secs()
                ));
            }
            Err(_) => sleep(READY_POLL).await,
        }
    }
}
