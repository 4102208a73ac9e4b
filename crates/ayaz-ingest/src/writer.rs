//! Writes batches to the database. A failed write is retried until it succeeds, so no batch is skipped.
//! An unusable database ends the daemon at the start. Later it is retried, since an operator may restore
//! it. Several writers work at the same time, so that the database copies one batch while it commits
//! another. Their order does not matter: acknowledgements are sent in the order of receipt, and only one
//! batch with statuses is written at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use ayaz_daemon::admin::Readiness;
use ayaz_model::UnixMicroseconds;
use ayaz_store::{IngestStore, Message, StoreError, Written};
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::mpsc::{Sender, UnboundedSender};
use tokio::sync::oneshot;

use crate::ack::AckToken;
use crate::batch::Batch;
use crate::clock::{COMPARE_INTERVAL, Clock};
use crate::metrics;

/// The part of the daemon's readiness for all writers.
pub const PART: &str = "database";

/// The states of all writers, at most 32.
#[derive(Debug, Clone)]
pub struct WriterStates {
    readiness: Readiness,
    /// One bit for each writer that cannot write.
    failing: Arc<AtomicU32>,
}

impl WriterStates {
    /// The states before any writer has connected.
    pub fn starting(writers: u8, readiness: Readiness) -> Self {
        let failing = (0..u32::from(writers)).fold(0, |bits, writer| bits | 1 << writer);
        Self {
            readiness,
            failing: Arc::new(AtomicU32::new(failing)),
        }
    }

    fn set_working(&self, writer: u8) {
        let bit = 1 << writer;
        if self.failing.fetch_and(!bit, Relaxed) & !bit == 0 {
            self.readiness.ready(PART);
        }
    }

    fn set_failing(&self, writer: u8, reason: String) {
        self.failing.fetch_or(1 << writer, Relaxed);
        self.readiness.not_ready(PART, reason);
    }
}

/// A writer's request for its next batch. Its previous batch is stored.
#[derive(Debug)]
pub struct Request {
    /// The writer's number.
    pub writer: u8,
    /// Receives the batch.
    pub batch: oneshot::Sender<Batch>,
}

/// Writes until there are no more batches. Requests a batch only when it is idle, so that the next batch
/// grows meanwhile. Returns early only with an error that a retry cannot resolve.
pub async fn run(
    mut store: IngestStore,
    requests: Sender<Request>,
    settled: UnboundedSender<Vec<AckToken>>,
    states: WriterStates,
    clock: Clock,
    number: u8,
) -> Result<(), StoreError> {
    let mut state = State {
        states,
        clock,
        number,
        has_connected: false,
        failure_is_logged: false,
    };
    // Connects before the first batch, so that a wrong schema is reported at the start.
    tokio::select! {
        connected = retry(&mut store, &mut state, Work::Connect) => drop(connected?),
        // The daemon stops, and no batch waits.
        () = requests.closed() => return Ok(()),
    }
    let mut compare_at = Instant::now() + COMPARE_INTERVAL;
    loop {
        let (sender, batch) = oneshot::channel();
        let request = Request {
            writer: state.number,
            batch: sender,
        };
        let is_open = requests.send(request).await.is_ok();
        if !is_open {
            return Ok(());
        }
        let Some(batch) = next(batch, &mut store, &state, &requests, &mut compare_at).await else {
            return Ok(());
        };
        metrics::sample(metrics::BATCH_ROWS, batch.rows as f64);
        let written = retry(&mut store, &mut state, Work::Write(&batch.messages)).await?;
        count(written);
        // The receiver is closed only when the daemon ends, and then nothing is acknowledged.
        let _ = settled.send(batch.tokens);
    }
}

/// Waits for the batch, and compares the clocks meanwhile, so that this delays no batch.
async fn next(
    mut batch: oneshot::Receiver<Batch>,
    store: &mut IngestStore,
    state: &State,
    requests: &Sender<Request>,
    compare_at: &mut Instant,
) -> Option<Batch> {
    loop {
        tokio::select! {
            // Clocks first: otherwise a writer that always has work would never compare them.
            biased;
            () = tokio::time::sleep_until((*compare_at).into()) => {
                let compared = tokio::select! {
                    compared = store.compare_clocks() => compared,
                    // The daemon stops, and must not wait for a database that does not answer.
                    () = requests.closed() => return batch.await.ok(),
                };
                match compared {
                    Ok(offset) => state.clock.compared(offset),
                    // The next batch reports the cause.
                    Err(error) => tracing::debug!(%error, "cannot compare the clocks"),
                }
                *compare_at = Instant::now() + COMPARE_INTERVAL;
            }
            batch = &mut batch => return batch.ok(),
        }
    }
}

fn count(written: Written) {
    metrics::add(metrics::READINGS_WRITTEN, written.readings_new);
    metrics::add(metrics::READINGS_DUPLICATE, written.readings_duplicate);
    let aside = written.readings_set_aside;
    for (reason, count) in [
        ("future", aside.future),
        ("ancient", aside.ancient),
        ("many_days", aside.many_days),
    ] {
        metrics::add_labelled(metrics::READINGS_SET_ASIDE, "reason", reason, count);
    }
    metrics::add(metrics::BATCHES_WRITTEN, written.transactions);
    metrics::add(
        metrics::DEAD_LETTERS_SUPPRESSED,
        written.messages_suppressed,
    );
    metrics::add_labelled(
        metrics::MESSAGES_REJECTED,
        "reason",
        "refused_by_database",
        written.messages_refused,
    );
    metrics::set(metrics::LAST_WRITE, UnixMicroseconds::now().0 as f64 / 1e6);
}

#[derive(Clone, Copy)]
enum Work<'a> {
    Connect,
    Write(&'a [Message]),
}

/// The state of a writer.
struct State {
    states: WriterStates,
    clock: Clock,
    number: u8,
    /// Whether the database was usable before.
    has_connected: bool,
    /// Whether the current failure is logged.
    failure_is_logged: bool,
}

async fn retry(
    store: &mut IngestStore,
    state: &mut State,
    work: Work<'_>,
) -> Result<Written, StoreError> {
    let mut delays = backoff();
    loop {
        let started = Instant::now();
        let outcome = match work {
            Work::Connect => store.connect().await.map(|()| Written::default()),
            Work::Write(messages) => store.write(messages).await,
        };
        match outcome {
            Ok(done) => {
                if done.transactions > 0 {
                    let seconds = started.elapsed().as_secs_f64();
                    metrics::sample(metrics::WRITE_DURATION, seconds);
                }
                if let Some(offset) = store.take_clock_offset() {
                    state.clock.compared(offset);
                }
                state.states.set_working(state.number);
                (state.has_connected, state.failure_is_logged) = (true, false);
                return Ok(done);
            }
            Err(error) if error.is_transient() || state.has_connected => {
                if !state.failure_is_logged {
                    tracing::error!(%error, "cannot store messages; retrying until it succeeds");
                    state.failure_is_logged = true;
                }
                state.states.set_failing(state.number, error.to_string());
                metrics::add(metrics::WRITE_RETRIES, 1);
                let delay = delays.next().unwrap_or(DELAY_MAX);
                tracing::debug!(%error, ?delay, "cannot write the batch; retrying later");
                tokio::time::sleep(delay).await;
            }
            // Not caused by refused data, which the store turns into dead letters.
            Err(error) => return Err(error),
        }
    }
}

const DELAY_MAX: Duration = Duration::from_secs(5);

fn backoff() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(DELAY_MAX)
        .with_jitter()
        .without_max_times()
        .build()
}
