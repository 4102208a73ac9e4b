//! The end-to-end run: generator, broker, daemon, database.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use super::generator::{Generator, Pace};
use super::load::Load;
use super::processes::{self, Cpu};
use super::site::{Site, verify};
use super::subscriber::{Counters, Kind, Subscriber};

/// How long the daemon may take to store the remaining messages after the generator stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(120);

/// Figures of the measured time of one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct EndToEnd {
    pub(super) readings_per_second: f64,
    pub(super) readings: f64,
    pub(super) rows_per_batch: f64,
    pub(super) cpu: Cpu,
    pub(super) daemon_memory_peak_bytes: u64,
    pub(super) wal_bytes: f64,
    /// For the whole run.
    pub(super) intake_pauses: f64,
    /// For the whole run.
    pub(super) write_retries: f64,
}

/// Closed loop: the generator sends as fast as the daemon acknowledges.
pub(super) async fn run(site: &Site, load: &Arc<Load>) -> Result<EndToEnd> {
    let scratch = site.scratch(load).await?;
    let mut daemon = Subscriber::start(site, Kind::Daemon, scratch.url()).await?;
    let mut generator = Generator::start(&site.mqtt_url, load, Pace::ClosedLoop)?;
    daemon
        .warm_up(&mut generator, site.warm_up, load.fleet_size())
        .await?;

    let cpu_before = site.servers.cpu(&daemon.process)?;
    let wal_before = scratch.wal_position().await?;
    let before = daemon.counters().await?;
    let after = daemon.serve(&mut generator, site.duration).await?;
    let wal_after = scratch.wal_position().await?;
    let cpu = site.servers.cpu(&daemon.process)?.since(&cpu_before);

    let messages = generator.finish().await?;
    let expected = load.contents(messages);
    let last = drain(&mut daemon, expected.rows).await?;
    let daemon_memory_peak_bytes = processes::memory_peak_bytes(&daemon.process)?;
    daemon.stop().await?;
    verify(&scratch, expected).await?;
    drop(scratch);
    site.remove_scratch().await?;

    let seconds = after.at.duration_since(before.at).as_secs_f64();
    let readings = after.readings_written - before.readings_written;
    let batches = after.batches_written - before.batches_written;
    Ok(EndToEnd {
        readings_per_second: readings / seconds,
        readings,
        rows_per_batch: readings / batches,
        cpu,
        daemon_memory_peak_bytes,
        wal_bytes: (wal_after - wal_before) as f64,
        intake_pauses: last.intake_pauses,
        write_retries: last.write_retries,
    })
}

/// Waits until the daemon has stored all rows.
pub(super) async fn drain(daemon: &mut Subscriber, rows: u64) -> Result<Counters> {
    let stored = |counters: &Counters| {
        counters.readings_written + counters.readings_duplicate >= rows as f64
    };
    daemon
        .wait_for(
            "all acknowledged messages are stored",
            DRAIN_TIMEOUT,
            stored,
        )
        .await
}
