//! Mosquitto with the files of `deploy/mosquitto` as they are: only paths and the port are replaced.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use ayaz_local::MosquittoRelease;
use rand::RngExt;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::wait;

/// Debian's releases whose Mosquitto is tried: 2.0.11, 2.0.21, and the next one's, 2.1.
pub const SUITES: [&str; 3] = ["bookworm", "trixie", "forky"];

/// The password of every login of a test's broker.
pub const PASSWORD: &str = "test-password";

/// An unprivileged user, as whom a broker runs if the tests run as root.
const NOBODY: u32 = 65_534;

/// Every Mosquitto that can be had here; what cannot is told. In CI at least one must be: without, these
/// tests would pass and have tried nothing.
pub async fn releases() -> Vec<MosquittoRelease> {
    let mut releases = Vec::new();
    for suite in SUITES {
        match MosquittoRelease::fetch(suite, |line| println!("{line}")).await {
            Ok(release) => releases.push(release),
            Err(error) => println!("skipped: Mosquitto of {suite}: {error}"),
        }
    }
    assert!(
        !releases.is_empty() || std::env::var_os("CI").is_none(),
        "no Mosquitto of {SUITES:?} can be fetched"
    );
    releases
}

/// A running broker. Killed when dropped.
#[derive(Debug)]
pub struct Broker {
    release: MosquittoRelease,
    home: TempDir,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    child: Option<Child>,
}

/// What makes a broker.
#[derive(Debug, Clone)]
pub struct Files {
    /// `mosquitto.conf`
    pub configuration: String,
    /// The access control list.
    pub acl: String,
    /// User names.
    pub logins: Vec<String>,
}

impl Files {
    /// The shipped files, with these logins beside those that `users.sh` enters. From 2.1 on, buses
    /// get the lines of their own that the access control list demands.
    pub fn shipped(release: &MosquittoRelease, logins: &[&str]) -> Result<Self> {
        let folder = deploy();
        let mut acl = fs::read_to_string(folder.join("acl"))?;
        for bus in logins.iter().filter(|login| login.contains('/')) {
            if !matches!(release.suite(), "bookworm" | "trixie") {
                acl += &format!("\nuser {bus}\n");
                for kind in ["telemetry", "cells", "status"] {
                    acl += &format!("topic write ayaz/v1/{bus}/{kind}\n");
                }
            }
        }
        let own = ["ayaz-ingest", "health"].iter().chain(logins);
        Ok(Self {
            configuration: fs::read_to_string(folder.join("mosquitto.conf"))?,
            acl,
            logins: own.map(|login| (*login).to_owned()).collect(),
        })
    }

    /// The same with another line in place of one that must be there.
    pub fn with(mut self, line: &str, instead: &str) -> Result<Self> {
        let lines: Vec<_> = self.configuration.lines().collect();
        ensure!(lines.contains(&line), "no line {line:?}");
        let changed = lines
            .iter()
            .map(|of| if *of == line { instead } else { of })
            .collect::<Vec<_>>();
        self.configuration = changed.join("\n") + "\n";
        Ok(self)
    }
}

/// `deploy/mosquitto`
pub fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/mosquitto")
}

impl Broker {
    /// Starts one with these files.
    pub async fn start(release: &MosquittoRelease, files: &Files) -> Result<Self> {
        let mut broker = Self::prepare(release, files).await?;
        broker.run().await?;
        Ok(broker)
    }

    /// One with these files that does not run yet.
    pub async fn prepare(release: &MosquittoRelease, files: &Files) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let port = free_port()?;
        let broker = Self {
            release: release.clone(),
            home,
            port,
            child: None,
        };
        fs::create_dir(broker.path("data"))?;
        broker.set_logins(&files.logins).await?;
        broker.set_files(files)?;
        Ok(broker)
    }

    /// Writes configuration and access control list; for the next start.
    pub fn set_files(&self, files: &Files) -> Result<()> {
        let home = self.home.path().display();
        let configuration = files
            .configuration
            .replace("/mosquitto/users/", &format!("{home}/"))
            .replace("/mosquitto/config/", &format!("{home}/"))
            .replace("/mosquitto/data/", &format!("{home}/data/"))
            .replace(
                "\nlistener 1883\n",
                &format!("\nlistener {} 127.0.0.1\n", self.port),
            );
        self.write("mosquitto.conf", &configuration)?;
        self.write("acl", &files.acl)
    }

    /// Writes the password file, as `users.sh` does.
    pub async fn set_logins(&self, logins: &[String]) -> Result<()> {
        let text: String = logins
            .iter()
            .map(|login| format!("{login}:{PASSWORD}\n"))
            .collect();
        self.write("new", &text)?;
        let hashed = Command::new(self.tools().join("mosquitto_passwd"))
            .arg("-U")
            .arg(self.path("new"))
            .output()
            .await?;
        ensure!(hashed.status.success(), "{hashed:?}");
        let text = fs::read_to_string(self.path("new"))?;
        self.write("passwd", &text)
    }

    /// A file or folder of the broker.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Where the release's tools are.
    pub fn tools(&self) -> PathBuf {
        self.release.tools()
    }

    /// The broker's process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref()?.id()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// An address with this login.
    pub fn url(&self, login: &str) -> String {
        let login = login.replace('/', "%2F");
        format!("mqtt://{login}:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    /// Starts it, and waits until it answers.
    pub async fn run(&mut self) -> Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))?;
        let mut command = Command::new(self.release.broker());
        command
            .arg("-c")
            .arg(self.path("mosquitto.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .kill_on_drop(true);
        if is_root()? {
            let files = fs::read_dir(self.home.path())?.map(|entry| Ok(entry?.path()));
            for path in files.chain([Ok(self.path(""))]) {
                let path: std::io::Result<PathBuf> = path;
                chown(path?, Some(NOBODY), Some(NOBODY))?;
            }
            command.uid(NOBODY).gid(NOBODY);
        }
        let child = self
            .child
            .insert(command.spawn().context("start the broker")?);
        let port = self.port;
        let ready = wait::until("the broker to listen", 20, async || {
            ensure!(child.try_wait()?.is_none(), "the broker ended");
            Ok(tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_ok())
        })
        .await;
        ready.with_context(|| self.log())
    }

    /// Stops it in an orderly way: it saves what it holds.
    pub async fn stop(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        if let Some(pid) = child.id() {
            crate::processes::signal("TERM", &[pid]).await?;
        }
        child.wait().await?;
        Ok(())
    }

    /// Has it read its password file and its access control list again.
    pub async fn reload(&self) -> Result<()> {
        let pid = self.pid().context("the broker does not run")?;
        crate::processes::signal("HUP", &[pid]).await
    }

    /// Has it save what it holds.
    pub async fn save(&self) -> Result<()> {
        let pid = self.pid().context("the broker does not run")?;
        crate::processes::signal("USR1", &[pid]).await
    }

    /// `kill -9`.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        if is_root()? {
            chown(&path, Some(NOBODY), Some(NOBODY))?;
        }
        Ok(())
    }
}

/// Below those of outgoing connections, one of which could take it while the broker restarts.
fn free_port() -> Result<u16> {
    for _ in 0..100 {
        let port = rand::rng().random_range(15_000..32_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port on 127.0.0.1")
}

fn is_root() -> Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}
