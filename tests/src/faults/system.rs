//! The system that faults are injected into: servers, proxies and daemons.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ayaz_local::{LocalStack, Options, Server};
use ayaz_test_db::start;
use url::Url;

use super::load::Outgoing;
use super::proxy::Proxy;
use crate::bed::TestBed;
use crate::program::Program;
use crate::wait;

mod clients;
mod verify;

/// The daemon's `database.write_timeout_ms` in the harness.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// The daemon's memory bound for messages in the harness, and its limit for other memory.
const MEMORY_MAX_BYTES: u64 = 8 << 20;
const MEMORY_BESIDE_BYTES: u64 = 72 << 20;

/// The broker's logins: of the daemon (also its client id), of the sender, of a bus that floods, and of a
/// foreign client.
const STORE: &str = "store";
const SENDER: &str = "sender";
const WILD: &str = "wild";
const STRANGER: &str = "stranger";

/// Servers, proxies and daemons of a round.
#[derive(Debug)]
pub struct System {
    stack: LocalStack,
    /// Publishes as the sender.
    pub(super) bed: TestBed,
    /// The broker's address with the daemon's login.
    store_url: String,
    ingest: Option<Program>,
    analytics: Option<Program>,
    /// Between the daemon and the database.
    pub to_database: Proxy,
    /// Between the daemon and the broker.
    pub to_broker: Proxy,
    /// Acknowledged messages that a fault has sent.
    pub(super) flooded: Vec<Outgoing>,
    pub(super) memory_peak_bytes: u64,
}

impl System {
    pub(super) async fn build() -> Result<Self> {
        let options = Options {
            logins: [STORE, SENDER, WILD, STRANGER].map(str::to_owned).to_vec(),
            ..Options::default()
        };
        let stack = start(options)
            .await?
            .context("AYAZ_SKIP_SERVER_TESTS is set")?;
        let url_as = |login| stack.mqtt_url_as(login).context("a private broker");
        let store_url = url_as(STORE)?;
        let bed = TestBed::on(stack.database_url(), &url_as(SENDER)?).await?;
        let mut system = Self {
            to_database: Proxy::before(address(stack.database_url())?).await?,
            to_broker: Proxy::before(address(stack.mqtt_url())?).await?,
            stack,
            bed,
            store_url,
            ingest: None,
            analytics: None,
            flooded: Vec::new(),
            memory_peak_bytes: 0,
        };
        let ingest = system.start_ingest("")?;
        ingest.until_ready().await?;
        system.ingest = Some(ingest);
        system.analytics = Some(system.start_analytics()?);
        Ok(system)
    }

    /// Starts an ingest daemon behind the proxies with these failpoints.
    pub fn start_ingest(&self, failpoints: &str) -> Result<Program> {
        self.start_ingest_by(failpoints, 0)
    }

    /// As [`Self::start_ingest`], with a clock that is ahead.
    fn start_ingest_by(&self, failpoints: &str, clock_shift_s: i64) -> Result<Program> {
        let fleet = &self.bed.fleet;
        let config = format!(
            "[mqtt]\nurl = 'mqtt://127.0.0.1'\nclient_id = 'ingest-{fleet}'\nfleets = ['{fleet}']\n\
             reconnect_delay_max_ms = 500\ntakeover_delay_max_ms = 1000\nkeep_alive_s = 5\nreceive_maximum = 500\n\
             memory_max_bytes = {MEMORY_MAX_BYTES}\n\
             [database]\nurl = 'postgres://127.0.0.1/x'\nwrite_timeout_ms = {}\n\
             [limits]\npayload_max_bytes = 60000\n\
             [clock]\ntest_shift_s = {clock_shift_s}\n\
             [dead_letters]\nper_vehicle_hour_max = 1000000\n\
             per_vehicle_hour_max_bytes = 1000000000000\nper_vehicle_max_bytes = 1000000000000\n",
            WRITE_TIMEOUT.as_millis()
        );
        let environment = [
            (
                "AYAZ_DATABASE_URL",
                through(&self.bed.database_url, &self.to_database)?,
            ),
            ("AYAZ_MQTT_URL", through(&self.store_url, &self.to_broker)?),
            ("FAILPOINTS", failpoints.to_owned()),
        ];
        Program::daemon("ayaz-ingest", &environment, &config)
    }

    /// Kills the ingest daemon and starts it with these failpoints.
    pub async fn restart_ingest(&mut self, failpoints: &str) -> Result<()> {
        self.update_memory_peak();
        if let Some(running) = self.ingest.take() {
            running.kill().await?;
        }
        self.ingest = Some(self.start_ingest(failpoints)?);
        Ok(())
    }

    /// Kills the ingest daemon and starts it with a clock that is ahead.
    pub async fn restart_ingest_by(&mut self, clock_shift_s: i64) -> Result<()> {
        self.update_memory_peak();
        if let Some(running) = self.ingest.take() {
            running.kill().await?;
        }
        self.ingest = Some(self.start_ingest_by("", clock_shift_s)?);
        Ok(())
    }

    /// Waits until readiness and metric of the ingest daemon show the offset of its clock.
    pub async fn until_clock_is_reported(&self, ahead_s: i64) -> Result<()> {
        let ingest = self.ingest.as_ref().context("the ingest daemon")?;
        wait::until("the report of the wrong clock", 30, async || {
            // The daemon may not listen yet.
            let (Ok(ready), Ok(offset)) = (
                ingest.get("/readyz").await,
                ingest.metric("ayaz_ingest_clock_offset_seconds").await,
            ) else {
                return Ok(false);
            };
            Ok(ready.contains("503")
                && ready.contains("3600 s")
                && (offset - ahead_s as f64).abs() < 5.0)
        })
        .await
    }

    /// Waits until the ingest daemon has ended or the time is over: without messages, the daemon does not
    /// pass the failpoint.
    pub async fn until_ingest_ends(&mut self, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        while let Some(running) = &mut self.ingest {
            if running.has_ended()? || Instant::now() > deadline {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Starts an analytics worker without a proxy.
    pub fn start_analytics(&self) -> Result<Program> {
        let config =
            "[database]\nurl = 'postgres://127.0.0.1/x'\n[refresh]\nopen_hour_interval_s = 1\n";
        let environment = [("AYAZ_DATABASE_URL", self.bed.database_url.clone())];
        Program::daemon("ayaz-analytics", &environment, config)
    }

    /// Kills the analytics worker and starts it again.
    pub async fn restart_analytics(&mut self) -> Result<()> {
        if let Some(running) = self.analytics.take() {
            running.kill().await?;
        }
        self.analytics = Some(self.start_analytics()?);
        Ok(())
    }

    /// The database's process.
    pub fn database(&mut self) -> Result<&mut Server> {
        self.stack.database().context("a private database")
    }

    /// The folder of the database's files.
    pub fn database_home(&mut self) -> Result<PathBuf> {
        let log = self.database()?.log_path();
        Ok(log.parent().context("the log's folder")?.to_owned())
    }

    /// The broker's process.
    pub fn broker(&mut self) -> Result<&mut Server> {
        self.stack.broker().context("a private broker")
    }

    async fn owner(&self) -> Result<ayaz_store::Connection> {
        let url = self.bed.database_url.parse()?;
        Ok(ayaz_store::Connection::open(&url, ayaz_store::Role::Owner).await?)
    }

    /// Updates the peak memory.
    pub(super) fn update_memory_peak(&mut self) {
        let peak = self.ingest.as_ref().and_then(Program::memory_peak_bytes);
        self.memory_peak_bytes = self.memory_peak_bytes.max(peak.unwrap_or(0));
    }

    /// The logs of both daemons.
    pub(super) fn logs(&self) -> String {
        let log = |program: &Option<Program>| program.as_ref().map_or(String::new(), Program::log);
        format!(
            "ingest:\n{}\nanalytics:\n{}",
            log(&self.ingest),
            log(&self.analytics)
        )
    }

    /// Stops everything.
    pub(super) async fn end(self) -> Result<()> {
        if let Some(ingest) = self.ingest {
            ingest.terminate().await?;
        }
        Ok(self.stack.stop().await?)
    }
}

fn address(url: &str) -> Result<SocketAddr> {
    let url = Url::parse(url)?;
    let port = url.port().context("a private server's port")?;
    Ok(SocketAddr::from(([127, 0, 0, 1], port)))
}

fn through(url: &str, proxy: &Proxy) -> Result<String> {
    let mut url = Url::parse(url)?;
    let port = Some(proxy.address().port());
    ensure!(url.set_port(port).is_ok(), "a URL without a port");
    Ok(url.into())
}
