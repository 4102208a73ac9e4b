//! What end to end is compared with: COPY of the same rows, and a subscriber that stores nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::raw_copy::RawCopy;
use anyhow::{Context, Result, ensure};
use ayaz_model::UnixMicroseconds;
use ayaz_store::DatabaseUrl;
use tokio::task::JoinHandle;

use super::generator::{Generator, Pace};
use super::load::Load;
use super::site::{Site, verify};
use super::subscriber::{Kind, Subscriber};

/// COPY while broker and generator do what they did end to end.
#[derive(Debug, Clone, Copy)]
pub(super) struct CopyUnderLoad {
    pub(super) rows_per_second: f64,
    /// Messages that reached the null subscriber, as a share of those meant to.
    pub(super) load_share: f64,
}

/// Binary COPY in transactions of as many rows, beside a null subscriber that is sent
/// `messages_per_second`.
pub(super) async fn copy_under_load(
    site: &Site,
    load: &Arc<Load>,
    rows_per_batch: f64,
    messages_per_second: f64,
) -> Result<CopyUnderLoad> {
    let scratch = site.scratch(load).await?;
    let mut null = Subscriber::start(site, Kind::Null, site.database_url()).await?;
    let pace = Pace::OpenLoop(messages_per_second);
    let mut generator = Generator::start(&site.mqtt_url, load, pace)?;
    let mut copier = Copier::start(scratch.url(), load, rows_per_batch).await?;

    let before = null.serve(&mut generator, site.warm_up).await?;
    copier.must_run().await?;
    let after = null.serve(&mut generator, site.duration).await?;

    let copied = copier.finish().await?;
    generator.finish().await?;
    null.stop().await?;
    verify(&scratch, load.contents(copied.messages)).await?;
    drop(scratch);
    site.remove_scratch().await?;
    let messages = after.messages_acknowledged - before.messages_acknowledged;
    let seconds = after.at.duration_since(before.at).as_secs_f64();
    Ok(CopyUnderLoad {
        rows_per_second: copied.rows_per_second(before.at, after.at)?,
        load_share: messages / seconds / messages_per_second,
    })
}

/// Rows per second of the same COPY with the machine to itself.
pub(super) async fn copy_alone(site: &Site, load: &Arc<Load>, rows_per_batch: f64) -> Result<f64> {
    let scratch = site.scratch(load).await?;
    let mut copier = Copier::start(scratch.url(), load, rows_per_batch).await?;
    tokio::time::sleep(site.warm_up).await;
    let from = Instant::now();
    copier.must_run().await?;
    tokio::time::sleep(site.duration).await;
    let until = Instant::now();
    let copied = copier.finish().await?;
    verify(&scratch, load.contents(copied.messages)).await?;
    drop(scratch);
    site.remove_scratch().await?;
    copied.rows_per_second(from, until)
}

/// What a subscriber does that acknowledges each message and stores nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct NullSubscriber {
    pub(super) messages_per_second: f64,
    pub(super) cpu_microseconds_per_message: f64,
}

/// Messages as fast as it can take them.
pub(super) async fn null_subscriber(site: &Site, load: &Arc<Load>) -> Result<NullSubscriber> {
    let mut null = Subscriber::start(site, Kind::Null, site.database_url()).await?;
    let mut generator = Generator::start(&site.mqtt_url, load, Pace::ClosedLoop)?;
    let before = null.serve(&mut generator, site.warm_up).await?;
    let cpu_before = site.servers.cpu(&null.process)?;
    let after = null.serve(&mut generator, site.duration).await?;
    let cpu = site.servers.cpu(&null.process)?.since(&cpu_before);
    let sent = generator.finish().await?;
    let arrived =
        |counters: &super::subscriber::Counters| counters.messages_acknowledged >= sent as f64;
    null.wait_for(
        "all messages are acknowledged",
        Duration::from_secs(30),
        arrived,
    )
    .await?;
    null.stop().await?;
    let messages = after.messages_acknowledged - before.messages_acknowledged;
    Ok(NullSubscriber {
        messages_per_second: messages / after.at.duration_since(before.at).as_secs_f64(),
        cpu_microseconds_per_message: cpu.daemon * 1e6 / messages,
    })
}

/// Copies the load's rows, one transaction after the other, until it is finished.
struct Copier {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Result<Copied>>,
}

/// What was committed, and when.
struct Copied {
    messages: u64,
    /// Rows so far at each commit.
    commits: Vec<(Instant, u64)>,
}

impl Copier {
    async fn start(url: &DatabaseUrl, load: &Arc<Load>, rows_per_batch: f64) -> Result<Self> {
        let copy = RawCopy::open(url).await?;
        let per_message = f64::from(load.readings_per_message);
        let messages_per_batch = (rows_per_batch / per_message).round().max(1.0) as u64;
        let load = Arc::clone(load);
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        // A task, as each of the daemon's writers is.
        let task = tokio::spawn(async move {
            let mut copied = Copied {
                messages: 0,
                commits: Vec::new(),
            };
            let mut rows = 0;
            while !stopping.load(Relaxed) {
                let batch = copied.messages..copied.messages + messages_per_batch;
                copied.messages = batch.end;
                rows += copy
                    .transaction(load.rows(batch, UnixMicroseconds::now()))
                    .await?;
                copied.commits.push((Instant::now(), rows));
            }
            Ok(copied)
        });
        Ok(Self { stop, task })
    }

    /// Fails if it has, with the reason.
    async fn must_run(&mut self) -> Result<()> {
        if self.task.is_finished() {
            (&mut self.task).await??;
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Copied> {
        self.stop.store(true, Relaxed);
        (&mut self.task).await?
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Copied {
    /// From the first commit after `from` to the last before `until`.
    fn rows_per_second(&self, from: Instant, until: Instant) -> Result<f64> {
        let within: Vec<_> = self
            .commits
            .iter()
            .filter(|(at, _)| (from..until).contains(at))
            .collect();
        let (first, last) = within
            .first()
            .zip(within.last())
            .context("no transaction was committed in the measured time")?;
        ensure!(within.len() > 1, "the measured time is too short");
        Ok((last.1 - first.1) as f64 / last.0.duration_since(first.0).as_secs_f64())
    }
}
