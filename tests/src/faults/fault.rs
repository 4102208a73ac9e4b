//! The faults. Each is repaired before the next one.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use ayaz_local::Server;
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use tokio::process::Command;

use super::system::System;
use crate::processes::{family, signal};

/// The failpoints at which the daemon can end.
const FAILPOINTS: &[&str] = &[
    "after_decode",
    "in_copy",
    "before_commit",
    "after_commit",
    "before_acknowledgement",
];

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)+) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault {
            $($(#[doc = $doc])+ $name),+
        }

        impl Fault {
            /// Every kind.
            pub const ALL: &'static [Fault] = &[$(Fault::$name),+];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Fault::$name => $text),+ }
            }

            /// Its description.
            pub fn help(self) -> &'static str {
                match self { $(Fault::$name => concat!($($doc),+).trim_ascii()),+ }
            }
        }
    };
}

faults! {
    /// The ingest daemon is killed (SIGKILL) and started again.
    KillIngest = "kill-ingest";
    /// The ingest daemon dies at a chosen point: after decoding, in COPY, before or after COMMIT,
    /// before an acknowledgement.
    Failpoint = "failpoint";
    /// The analytics worker is killed and started again.
    KillAnalytics = "kill-analytics";
    /// A second analytics worker runs for a while.
    SecondAnalytics = "second-analytics";
    /// PostgreSQL is stopped hard (SIGQUIT, as `pg_ctl stop -m immediate`) and recovers.
    DatabaseCrash = "database-crash";
    /// Every process of PostgreSQL is frozen (SIGSTOP) for longer than every timeout.
    DatabaseFreeze = "database-freeze";
    /// The backends of the database are terminated while they work.
    BackendsEnded = "backends-ended";
    /// The database has no free connections, and the daemon has lost its own.
    NoConnections = "no-connections";
    /// The disk is full. Skipped if TMPDIR is on a file system with more than 2 GB free.
    DiskFull = "disk-full";
    /// Mosquitto is stopped and started again.
    BrokerRestart = "broker-restart";
    /// The network to the database transports nothing, in one or both directions, and then breaks.
    DatabasePartition = "database-partition";
    /// The network to the broker transports nothing, so that commits continue without acknowledgements,
    /// and then breaks.
    BrokerPartition = "broker-partition";
    /// The network delays all data by 40 ms.
    Latency = "latency";
    /// A second ingest daemon with the same client id.
    SecondIngest = "second-ingest";
    /// One bus sends as much as it can.
    FloodingBus = "flooding-bus";
    /// A read-only login holds all locks that it can get: advisory locks, and table locks in a transaction
    /// that stays open.
    ReaderLocks = "reader-locks";
    /// The analytics worker is stopped (SIGSTOP) until another one has taken over, then continues.
    StoppedWorker = "stopped-worker";
    /// The clock of the ingest daemon is an hour behind or ahead, so it must not be ready.
    WrongClock = "wrong-clock";
    /// A client with another login connects with the daemon's client id.
    ForeignClient = "foreign-client";
}

impl std::str::FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|fault| fault.name() == text);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|fault| fault.name()).collect();
            format!("{text} is not one of {}", names.join(", "))
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn milliseconds(rng: &mut ChaCha8Rng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(rng.random_range(range))
}

impl Fault {
    /// Injects the fault and repairs it.
    pub async fn inject(self, system: &mut System, rng: &mut ChaCha8Rng) -> Result<()> {
        let a_moment = milliseconds(rng, 50..600);
        match self {
            Self::KillIngest => system.restart_ingest("").await?,
            Self::Failpoint => {
                let name = FAILPOINTS.choose(rng).copied().unwrap_or("before_commit");
                // How soon the daemon passes it n times depends on the load.
                let passes = rng.random_range(0..20);
                system
                    .restart_ingest(&format!("{name}={passes}*off->return"))
                    .await?;
                system.until_ingest_ends(Duration::from_secs(5)).await?;
                system.restart_ingest("").await?;
            }
            Self::KillAnalytics => system.restart_analytics().await?,
            Self::SecondAnalytics => {
                let second = system.start_analytics()?;
                tokio::time::sleep(3 * a_moment).await;
                second.kill().await?;
            }
            Self::DatabaseCrash => {
                let database = system.database()?;
                signal("QUIT", &[pid(database)?]).await?;
                database.stop().await?;
                tokio::time::sleep(a_moment).await;
                database.start().await?;
            }
            Self::DatabaseFreeze => {
                let processes = family(pid(system.database()?)?)?;
                signal("STOP", &processes).await?;
                tokio::time::sleep(super::system::WRITE_TIMEOUT + 2 * a_moment).await;
                signal("CONT", &processes).await?;
            }
            Self::BackendsEnded => system.end_backends().await?,
            Self::NoConnections => system.use_up_connections(4 * a_moment).await?,
            Self::DiskFull => {
                let home = system.database_home()?;
                let Some(filler) = FillerFile::fill(&home).await? else {
                    println!("skipped: {} is on a large file system", home.display());
                    return Ok(());
                };
                tokio::time::sleep(5 * a_moment).await;
                drop(filler);
                // Without space for its log, the server has ended; else this does nothing.
                system.database()?.start().await?;
            }
            Self::BrokerRestart => {
                let broker = system.broker()?;
                broker.stop().await?;
                tokio::time::sleep(a_moment).await;
                broker.start().await?;
            }
            Self::DatabasePartition | Self::BrokerPartition => {
                let (client, server) = *[(true, true), (true, false), (false, true)]
                    .choose(rng)
                    .unwrap_or(&(true, true));
                let proxy = match self {
                    Self::DatabasePartition => &system.to_database,
                    _ => &system.to_broker,
                };
                proxy.change_conditions(|conditions| {
                    (conditions.client_blocked, conditions.server_blocked) = (client, server);
                });
                tokio::time::sleep(4 * a_moment).await;
                proxy.cut();
                proxy.restore();
            }
            Self::Latency => {
                for proxy in [&system.to_database, &system.to_broker] {
                    proxy.change_conditions(|conditions| {
                        conditions.delay = Duration::from_millis(40)
                    });
                }
                tokio::time::sleep(3 * a_moment).await;
                system.to_database.restore();
                system.to_broker.restore();
            }
            Self::ReaderLocks => {
                let reader = system.reader_with_locks().await?;
                // Programs that start now must get their lease and their tables.
                system.restart_analytics().await?;
                system.restart_ingest("").await?;
                tokio::time::sleep(4 * a_moment).await;
                drop(reader);
            }
            Self::StoppedWorker => system.stop_worker(a_moment).await?,
            Self::WrongClock => {
                let shift_s = *[-3_600, 3_600].choose(rng).unwrap_or(&3_600);
                system.restart_ingest_by(shift_s).await?;
                system.until_clock_is_reported(shift_s).await?;
                tokio::time::sleep(3 * a_moment).await;
                system.restart_ingest("").await?;
            }
            Self::SecondIngest => {
                let second = system.start_ingest("")?;
                tokio::time::sleep(3 * a_moment).await;
                second.kill().await?;
            }
            Self::FloodingBus => system.flood(rng).await?,
            Self::ForeignClient => {
                let clean_start = rng.random_bool(0.5);
                system.foreign_client(clean_start, a_moment).await?;
            }
        }
        Ok(())
    }
}

/// A file that fills a small file system. Removed when dropped.
struct FillerFile(PathBuf);

impl FillerFile {
    const BYTES_MAX: u64 = 2 << 30;

    async fn fill(directory: &Path) -> Result<Option<Self>> {
        let output = Command::new("df")
            .args(["--output=avail", "-B1"])
            .arg(directory)
            .output()
            .await?;
        let text = String::from_utf8(output.stdout)?;
        let available: u64 = text
            .lines()
            .nth(1)
            .and_then(|line| line.trim().parse().ok())
            .context("read the output of df")?;
        if available > Self::BYTES_MAX {
            return Ok(None);
        }
        let filler = Self(directory.join("filler"));
        let mut file = std::fs::File::create(&filler.0)?;
        let block = vec![0; 1 << 20];
        // Writes until the first error: then the file system is full.
        while file.write_all(&block).is_ok() {}
        Ok(Some(filler))
    }
}

impl Drop for FillerFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn pid(server: &Server) -> Result<u32> {
    server.pid().context("the server does not run")
}
