//! Mosquitto with the files of `deploy/mosquitto`. Only paths and the port are replaced.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use ayaz_local::{MosquittoRelease, server_needed, skips_server_tests};
use ayaz_model::TopicKind;
use rand::RngExt;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::wait;

/// The Debian releases whose Mosquitto is tested: 2.0.11, 2.0.21, and 2.1 of the next release.
pub const SUITES: [&str; 3] = ["bookworm", "trixie", "forky"];

/// The password of every login of a test's broker.
pub const PASSWORD: &str = "test-password";

/// The unprivileged user that runs a broker if the tests run as root.
const NOBODY: u32 = 65_534;

/// Every Mosquitto that can be fetched. None if tests that need a server are skipped.
pub async fn releases() -> Vec<MosquittoRelease> {
    let mut releases = Vec::new();
    if skips_server_tests() {
        return releases;
    }
    for suite in SUITES {
        match MosquittoRelease::fetch(suite, |line| println!("{line}")).await {
            Ok(release) => releases.push(release),
            Err(error) => println!("skipped: Mosquitto of {suite}: {error}"),
        }
    }
    assert!(
        !releases.is_empty(),
        "no Mosquitto of {SUITES:?} can be fetched; {}",
        server_needed()
    );
    releases
}

/// A running broker. Killed when dropped.
#[derive(Debug)]
pub struct Broker {
    release: MosquittoRelease,
    home: TempDir,
    /// Its port on 127.0.0.1.
    pub port: u16,
    child: Option<Child>,
}

/// The configuration of a broker.
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
    /// The shipped files with more logins than those of `users.sh`. From 2.1 on, each bus gets its own lines
    /// in the access control list.
    pub fn shipped(release: &MosquittoRelease, logins: &[&str]) -> Result<Self> {
        let folder = deploy();
        let mut acl = fs::read_to_string(folder.join("acl"))?;
        for bus in logins.iter().filter(|login| login.contains('/')) {
            if !matches!(release.suite(), "bookworm" | "trixie") {
                acl += &format!("\nuser {bus}\n");
                for kind in TopicKind::ALL.map(TopicKind::name) {
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

    /// The same files with one line of the configuration replaced. The line must exist.
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
    /// Starts a broker with these files.
    pub async fn start(release: &MosquittoRelease, files: &Files) -> Result<Self> {
        let mut broker = Self::prepare(release, files).await?;
        broker.run().await?;
        Ok(broker)
    }

    /// A broker with these files that does not run yet.
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

    /// Writes configuration and access control list for the next start.
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

    /// The path of a file or folder of the broker.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The directory of the release's tools.
    pub fn tools(&self) -> PathBuf {
        self.release.tools()
    }

    /// The broker's process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref()?.id()
    }

    /// Its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The address with this login.
    pub fn url(&self, login: &str) -> String {
        let login = login.replace('/', "%2F");
        format!("mqtt://{login}:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    /// Starts it and waits until it answers.
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

    /// Stops it in order, so that it saves its sessions and messages.
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

    /// Makes it read its password file and its access control list again.
    pub async fn reload(&self) -> Result<()> {
        let pid = self.pid().context("the broker does not run")?;
        crate::processes::signal("HUP", &[pid]).await
    }

    /// Makes it save its sessions and messages.
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

/// A free port below those of outgoing connections, which could take it while the broker restarts.
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
