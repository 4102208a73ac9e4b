//! What strikes. Each fault mends itself before the next comes.

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

use super::round::Stage;
use crate::processes::{family, signal};

/// Where the daemon can be made to end, as `ayaz_store::failpoint` and its users name them.
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

            /// What it does.
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
    /// The database's backends are ended in the midst of their work.
    BackendsEnded = "backends-ended";
    /// The database has no connections left, and the daemon has lost its own.
    NoConnections = "no-connections";
    /// The disk is full. Only on a small file system (TMPDIR on one of at most 2 GB), else left out.
    DiskFull = "disk-full";
    /// Mosquitto is stopped and started again.
    BrokerRestart = "broker-restart";
    /// The network to the database goes silent, one way or both, and then breaks.
    DatabasePartition = "database-partition";
    /// The network to the broker goes silent, so that commits go on without acknowledgements, and
    /// then breaks.
    BrokerPartition = "broker-partition";
    /// Everything takes 40 ms longer.
    Latency = "latency";
    /// A second ingest daemon with the same client id.
    SecondIngest = "second-ingest";
    /// A bus sends as much as it can, beside the others.
    FloodingBus = "flooding-bus";
    /// A login that may only read holds every lock that it can get: advisory ones, and those of tables in
    /// a transaction that does not end.
    ReaderLocks = "reader-locks";
    /// The analytics worker is stopped (SIGSTOP) until another has taken its place, and wakes up then.
    StoppedWorker = "stopped-worker";
    /// The ingest daemon runs with a clock that is an hour behind or ahead, and must not be ready.
    WrongClock = "wrong-clock";
    /// A foreign client, with a login of its own, connects with the daemon's client id.
    ForeignClient = "foreign-client";
}

impl std::str::FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|fault| fault.name() == text);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|fault| fault.name()).collect();
            format!("{text} is none of {}", names.join(", "))
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
    /// Strikes, and mends what it broke.
    pub async fn strike(self, stage: &mut Stage, rng: &mut ChaCha8Rng) -> Result<()> {
        let a_moment = milliseconds(rng, 50..600);
        match self {
            Self::KillIngest => stage.restart_ingest("").await?,
            Self::Failpoint => {
                let name = FAILPOINTS.choose(rng).copied().unwrap_or("before_commit");
                // The load decides when it is passed for the n-th time.
                let passes = rng.random_range(0..20);
                stage
                    .restart_ingest(&format!("{name}={passes}*off->return"))
                    .await?;
                stage.until_ingest_ends(Duration::from_secs(5)).await?;
                stage.restart_ingest("").await?;
            }
            Self::KillAnalytics => stage.restart_analytics().await?,
            Self::SecondAnalytics => {
                let second = stage.start_analytics()?;
                tokio::time::sleep(3 * a_moment).await;
                second.kill().await?;
            }
            Self::DatabaseCrash => {
                let database = stage.database()?;
                signal("QUIT", &[pid(database)?]).await?;
                database.stop().await?;
                tokio::time::sleep(a_moment).await;
                database.start().await?;
            }
            Self::DatabaseFreeze => {
                let processes = family(pid(stage.database()?)?)?;
                signal("STOP", &processes).await?;
                tokio::time::sleep(super::round::WRITE_TIMEOUT + 2 * a_moment).await;
                signal("CONT", &processes).await?;
            }
            Self::BackendsEnded => stage.end_backends().await?,
            Self::NoConnections => stage.use_up_connections(4 * a_moment).await?,
            Self::DiskFull => {
                let home = stage.database_home()?;
                let Some(ballast) = Ballast::fill(&home).await? else {
                    println!("skipped: {} is on a large file system", home.display());
                    return Ok(());
                };
                tokio::time::sleep(5 * a_moment).await;
                drop(ballast);
                // Out of room for its log, the server ends; else this does nothing.
                stage.database()?.start().await?;
            }
            Self::BrokerRestart => {
                let broker = stage.broker()?;
                broker.stop().await?;
                tokio::time::sleep(a_moment).await;
                broker.start().await?;
            }
            Self::DatabasePartition | Self::BrokerPartition => {
                let (client, server) = *[(true, true), (true, false), (false, true)]
                    .choose(rng)
                    .unwrap_or(&(true, true));
                let proxy = match self {
                    Self::DatabasePartition => &stage.to_database,
                    _ => &stage.to_broker,
                };
                proxy.weather(|weather| {
                    (weather.client_unheard, weather.server_unheard) = (client, server);
                });
                tokio::time::sleep(4 * a_moment).await;
                proxy.cut();
                proxy.calm();
            }
            Self::Latency => {
                for proxy in [&stage.to_database, &stage.to_broker] {
                    proxy.weather(|weather| weather.delay = Duration::from_millis(40));
                }
                tokio::time::sleep(3 * a_moment).await;
                stage.to_database.calm();
                stage.to_broker.calm();
            }
            Self::ReaderLocks => {
                let reader = stage.reader_with_locks().await?;
                // Whoever begins to work meanwhile finds its place and its tables.
                stage.restart_analytics().await?;
                stage.restart_ingest("").await?;
                tokio::time::sleep(4 * a_moment).await;
                drop(reader);
            }
            Self::StoppedWorker => stage.stop_worker(a_moment).await?,
            Self::WrongClock => {
                let shift_s = *[-3_600, 3_600].choose(rng).unwrap_or(&3_600);
                stage.restart_ingest_by(shift_s).await?;
                stage.until_clock_is_told(shift_s).await?;
                tokio::time::sleep(3 * a_moment).await;
                stage.restart_ingest("").await?;
            }
            Self::SecondIngest => {
                let second = stage.start_ingest("")?;
                tokio::time::sleep(3 * a_moment).await;
                second.kill().await?;
            }
            Self::FloodingBus => stage.flood(rng).await?,
            Self::ForeignClient => {
                let clean_start = rng.random_bool(0.5);
                stage.foreign_client(clean_start, a_moment).await?;
            }
        }
        Ok(())
    }
}

/// A file that takes all the room of a small file system. Removed when dropped.
struct Ballast(PathBuf);

impl Ballast {
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
            .context("what df says")?;
        if available > Self::BYTES_MAX {
            return Ok(None);
        }
        let ballast = Self(directory.join("ballast"));
        let mut file = std::fs::File::create(&ballast.0)?;
        let block = vec![0; 1 << 20];
        // Until there is no room: the first error is what is wanted.
        while file.write_all(&block).is_ok() {}
        Ok(Some(ballast))
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn pid(server: &Server) -> Result<u32> {
    server.pid().context("the server does not run")
}
