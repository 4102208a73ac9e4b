//! Writes one batch after another. A batch that the database cannot take now is tried again until
//! it can: nothing is skipped, and nothing behind it overtakes it.

use std::time::{Duration, Instant};

use ayaz_daemon::admin::Readiness;
use ayaz_model::UnixMicroseconds;
use ayaz_store::{IngestStore, Message, StoreError, Written};
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::mpsc::{Sender, UnboundedSender};
use tokio::sync::oneshot;

use crate::ack::AckToken;
use crate::batch::Batch;
use crate::metrics;

/// The part of the daemon's readiness that this task speaks for.
pub const PART: &str = "database";

/// How the writer asks for the next batch.
pub type Request = oneshot::Sender<Batch>;

/// Writes until there are no more batches. Asks for one only when it is idle, so that a batch goes
/// on growing meanwhile. Returns early only with an error that trying again cannot mend.
pub async fn run(
    mut store: IngestStore,
    requests: Sender<Request>,
    settled: UnboundedSender<Vec<AckToken>>,
    readiness: Readiness,
) -> Result<(), StoreError> {
    // Connecting before the first batch lets a wrong schema be told at the start.
    retry(&mut store, &readiness, Work::Connect).await?;
    loop {
        let (request, batch) = oneshot::channel();
        let asked = requests.send(request).await.is_ok();
        let Some(batch) = (if asked { batch.await.ok() } else { None }) else {
            return Ok(());
        };
        metrics::sample(metrics::BATCH_ROWS, batch.rows as f64);
        let written = retry(&mut store, &readiness, Work::Write(&batch.messages)).await?;
        count(written);
        // The receiver is gone only when the daemon is, and then nobody acknowledges.
        let _ = settled.send(batch.tokens);
    }
}

fn count(written: Written) {
    metrics::add(metrics::READINGS_WRITTEN, written.readings_new);
    metrics::add(metrics::READINGS_DUPLICATE, written.readings_duplicate);
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

async fn retry(
    store: &mut IngestStore,
    readiness: &Readiness,
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
                readiness.ready(PART);
                return Ok(done);
            }
            Err(error) if error.is_transient() => {
                readiness.not_ready(PART, error.to_string());
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
