//! One round: servers, daemons and proxies of its own; load and faults; then the reckoning.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ayaz_local::{LocalStack, Options, Server};
use ayaz_publisher::{Publisher, PublisherOptions};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use url::Url;

use super::fault::Fault;
use super::ledger::Ledger;
use super::load::{self, Load, Outgoing};
use super::proxy::Proxy;
use crate::bed::Bed;
use crate::mqtt::Connect;
use crate::processes::signal;
use crate::program::Program;
use crate::wait;

/// The daemon's `database.write_timeout_ms` in the harness.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// The daemon's memory bound in the harness, and what it may use beside it.
const MEMORY_MAX_BYTES: u64 = 8 << 20;
const MEMORY_BESIDE_BYTES: u64 = 72 << 20;

/// The broker's logins: the daemon's, which is its client id too, the sender's, that of a bus that
/// floods, and another.
const STORE: &str = "store";
const SENDER: &str = "sender";
const WILD: &str = "wild";
const STRANGER: &str = "stranger";

/// Everything must be stored so soon after the last fault is mended, seconds.
const RECOVERY_MAX_S: u64 = 90;

/// Readings, set aside or not.
const STORED: &str =
    "select (select count(*) from reading) + (select count(*) from reading_set_aside)";

/// Name and password of the login that holds locks.
const READER: &str = "harness_reader";

const MAKE_READER: &str = "do $$
    begin
        create role harness_reader login password 'harness_reader' in role ayaz_reader;
    exception when duplicate_object or unique_violation then
        null;
    end
    $$";

/// The keys are those that were in use once; who knows what comes.
const HOLD_LOCKS: &str = "
    select pg_try_advisory_lock(key) from generate_series(7152000, 7152100) as key;
    begin;
    do $$
    declare
        readable regclass;
    begin
        for readable in
            select oid from pg_class
            where relnamespace = 'public'::regnamespace and relkind = 'r'
                and has_table_privilege(oid, 'select')
        loop
            execute format('lock table %s in access share mode', readable);
        end loop;
    end
    $$";

/// What a round does.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Decides about everything.
    pub seed: u64,
    /// How long faults strike.
    pub duration: Duration,
    /// What strikes; one after another, in random order.
    pub faults: Vec<Fault>,
    /// Most messages, whatever the duration.
    pub messages_max: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Messages that the broker acknowledged.
    pub messages: u64,
    /// Readings that had to be there, and were.
    pub readings: u64,
    /// Dead letters that had to be there, and were.
    pub dead_letters: u64,
    /// What struck, in order.
    pub struck: Vec<Fault>,
    /// From the last mending until all was stored.
    pub recovery: Duration,
    /// Most memory that a daemon used.
    pub memory_peak_bytes: u64,
}

/// What faults can reach.
#[derive(Debug)]
pub struct Stage {
    stack: LocalStack,
    /// Publishes with a login of its own.
    bed: Bed,
    /// The broker, as the daemon's login.
    store_url: String,
    ingest: Option<Program>,
    analytics: Option<Program>,
    /// Between the daemon and the database.
    pub to_database: Proxy,
    /// Between the daemon and the broker.
    pub to_broker: Proxy,
    /// Sent by faults, and acknowledged.
    flooded: Vec<Outgoing>,
    memory_peak_bytes: u64,
}

impl Plan {
    /// Runs the round; `tell` gets a line for each step.
    pub async fn run(&self, mut tell: impl FnMut(&str)) -> Result<Outcome> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut stage = Stage::build().await?;
        let load = Load::new(ChaCha8Rng::from_rng(&mut rng), stage.bed.fleet.clone());
        let publisher = stage.bed.publisher("harness").await?;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let messages_max = self.messages_max;
        let mut pace = ChaCha8Rng::from_rng(&mut rng);
        let sending = tokio::spawn(async move {
            let (mut load, mut sent) = (load, Vec::new());
            while !*stopped.borrow() && (sent.len() as u64) < messages_max {
                let message = load.message();
                publisher
                    .publish(message.topic.clone(), message.payload.clone())
                    .await?;
                sent.push(message);
                // Bursts and pauses, as buses leave dead zones.
                if pace.random_bool(0.02) {
                    tokio::time::sleep(Duration::from_millis(pace.random_range(1..60))).await;
                }
            }
            // The broker has acknowledged all of them, or this fails.
            publisher.finish().await?;
            anyhow::Ok(sent)
        });

        let deadline = Instant::now() + self.duration;
        let mut struck = Vec::new();
        while Instant::now() < deadline {
            let fault = *self.faults.choose(&mut rng).context("no faults")?;
            tell(fault.name());
            fault
                .strike(&mut stage, &mut rng)
                .await
                .with_context(|| format!("{fault}\n{}", stage.logs()))?;
            struck.push(fault);
            stage.look_at_memory();
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..400))).await;
        }
        // The sender may have sent all it was to send.
        let _ = stop.send(true);
        let mended = Instant::now();
        let mut ledger = Ledger::default();
        let sent = sending.await??;
        for message in sent.into_iter().chain(std::mem::take(&mut stage.flooded)) {
            message.enter(&mut ledger);
        }
        tell("all mended, waiting for the rest to be stored");
        let outcome = stage.reckon(&ledger, mended).await;
        let logs = stage.logs();
        let recovery = outcome.with_context(|| format!("seed {}\n{logs}", self.seed))?;
        let outcome = Outcome {
            messages: ledger.messages,
            readings: ledger.readings(),
            dead_letters: ledger.dead_letters(),
            struck,
            recovery,
            memory_peak_bytes: stage.memory_peak_bytes,
        };
        stage.end().await?;
        Ok(outcome)
    }
}

impl Stage {
    async fn build() -> Result<Self> {
        let options = Options {
            logins: [STORE, SENDER, WILD, STRANGER].map(str::to_owned).to_vec(),
            ..Options::default()
        };
        let stack = LocalStack::start(options, |_| {}).await?;
        let url_as = |login| stack.mqtt_url_as(login).context("a private broker");
        let store_url = url_as(STORE)?;
        let bed = Bed::on(stack.database_url(), &url_as(SENDER)?).await?;
        let mut stage = Self {
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
        let ingest = stage.start_ingest("")?;
        ingest.until_ready().await?;
        stage.ingest = Some(ingest);
        stage.analytics = Some(stage.start_analytics()?);
        Ok(stage)
    }

    /// An ingest daemon behind the proxies, with these failpoints.
    pub fn start_ingest(&self, failpoints: &str) -> Result<Program> {
        self.start_ingest_by(failpoints, 0)
    }

    /// The same with a clock that is so many seconds ahead.
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
        self.look_at_memory();
        if let Some(running) = self.ingest.take() {
            running.kill().await?;
        }
        self.ingest = Some(self.start_ingest(failpoints)?);
        Ok(())
    }

    /// Kills the ingest daemon and starts it with a clock that is so many seconds ahead.
    pub async fn restart_ingest_by(&mut self, clock_shift_s: i64) -> Result<()> {
        self.look_at_memory();
        if let Some(running) = self.ingest.take() {
            running.kill().await?;
        }
        self.ingest = Some(self.start_ingest_by("", clock_shift_s)?);
        Ok(())
    }

    /// Waits until the ingest daemon says in readiness and metric how far its clock is ahead.
    pub async fn until_clock_is_told(&self, ahead_s: i64) -> Result<()> {
        let ingest = self.ingest.as_ref().context("the ingest daemon")?;
        wait::until("the wrong clock to be told", 30, async || {
            // It may not listen yet.
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

    /// Waits until the ingest daemon has died, or gives up: a failpoint is only passed where there
    /// is something to do.
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

    /// An analytics worker, straight at the database.
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

    /// Stops the analytics worker until another one has its place, and wakes it up.
    pub async fn stop_worker(&mut self, awake: Duration) -> Result<()> {
        let stopped = self.analytics.take().context("a worker")?;
        let pid = stopped.pid().context("the worker has ended")?;
        signal("STOP", &[pid]).await?;
        let next = self.start_analytics()?;
        let taken_over = next.until_ready().await;
        // Within whatever it was at: it must do no harm.
        signal("CONT", &[pid]).await?;
        taken_over.context("a worker in the place of the one that was stopped")?;
        self.analytics = Some(next);
        tokio::time::sleep(awake).await;
        stopped.kill().await
    }

    /// A login of its own that may only read, with every lock that it can get.
    pub async fn reader_with_locks(&self) -> Result<ayaz_store::Connection> {
        let owner = self.owner().await?;
        owner.client.batch_execute(MAKE_READER).await?;
        let mut url = Url::parse(&self.bed.database_url)?;
        let is_set = url.set_username(READER).is_ok() && url.set_password(Some(READER)).is_ok();
        ensure!(is_set, "a URL without a login");
        let url = url.as_str().parse()?;
        let reader = ayaz_store::Connection::open(&url, ayaz_store::Role::Reader).await?;
        reader.client.batch_execute(HOLD_LOCKS).await?;
        Ok(reader)
    }

    /// Where the database keeps its files.
    pub fn database_home(&mut self) -> Result<PathBuf> {
        let log = self.database()?.log_path();
        Ok(log.parent().context("the log's folder")?.to_owned())
    }

    /// The broker's process.
    pub fn broker(&mut self) -> Result<&mut Server> {
        self.stack.broker().context("a private broker")
    }

    /// A bus of its own sends all it can.
    pub async fn flood(&mut self, rng: &mut ChaCha8Rng) -> Result<()> {
        let messages = load::flood(rng, &self.bed.fleet).context("a valid name")?;
        let url = self.stack.mqtt_url_as(WILD).context("a private broker")?;
        let options = PublisherOptions::new(url.parse()?, WILD);
        let publisher = Publisher::connect(options).await?;
        for message in &messages {
            let (topic, payload) = (message.topic.clone(), message.payload.clone());
            publisher.publish(topic, payload).await?;
        }
        // The broker has acknowledged all of them, or this fails.
        publisher.finish().await?;
        self.flooded.extend(messages);
        Ok(())
    }

    /// Another login connects with the daemon's client id. It must not get
    /// a message, nor the daemon's session, nor end it.
    pub async fn foreign_client(&self, clean_start: bool, time: Duration) -> Result<()> {
        let url = self
            .stack
            .mqtt_url_as(STRANGER)
            .context("a private broker")?;
        let url = Url::parse(&url)?;
        let connect = Connect {
            clean_start,
            session_expiry_s: 0,
            ..Connect::lasting(
                url.port().context("a port")?,
                Some((STRANGER, url.password().context("a password")?)),
                STORE,
            )
        };
        let mut client = connect.open().await?;
        ensure!(
            !client.session_present(),
            "the stranger has the daemon's session"
        );
        let mut received = client.deliveries().await?;
        tokio::time::sleep(time).await;
        received.extend(client.deliveries().await?);
        ensure!(
            received.is_empty(),
            "{} messages for the stranger",
            received.len()
        );
        client.close().await
    }

    /// Ends every backend that works for a daemon.
    pub async fn end_backends(&self) -> Result<()> {
        let client = self.owner().await?;
        client
            .client
            .execute(
                "select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()",
                &[],
            )
            .await?;
        Ok(())
    }

    /// Takes all connections that the server has, and the daemons' with them.
    pub async fn use_up_connections(&self, time: Duration) -> Result<()> {
        let deadline = Instant::now() + time;
        let mut held = vec![self.owner().await?];
        self.end_backends().await?;
        while Instant::now() < deadline {
            match self.owner().await {
                Ok(connection) => held.push(connection),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        Ok(())
    }

    async fn owner(&self) -> Result<ayaz_store::Connection> {
        let url = self.bed.database_url.parse()?;
        Ok(ayaz_store::Connection::open(&url, ayaz_store::Role::Owner).await?)
    }

    /// Waits for everything to be stored, and compares.
    async fn reckon(&mut self, ledger: &Ledger, mended: Instant) -> Result<Duration> {
        let owner = self.owner().await?;
        let count = async |sql: &str| -> Result<u64> {
            let count: i64 = owner.client.query_one(sql, &[]).await?.get(0);
            Ok(count as u64)
        };
        let all_stored = wait::until("all to be stored", RECOVERY_MAX_S, async || {
            Ok(count(STORED).await? >= ledger.readings()
                && count("select count(*) from dead_letter").await? >= ledger.dead_letters())
        })
        .await;
        let recovery = mended.elapsed();
        // It tells what is missing.
        ledger.verify(&owner).await?;
        all_stored?;
        let ingest = self.ingest.as_ref().context("the ingest daemon")?;
        ingest.until_ready().await?;
        wait::until("all to be acknowledged", RECOVERY_MAX_S, async || {
            Ok(ingest.metric("ayaz_ingest_outstanding_messages").await? == 0.0)
        })
        .await?;
        self.look_at_memory();
        ensure!(
            self.memory_peak_bytes <= MEMORY_MAX_BYTES + MEMORY_BESIDE_BYTES,
            "the daemon used {} MB with a bound of {} MB for messages",
            self.memory_peak_bytes >> 20,
            MEMORY_MAX_BYTES >> 20
        );
        // Whatever clock the daemon had, only what was ahead of the real one is taken for future.
        let wronged = "select count(*) from set_aside
            where reason = 'future' and recorded_at < set_aside_at";
        ensure!(
            count(wronged).await? == 0,
            "readings of the past were taken for future"
        );
        // History over the bound is taken in, and still each reading is there once.
        if count("select count(*) from set_aside where reason = 'many_days'").await? > 0 {
            self.bed
                .ayaz(&["readings", "accept", "--reason", "many_days"])
                .await?;
            ledger.verify(&owner).await?;
        }
        self.analytics_agree(&owner).await?;
        Ok(recovery)
    }

    /// What the worker made of it in pieces is what one run over everything makes.
    async fn analytics_agree(&mut self, owner: &ayaz_store::Connection) -> Result<()> {
        if let Some(worker) = self.analytics.take() {
            worker.terminate().await?;
        }
        self.bed.analyse().await?;
        let pieces = "select md5(coalesce(string_agg(p::text, '|' order by p::text), ''))
            from energy_bucket p";
        let before: String = owner.client.query_one(pieces, &[]).await?.get(0);
        owner
            .client
            .batch_execute(
                "insert into dirty_hours (vehicle_ids, changed_from)
                select array_agg(vehicle_id), array_agg(hour) from (
                    select distinct vehicle_id, date_trunc('hour', recorded_at, 'UTC') as hour
                    from reading where time_quality = 0
                ) as hours",
            )
            .await?;
        self.bed.analyse().await?;
        let after: String = owner.client.query_one(pieces, &[]).await?.get(0);
        ensure!(
            before == after,
            "the worker's results depend on what happened to it"
        );
        Ok(())
    }

    fn look_at_memory(&mut self) {
        let peak = self.ingest.as_ref().and_then(Program::memory_peak_bytes);
        self.memory_peak_bytes = self.memory_peak_bytes.max(peak.unwrap_or(0));
    }

    fn logs(&self) -> String {
        let log = |program: &Option<Program>| program.as_ref().map_or(String::new(), Program::log);
        format!(
            "ingest:\n{}\nanalytics:\n{}",
            log(&self.ingest),
            log(&self.analytics)
        )
    }

    async fn end(self) -> Result<()> {
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
