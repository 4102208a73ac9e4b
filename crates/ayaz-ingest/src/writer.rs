//! Writes one batch after another. A batch that the database cannot take now is tried again until
//! it can: nothing is skipped. A database that cannot be used as it is ends the daemon at its start; one
//! that was used before may be about to be restored, and is tried again. Several writers take turns, so that the database copies one batch while
//! it commits another. Which is stored first does not matter: acknowledgements leave in the order of
//! receipt, and of batches with statuses, whose last one counts, only one is written at a time.

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
use crate::clock::{COMPARED_EVERY, Clock};
use crate::metrics;

/// The part of the daemon's readiness that the writers speak for together.
pub const PART: &str = "database";

/// How all writers are, of which there are 32 at most.
#[derive(Debug, Clone)]
pub struct WriterStates {
    readiness: Readiness,
    /// One bit for each that cannot write.
    failing: Arc<AtomicU32>,
}

impl WriterStates {
    /// With so many writers, none of which has connected yet.
    pub fn starting(writers: u8, readiness: Readiness) -> Self {
        let failing = (0..u32::from(writers)).fold(0, |bits, writer| bits | 1 << writer);
        Self {
            readiness,
            failing: Arc::new(AtomicU32::new(failing)),
        }
    }

    fn works(&self, writer: u8) {
        let bit = 1 << writer;
        if self.failing.fetch_and(!bit, Relaxed) & !bit == 0 {
            self.readiness.ready(PART);
        }
    }

    fn fails(&self, writer: u8, reason: String) {
        self.failing.fetch_or(1 << writer, Relaxed);
        self.readiness.not_ready(PART, reason);
    }
}

/// How a writer asks for its next batch. That it asks says that its last one is stored.
#[derive(Debug)]
pub struct Request {
    /// Which writer.
    pub writer: u8,
    /// Where the batch goes.
    pub batch: oneshot::Sender<Batch>,
}

/// Writes until there are no more batches. Asks for one only when it is idle, so that a batch goes
/// on growing meanwhile. Returns early only with an error that trying again cannot mend.
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
        has_worked: false,
        is_told: false,
    };
    // Connecting before the first batch lets a wrong schema be told at the start.
    tokio::select! {
        connected = retry(&mut store, &mut state, Work::Connect) => drop(connected?),
        // The daemon stops, and nothing waits to be written.
        () = requests.closed() => return Ok(()),
    }
    let mut compare_at = Instant::now() + COMPARED_EVERY;
    loop {
        let (sender, batch) = oneshot::channel();
        let request = Request {
            writer: state.number,
            batch: sender,
        };
        let asked = requests.send(request).await.is_ok();
        if !asked {
            return Ok(());
        }
        let Some(batch) = next(batch, &mut store, &state, &requests, &mut compare_at).await else {
            return Ok(());
        };
        metrics::sample(metrics::BATCH_ROWS, batch.rows as f64);
        let written = retry(&mut store, &mut state, Work::Write(&batch.messages)).await?;
        count(written);
        // The receiver is gone only when the daemon is, and then nobody acknowledges.
        let _ = settled.send(batch.tokens);
    }
}

/// Waits for the batch, and compares the clocks when it is time for that, so that it costs no batch
/// anything.
async fn next(
    mut batch: oneshot::Receiver<Batch>,
    store: &mut IngestStore,
    state: &State,
    requests: &Sender<Request>,
    compare_at: &mut Instant,
) -> Option<Batch> {
    loop {
        tokio::select! {
            // The clocks first, or a writer that always has work would never compare them.
            biased;
            () = tokio::time::sleep_until((*compare_at).into()) => {
                let compared = tokio::select! {
                    compared = store.compare_clocks() => compared,
                    // The daemon stops, and must not wait for a database that does not answer.
                    () = requests.closed() => return batch.await.ok(),
                };
                match compared {
                    Ok(offset) => state.clock.compared(offset),
                    // The next batch finds out what is wrong.
                    Err(error) => tracing::debug!(%error, "cannot compare the clocks"),
                }
                *compare_at = Instant::now() + COMPARED_EVERY;
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

/// Where a writer tells how it is.
struct State {
    states: WriterStates,
    clock: Clock,
    number: u8,
    /// Whether the database could be used before.
    has_worked: bool,
    /// Whether the log has the present failure.
    is_told: bool,
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
                state.states.works(state.number);
                (state.has_worked, state.is_told) = (true, false);
                return Ok(done);
            }
            Err(error) if error.is_transient() || state.has_worked => {
                if !state.is_told {
                    tracing::error!(%error, "nothing is stored; it is tried again until it is");
                    state.is_told = true;
                }
                state.states.fails(state.number, error.to_string());
                metrics::add(metrics::WRITE_RETRIES, 1);
                let delay = delays.next().unwrap_or(DELAY_MAX);
                tracing::debug!(%error, ?delay, "the database cannot take the batch now");
                tokio::time::sleep(delay).await;
            }
            // The store turns refused data into dead letters by itself.
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
