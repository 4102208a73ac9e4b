//! The ingest daemon, or the null subscriber in its place, in a separate process as in production.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use ayaz_ingest::metrics;
use ayaz_model::BrokerUrl;
use ayaz_store::DatabaseUrl;
use procfs::process::Process;
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};

use super::admin::{Admin, metric};
use super::connection::Connection;
use super::generator::Generator;
use super::site::Site;

const READY_TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// Time between two reads of the metrics. They allow the generator to continue. Each read costs the
/// daemon about 0.2 ms.
const SAMPLE_EVERY: Duration = Duration::from_millis(50);

/// Longest time until each vehicle has sent a message.
const ALL_VEHICLES_TIMEOUT: Duration = Duration::from_secs(300);

/// Kind of subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Writes into the database.
    Daemon,
    /// Only acknowledges.
    Null,
}

/// A running subscriber. It is killed when dropped.
#[derive(Debug)]
pub(super) struct Subscriber {
    child: Child,
    pub(super) process: Process,
    admin: Admin,
    client_id: String,
    mqtt_url: BrokerUrl,
    _config: NamedTempFile,
}

/// Its counters at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters {
    pub(super) at: Instant,
    pub(super) messages_acknowledged: f64,
    pub(super) readings_written: f64,
    pub(super) readings_duplicate: f64,
    pub(super) batches_written: f64,
    pub(super) intake_pauses: f64,
    pub(super) write_retries: f64,
}

impl Subscriber {
    /// Starts it and waits until it is ready.
    pub(super) async fn start(site: &Site, kind: Kind, database: &DatabaseUrl) -> Result<Self> {
        let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        // A unique session, so that no messages of an earlier run wait in it.
        let client_id = format!("{}-{}", site.fleet, listen.port());
        let config = configuration(site, &client_id, listen)?;
        let mut command = Command::new(std::env::current_exe()?);
        match kind {
            Kind::Daemon => command.args(["daemon", "ingest", "--config"]),
            Kind::Null => command.args(["bench", "null-subscriber", "--config"]),
        };
        command
            .arg(config.path())
            .env("AYAZ_MQTT_URL", &site.mqtt_url_text)
            .env("AYAZ_DATABASE_URL", database.expose())
            .env("RUST_LOG", "warn");
        // Environment variables override the file, to try other batches and windows. But these
        // values separate runs.
        for taken in [
            "MQTT__CLIENT_ID",
            "MQTT__FLEETS",
            "MQTT__SHARED_GROUP",
            "MQTT__SESSION_EXPIRY_S",
            "ADMIN__LISTEN",
            "ADMIN__ENABLED",
        ] {
            command.env_remove(format!("AYAZ__{taken}"));
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start the {kind}"))?;
        let pid = child.id().context("the subscriber ended at once")?;
        let process = Process::new(pid as i32)?;
        let deadline = Instant::now() + READY_TIMEOUT;
        let admin = Admin::at(listen);
        loop {
            if let Some(status) = child.try_wait()? {
                bail!("the {kind} ended with {status}");
            }
            ensure!(Instant::now() < deadline, "the {kind} did not become ready");
            let ready = admin.get("/readyz").await;
            if ready.is_ok_and(|answer| answer.is_ok) {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(Self {
            child,
            process,
            admin,
            client_id,
            mqtt_url: site.mqtt_url.clone(),
            _config: config,
        })
    }

    /// Reads its counters.
    pub(super) async fn counters(&mut self) -> Result<Counters> {
        let answer = match self.admin.get("/metrics").await {
            Ok(answer) => answer,
            Err(error) => match self.child.try_wait()? {
                Some(status) => bail!("the subscriber ended with {status}"),
                None => return Err(error).context("read the subscriber's metrics"),
            },
        };
        let value = |name| metric(&answer.body, name);
        Ok(Counters {
            at: Instant::now(),
            messages_acknowledged: value(metrics::MESSAGES_ACKNOWLEDGED),
            readings_written: value(metrics::READINGS_WRITTEN),
            readings_duplicate: value(metrics::READINGS_DUPLICATE),
            batches_written: value(metrics::BATCHES_WRITTEN),
            intake_pauses: value(metrics::INTAKE_PAUSES),
            write_retries: value(metrics::WRITE_RETRIES),
        })
    }

    /// Lets the generator continue for `duration`, and returns the counters at the end.
    pub(super) async fn serve(
        &mut self,
        generator: &mut Generator,
        duration: Duration,
    ) -> Result<Counters> {
        let until = Instant::now() + duration;
        loop {
            let counters = self.counters().await?;
            generator.acknowledged(counters.messages_acknowledged as u64);
            generator.must_run()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(counters);
            }
            tokio::time::sleep(left.min(SAMPLE_EVERY)).await;
        }
    }

    /// Runs the warm-up of a daemon. It starts when each vehicle has sent a message, because the
    /// first message makes the daemon look up the vehicle's number.
    pub(super) async fn warm_up(
        &mut self,
        generator: &mut Generator,
        duration: Duration,
        vehicles: u64,
    ) -> Result<Counters> {
        let deadline = Instant::now() + ALL_VEHICLES_TIMEOUT;
        loop {
            let counters = self.serve(generator, Duration::ZERO).await?;
            if counters.messages_acknowledged >= vehicles as f64 {
                return self.serve(generator, duration).await;
            }
            ensure!(
                Instant::now() < deadline,
                "not all vehicles have sent a message within {ALL_VEHICLES_TIMEOUT:?}"
            );
            tokio::time::sleep(SAMPLE_EVERY).await;
        }
    }

    /// Waits until the counters satisfy the condition.
    pub(super) async fn wait_for(
        &mut self,
        what: &str,
        timeout: Duration,
        mut condition: impl FnMut(&Counters) -> bool,
    ) -> Result<Counters> {
        let deadline = Instant::now() + timeout;
        loop {
            let counters = self.counters().await?;
            if condition(&counters) {
                return Ok(counters);
            }
            ensure!(
                Instant::now() < deadline,
                "the run is invalid, so the bench fails: after {timeout:?}, this is not true: {what}; \
                 {counters:?}"
            );
            tokio::time::sleep(POLL).await;
        }
    }

    /// Stops it and removes its session from the broker. Otherwise the session would collect
    /// messages of later runs.
    pub(super) async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("end the subscriber")?;
        let forget = move || Connection::open(&self.mqtt_url, &self.client_id)?.close();
        tokio::task::spawn_blocking(forget)
            .await?
            .context("remove the subscriber's session")
    }
}

fn configuration(site: &Site, client_id: &str, listen: SocketAddr) -> Result<NamedTempFile> {
    let fleet = &site.fleet;
    let mut file = tempfile::Builder::new()
        .prefix("ayaz-bench-")
        .suffix(".toml")
        .tempfile()?;
    write!(
        file,
        "[mqtt]\nclient_id = '{client_id}'\nfleets = ['{fleet}']\nsession_expiry_s = 60\n\n\
         [admin]\nlisten = '{listen}'\n"
    )?;
    file.flush()?;
    Ok(file)
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Daemon => "ingest daemon",
            Self::Null => "null subscriber",
        })
    }
}
