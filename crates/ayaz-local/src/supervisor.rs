//! Runs a server so that it ends with this process, even if this process is killed.
//!
//! A small shell script (`supervisor.sh`) starts the server and reads from a pipe. This process holds
//! the other end. The kernel closes it when this process ends, and the script then stops the server. No
//! other process inherits that end: Rust opens pipes close-on-exec.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin};

use crate::error::LocalError;
use crate::folder::Folder;
use crate::user::{ServerUser, plain_command};

const SCRIPT: &str = include_str!("supervisor.sh");
const SCRIPT_NAME: &str = "supervisor.sh";
/// Where the script writes the server's process id.
const PID_FILE: &str = "pid";

/// How to run one server.
pub(crate) struct Plan {
    pub(crate) server: &'static str,
    pub(crate) command: Vec<OsString>,
    /// Signals that stop the server, the mildest first. Each has `grace_seconds` to work.
    pub(crate) signals: &'static [&'static str],
    pub(crate) grace_seconds: u64,
    /// The server's directory, which is also its working directory.
    pub(crate) home: Folder,
    pub(crate) log: File,
    pub(crate) lock: Option<File>,
    pub(crate) user: Option<ServerUser>,
}

/// A server under its supervisor.
#[derive(Debug)]
pub(crate) struct Supervised {
    server: &'static str,
    supervisor: Child,
    owner_end: Option<ChildStdin>,
    home: Folder,
    limit: Duration,
}

impl Supervised {
    pub(crate) fn spawn(plan: Plan) -> Result<Self, LocalError> {
        plan.home.remove(PID_FILE)?;
        // A file, because as an argument `ps` would print the whole script.
        plan.home
            .write_private(SCRIPT_NAME, SCRIPT, plan.user.as_ref())?;
        let home = plan.home.path();
        let mut command = plain_command("/bin/sh", plan.user.as_ref());
        command
            .arg(home.join(SCRIPT_NAME))
            .arg(home.join(PID_FILE))
            .arg(plan.grace_seconds.to_string())
            .arg(plan.signals.join(" "))
            .args(&plan.command)
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(plan.lock.map_or_else(Stdio::null, Stdio::from))
            .stderr(plan.log)
            // Ctrl-C in a terminal goes to the whole process group. The servers must run until this
            // process has stopped in order.
            .process_group(0);
        let mut supervisor = command
            .spawn()
            .map_err(LocalError::io("run", Path::new("/bin/sh")))?;
        let owner_end = supervisor.stdin.take();
        let signals = plan.signals.len() as u64;
        let limit = Duration::from_secs(plan.grace_seconds * signals + 5);
        Ok(Self {
            server: plan.server,
            supervisor,
            owner_end,
            home: plan.home,
            limit,
        })
    }

    /// The exit status of the server; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<String> {
        match self.supervisor.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Completes with the exit status when the server has ended.
    pub(crate) async fn wait(&mut self) -> String {
        match self.supervisor.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// The server's process id, once the supervisor has started it.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.home.read(PID_FILE).ok()??.parse().ok()
    }

    /// Stops the server and keeps its data.
    pub(crate) async fn stop(&mut self) -> Result<(), LocalError> {
        if let Some(mut owner_end) = self.owner_end.take() {
            // It fails only if the supervisor has already ended, which is the aim.
            let _ = owner_end.write_all(b"stop\n").await;
        }
        match tokio::time::timeout(self.limit, self.supervisor.wait()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(LocalError::Stop {
                server: self.server,
                limit_seconds: self.limit.as_secs(),
            }),
        }
    }
}
