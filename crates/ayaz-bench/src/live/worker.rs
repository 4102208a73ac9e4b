//! The analytics daemon with its defaults, in a separate process as in production.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::scratch::ScratchDatabase;
use anyhow::{Context, Result, bail, ensure};
use procfs::process::Process;
use tokio::process::{Child, Command};

use super::super::admin::Admin;
use super::super::processes::{self, Servers};

const READY_TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// The running worker. It is killed when dropped.
#[derive(Debug)]
pub(super) struct WorkerProcess {
    child: Child,
    process: Process,
    /// The server process of its connection.
    backend: i32,
}

/// Processor time used up to an instant, s.
#[derive(Debug, Clone, Copy)]
pub(super) struct WorkerCpu {
    pub(super) at: Instant,
    /// Of the worker's process.
    pub(super) worker: f64,
    /// Of the PostgreSQL process that serves it, and of all others; `None` if not available.
    pub(super) postgres: Option<(f64, f64)>,
}

impl WorkerProcess {
    /// Starts it and waits until it is ready. Only the admin port is configured.
    pub(super) async fn start(database: &ScratchDatabase) -> Result<Self> {
        let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["daemon", "analytics"])
            .env("AYAZ_DATABASE_URL", database.url().expose())
            .env("AYAZ__ADMIN__LISTEN", listen.to_string())
            .env_remove("AYAZ__ADMIN__ENABLED")
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("start the worker")?;
        let pid = child.id().context("the worker ended at once")?;
        let process = Process::new(pid as i32)?;
        let deadline = Instant::now() + READY_TIMEOUT;
        loop {
            if let Some(status) = child.try_wait()? {
                bail!("the worker ended with {status}");
            }
            ensure!(Instant::now() < deadline, "the worker did not become ready");
            let ready = Admin::at(listen).get("/readyz").await;
            if ready.is_ok_and(|answer| answer.is_ok) {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        let backend = database.worker_backend().await?;
        Ok(Self {
            child,
            process,
            backend: backend.context("the worker is not connected")?,
        })
    }

    /// Processor time up to now.
    pub(super) fn cpu(&self, servers: &Servers) -> Result<WorkerCpu> {
        let used = servers.cpu(&self.process).context("the worker is gone")?;
        let postgres = match used.postgres {
            Some(all) => {
                let backend = Process::new(self.backend).context("the worker's backend is gone")?;
                let backend = processes::cpu_seconds(&backend)?;
                Some((backend, all - backend))
            }
            None => None,
        };
        Ok(WorkerCpu {
            at: Instant::now(),
            worker: used.daemon,
            postgres,
        })
    }

    /// Largest memory use, bytes.
    pub(super) fn memory_peak_bytes(&self) -> Result<u64> {
        processes::memory_peak_bytes(&self.process)
    }

    pub(super) async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("end the worker")
    }
}
