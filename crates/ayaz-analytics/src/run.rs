//! The daemon: connects, waits until it is the only worker, works, and reconnects when the database
//! fails.

use std::time::{Duration, Instant};

use ayaz_daemon::admin::{Admin, ListenError, Readiness};
use ayaz_daemon::exit;
use ayaz_model::UnixMicroseconds;
use ayaz_store::analytics::lease::LEASE_SECONDS;
use ayaz_store::{DatabaseUrl, Pulse, Role, StoreError};
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::config::Config;
use crate::metrics as names;
use crate::work::{Candidate, Work, Worker};

/// Parts that must work for the daemon to be ready.
const DATABASE: &str = "database";
const WORKER: &str = "worker";
/// Whether the database answers, whatever the worker does.
const REACHABLE: &str = "database_reachable";

/// The longest wait before the next attempt.
const RETRY_DELAY_MAX: Duration = Duration::from_secs(5);

/// How often `--once` tries again before it fails, about half a minute.
const ONCE_RETRIES_MAX: usize = 8;

/// Why the worker ended.
#[derive(Debug, Error)]
pub enum RunError {
    /// The configuration names no database.
    #[error("no database: set database.url, or AYAZ_DATABASE_URL")]
    NoDatabase,
    /// `--once` was stopped.
    #[error("stopped before all pending hours were refreshed; they stay queued")]
    Stopped,
    /// The admin port cannot be used.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The database refused, and waiting does not help.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RunError {
    /// Exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoDatabase | Self::Listen(_) => exit::BAD_CONFIG,
            Self::Stopped | Self::Store(_) => exit::FAILED,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Continuous,
    Once,
}

/// Works until `shutdown` completes. Returns what was done.
pub async fn run(config: Config, shutdown: impl Future<Output = ()>) -> Result<Work, RunError> {
    let recorder = ayaz_daemon::metrics::install();
    names::describe();
    let admin = Admin::bind(&config.admin).await?;
    if let Some(address) = admin.address() {
        tracing::info!(%address, "serving /metrics, /healthz and /readyz");
    }
    let readiness = Readiness::waiting_for(&[DATABASE, WORKER]);
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(admin.serve(recorder, readiness.clone(), async {
        // Also when the sender is dropped.
        let _ = stopped.await;
    }));
    let pulse = config.database.url.clone().map(|url| {
        let pulse = Pulse::new(url, Role::Analytics);
        tokio::spawn(pulse.watch(readiness.reporter(REACHABLE)))
    });
    let mut work = Work::default();
    let result = work_until(&config, Mode::Continuous, &readiness, shutdown, &mut work).await;
    if let Some(pulse) = pulse {
        pulse.abort();
    }
    drop(stop);
    // A client that keeps its connection open must not keep the daemon from stopping.
    let _ = tokio::time::timeout(Duration::from_secs(1), served).await;
    result.map(|()| work)
}

/// Processes everything that is pending. Ends when nothing new was stored for [`ONCE_QUIET`], or
/// after `refresh.once_arrivals_max_s` if readings never stop. Fails if `shutdown` completes before, or if another
/// worker runs for longer than `refresh.once_standby_max_s`. Meanwhile it logs what is left.
pub async fn run_once(
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<Work, RunError> {
    let mut work = Work::default();
    work_until(
        &config,
        Mode::Once,
        &Readiness::default(),
        shutdown,
        &mut work,
    )
    .await?;
    Ok(work)
}

async fn work_until(
    config: &Config,
    mode: Mode,
    readiness: &Readiness,
    shutdown: impl Future<Output = ()>,
    work: &mut Work,
) -> Result<(), RunError> {
    let url = config.database.url.as_ref().ok_or(RunError::NoDatabase)?;
    // A stop in the middle loses nothing: the transaction rolls back, and its hours stay queued.
    tokio::select! {
        result = keep_working(config, url, mode, readiness, work) => Ok(result?),
        () = shutdown => match mode {
            Mode::Continuous => Ok(()),
            Mode::Once => Err(RunError::Stopped),
        },
    }
}

async fn keep_working(
    config: &Config,
    url: &DatabaseUrl,
    mode: Mode,
    readiness: &Readiness,
    work: &mut Work,
) -> Result<(), StoreError> {
    let mut retries = Retries::new(mode);
    loop {
        let error = match connect_and_work(config, url, mode, readiness, work, &mut retries).await {
            Ok(()) => return Ok(()),
            // A database that worked before may be in the middle of a restore.
            Err(error)
                if error.is_transient() || retries.has_worked && mode == Mode::Continuous =>
            {
                error
            }
            Err(error) => return Err(error),
        };
        readiness.not_ready(DATABASE, error.to_string());
        let Some(delay) = retries.delays.next() else {
            return Err(error);
        };
        if retries.is_logged {
            tracing::warn!(database = %url, %error, ?delay, "database failed, trying again");
        } else {
            tracing::error!(database = %url, %error, ?delay, "database failed, trying again");
            retries.is_logged = true;
        }
        // The jitter is added to the delay.
        tokio::time::sleep(delay.min(RETRY_DELAY_MAX)).await;
    }
}

/// If nothing new arrives for this long, `--once` has everything that was published before it started.
pub const ONCE_QUIET: Duration = Duration::from_secs(2);

/// The longest pause after a refresh.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// How often `--once` logs what is left.
const ONCE_LOG_INTERVAL: Duration = Duration::from_secs(10);

fn delays(mode: Mode) -> ExponentialBackoff {
    let delays = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(RETRY_DELAY_MAX)
        .with_jitter();
    match mode {
        Mode::Continuous => delays.without_max_times().build(),
        Mode::Once => delays.with_max_times(ONCE_RETRIES_MAX).build(),
    }
}

/// State of the retries.
struct Retries {
    delays: ExponentialBackoff,
    /// Whether the database has worked before.
    has_worked: bool,
    /// Whether the current failure was logged.
    is_logged: bool,
}

impl Retries {
    fn new(mode: Mode) -> Self {
        Self {
            delays: delays(mode),
            has_worked: false,
            is_logged: false,
        }
    }

    fn reset(&mut self, mode: Mode) {
        *self = Self {
            has_worked: true,
            ..Self::new(mode)
        };
    }
}

async fn connect_and_work(
    config: &Config,
    url: &DatabaseUrl,
    mode: Mode,
    readiness: &Readiness,
    work: &mut Work,
    retries: &mut Retries,
) -> Result<(), StoreError> {
    let candidate = Candidate::connect(url).await?;
    readiness.ready(DATABASE);
    let standing_by = stand_by(candidate, config, readiness);
    let mut worker = match mode {
        Mode::Continuous => standing_by.await?,
        Mode::Once => {
            let limit = Duration::from_secs(config.refresh.once_standby_max_s.into());
            // If it times out, dropping it releases the lease.
            match tokio::time::timeout(limit, standing_by).await {
                Ok(worker) => worker?,
                Err(_) => return Err(another_worker(limit, readiness)),
            }
        }
    };
    readiness.ready(WORKER);
    if mode == Mode::Once {
        worker.limit_to_stored().await?;
    }
    let once_ends = Instant::now() + Duration::from_secs(config.refresh.once_arrivals_max_s.into());
    let mut logged_at = Instant::now();
    let mut waited = false;
    loop {
        let started = Instant::now();
        let round = worker.round().await?;
        retries.reset(mode);
        *work += round.work;
        if round.work.hours > 0 {
            tracing::debug!(
                hours = round.work.hours,
                readings = round.work.readings,
                "refreshed"
            );
        }
        // Everything that was pending at the start is done by then.
        if mode == Mode::Once && waited && Instant::now() > once_ends {
            if round.hours_left > 0 {
                tracing::info!(
                    hours_left = round.hours_left,
                    "readings keep arriving: the latest are left for the next run (refresh.once_arrivals_max_s)"
                );
            }
            return Ok(());
        }
        if mode == Mode::Once && round.more && logged_at.elapsed() >= ONCE_LOG_INTERVAL {
            tracing::info!(
                hours_done = work.hours,
                hours_left = round.hours_left,
                "processing pending hours"
            );
            logged_at = Instant::now();
        }
        if round.more {
            continue;
        }
        metrics::gauge!(names::LAST_REFRESH_TIMESTAMP_SECONDS)
            .set(UnixMicroseconds::now().0 as f64 / 1e6);
        if mode == Mode::Once {
            if waited && round.work.hours == 0 {
                return Ok(());
            }
            // Readings that were just published may not be stored yet.
            tokio::time::sleep(ONCE_QUIET).await;
            waited = true;
            worker.limit_to_stored().await?;
            continue;
        }
        // Each refresh has a cost, even for few readings; the pause limits it. After a slow answer
        // of the database, the pause stays short.
        let pause = started.elapsed().min(PAUSE_MAX);
        tokio::time::sleep(config.refresh.poll_interval().max(pause)).await;
    }
}

/// The error with which `--once` gives up.
fn another_worker(limit: Duration, readiness: &Readiness) -> StoreError {
    let reasons = readiness.reasons();
    let reason = reasons.get(WORKER).map_or("standing by", String::as_str);
    StoreError::Fatal(format!(
        "another worker has been at work on this database for {} s, and processes what is pending \
         ({reason}): wait for it (select * from worker_backlog), or stop it and try again",
        limit.as_secs()
    ))
}

/// Waits until there is no other worker.
async fn stand_by(
    candidate: Candidate,
    config: &Config,
    readiness: &Readiness,
) -> Result<Worker, StoreError> {
    let mut logged = None;
    while !candidate.try_become_worker().await? {
        let holder = candidate.holder().await?;
        // A holder renews its lease all the time; this is not worth a log line.
        let now = holder.map(|of| of.to_string());
        if now.is_some() && now != logged {
            let reason = format!(
                "standing by for {}; its lease expires {LEASE_SECONDS} s after its last heartbeat",
                now.as_deref().unwrap_or_default()
            );
            tracing::info!("{reason}");
            readiness.not_ready(WORKER, reason);
            logged = now;
        }
        tokio::time::sleep(config.refresh.poll_interval()).await;
    }
    candidate
        .into_worker(config.refresh, config.plausibility)
        .await
}
