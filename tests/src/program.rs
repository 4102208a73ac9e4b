//! Runs the workspace's programs as processes.

use std::fs::File;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::wait;

/// A running daemon with its configuration and its log. Killed when dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    admin: SocketAddr,
    directory: TempDir,
}

impl Program {
    /// The path of a program of the workspace, near the running test.
    pub fn path(name: &str) -> Result<PathBuf> {
        let test = std::env::current_exe()?;
        // A test is one folder below the programs; a program is in the same folder.
        let found = test.ancestors().skip(1).take(2).find_map(|directory| {
            let path = directory.join(name);
            path.is_file().then_some(path)
        });
        let Some(path) = found else {
            bail!(
                "{name} is not built: run the whole suite (`cargo test --workspace`), or \
             `cargo build --workspace` first"
            );
        };
        Ok(path)
    }

    /// Starts a daemon with this configuration and a free admin port.
    pub fn daemon(name: &str, env: &[(&str, String)], config: &str) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let log = File::create(directory.path().join("log"))?;
        Self::start(name, env, config, directory, log.into())
    }

    /// As [`Self::daemon`], with another file as its log; [`log`](Self::log) is empty.
    pub fn daemon_logging_to(
        log: OwnedFd,
        name: &str,
        env: &[(&str, String)],
        config: &str,
    ) -> Result<Self> {
        Self::start(name, env, config, tempfile::tempdir()?, log)
    }

    fn start(
        name: &str,
        env: &[(&str, String)],
        config: &str,
        directory: TempDir,
        log: OwnedFd,
    ) -> Result<Self> {
        let admin = free_address()?;
        let path = directory.path().join("config.toml");
        write!(
            File::create(&path)?,
            "{config}\n[admin]\nlisten = '{admin}'\n"
        )?;
        let child = Command::new(Self::path(name)?)
            .arg("--config")
            .arg(&path)
            .envs(env.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {name}"))?;
        Ok(Self {
            child,
            admin,
            directory,
        })
    }

    /// Runs a program to its end and returns its standard output. An error shows its standard error.
    pub async fn output(name: &str, arguments: &[&str], env: &[(&str, String)]) -> Result<String> {
        let output = Self::finished(name, arguments, env).await?;
        ensure!(
            output.status.success(),
            "{name} {arguments:?}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs a program to its end, successful or not.
    pub async fn finished(
        name: &str,
        arguments: &[&str],
        env: &[(&str, String)],
    ) -> Result<std::process::Output> {
        Command::new(Self::path(name)?)
            .args(arguments)
            .env_remove("AYAZ_DATABASE_URL")
            .env_remove("AYAZ_MQTT_URL")
            .envs(env.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .with_context(|| format!("run {name}"))
    }

    /// Its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Waits until `/readyz` says ready.
    pub async fn until_ready(&self) -> Result<()> {
        let ready = wait::until("/readyz", 30, async || {
            Ok(self
                .get("/readyz")
                .await
                .is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")))
        });
        ready.await.with_context(|| self.log())
    }

    /// A metric's value: the sum over its labels.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        let text = self.get("/metrics").await?;
        Ok(text
            .lines()
            .filter(|line| {
                line.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with([' ', '{']))
            })
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum())
    }

    /// An answer of the admin port with its headers.
    pub async fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(self.admin).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// The address of its admin port.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    /// Number of open file descriptors; `None` if it has ended.
    pub fn descriptors(&self) -> Option<usize> {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.child.id()?)).ok()?;
        Some(open.count())
    }

    /// Its process id; `None` if it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Its peak resident memory; `None` if it has ended.
    pub fn memory_peak_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kilobytes * 1_024)
    }

    /// `kill -9`.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Sends SIGTERM and waits. Fails if the exit code is not 0.
    pub async fn terminate(mut self) -> Result<()> {
        let pid = self.child.id().context("the program has already ended")?;
        let killed = Command::new("kill").arg(pid.to_string()).status().await?;
        ensure!(killed.success(), "kill {pid}: {killed}");
        let status = self.child.wait().await?;
        if !status.success() {
            bail!("ended with {status}\n{}", self.log());
        }
        Ok(())
    }
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
