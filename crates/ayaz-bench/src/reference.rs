//! References for end to end: COPY of the same rows, and a subscriber that stores nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::copier::Copier;
use super::generator::{Generator, Pace};
use super::load::Load;
use super::site::{Site, verify};
use super::subscriber::{Kind, Subscriber};

/// COPY while broker and generator have the same load as in the end-to-end run.
#[derive(Debug, Clone, Copy)]
pub(super) struct CopyUnderLoad {
    pub(super) rows_per_second: f64,
    /// Messages that reached the null subscriber, as a share of the planned ones.
    pub(super) load_share: f64,
}

/// Runs binary COPY through several connections, in transactions of `rows_per_batch`. Meanwhile a
/// null subscriber receives `messages_per_second`.
pub(super) async fn copy_under_load(
    site: &Site,
    load: &Arc<Load>,
    rows_per_batch: f64,
    connections: usize,
    messages_per_second: f64,
) -> Result<CopyUnderLoad> {
    let scratch = site.scratch(load).await?;
    let mut null = Subscriber::start(site, Kind::Null, site.database_url()).await?;
    let pace = Pace::OpenLoop(messages_per_second);
    let mut generator = Generator::start(&site.mqtt_url, load, pace)?;
    let mut copier = Copier::start(scratch.url(), load, rows_per_batch, connections).await?;

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

/// Rows per second of the same COPY through one connection, without other load.
pub(super) async fn copy_alone(site: &Site, load: &Arc<Load>, rows_per_batch: f64) -> Result<f64> {
    let scratch = site.scratch(load).await?;
    let mut copier = Copier::start(scratch.url(), load, rows_per_batch, 1).await?;
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

/// Figures of a subscriber that acknowledges each message and stores nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct NullSubscriber {
    pub(super) messages_per_second: f64,
    pub(super) cpu_microseconds_per_message: f64,
}

/// Measures how fast the null subscriber can receive messages.
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
