//! Latency from publish to visible row, at half the machine's maximum rate.
//!
//! A probe vehicle sends one reading about twenty times per second during the load. A separate
//! connection queries for it every few milliseconds. Both use the clock of this process.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::scratch::Watch;
use anyhow::{Context, Result, ensure};
use ayaz_model::BrokerUrl;
use serde::Serialize;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::connection::Connection;
use super::end_to_end::drain;
use super::generator::{Generator, Pace};
use super::load::{Load, recorded_at};
use super::site::{Site, verify};
use super::subscriber::{Kind, Subscriber};

const PROBE_EVERY: Duration = Duration::from_millis(50);
const TICK: Duration = Duration::from_millis(1);

/// Time between two queries. It is part of the measured latency.
const QUERY_EVERY: Duration = Duration::from_millis(4);

const VISIBLE_TIMEOUT: Duration = Duration::from_secs(60);

/// A p99.9 needs at least this many samples.
const SAMPLES_FOR_P999: usize = 1_000;

/// Latency from publish to visible, milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Latency {
    messages_per_second: f64,
    /// Messages stored, as a share of the planned ones.
    load_share: f64,
    samples: usize,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// `None` below a thousand samples.
    pub(super) p999_ms: Option<f64>,
    pub(super) max_ms: f64,
}

/// Measures at this rate of messages.
pub(super) async fn run(
    site: &Site,
    load: &Arc<Load>,
    messages_per_second: f64,
) -> Result<Latency> {
    let scratch = site.scratch(load).await?;
    let watch = scratch.watch(load.probe() as i32 + 1).await?;
    let mut daemon = Subscriber::start(site, Kind::Daemon, scratch.url()).await?;
    let pace = Pace::OpenLoop(messages_per_second);
    let mut generator = Generator::start(&site.mqtt_url, load, pace)?;
    let mut probe = Probe::start(&site.mqtt_url, load, watch)?;

    let before = daemon
        .warm_up(&mut generator, site.warm_up, load.fleet_size())
        .await?;
    let after = daemon.serve(&mut generator, site.duration).await?;

    let messages = generator.finish().await?;
    let seen = probe.finish().await?;
    let expected = load.contents_with_probe(messages, seen.len() as u64);
    drain(&mut daemon, expected.rows).await?;
    daemon.stop().await?;
    verify(&scratch, expected).await?;
    drop(scratch);
    site.remove_scratch().await?;

    let readings = after.readings_written - before.readings_written;
    let seconds = after.at.duration_since(before.at).as_secs_f64();
    let stored = readings / f64::from(load.readings_per_message) / seconds;
    let measured = seen
        .iter()
        .filter(|seen| (before.at..after.at).contains(&seen.published_at));
    let latencies = measured.map(|seen| seen.latency.as_secs_f64() * 1e3);
    Latency::of(latencies.collect(), messages_per_second, stored)
}

impl Latency {
    fn of(mut ms: Vec<f64>, meant: f64, stored: f64) -> Result<Self> {
        ensure!(
            !ms.is_empty(),
            "no probe became visible in the measured time"
        );
        ms.sort_by(f64::total_cmp);
        let quantile = |share: f64| ms[(share * ms.len() as f64).ceil() as usize - 1];
        Ok(Self {
            messages_per_second: meant,
            load_share: stored / meant,
            samples: ms.len(),
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
            p999_ms: (ms.len() >= SAMPLES_FOR_P999).then(|| quantile(0.999)),
            max_ms: quantile(1.0),
        })
    }
}

/// A probe that became visible.
#[derive(Debug, Clone, Copy)]
struct Seen {
    published_at: Instant,
    latency: Duration,
}

/// A thread that publishes and a task that queries.
struct Probe {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Result<Vec<Seen>>>,
}

/// Publish time of each probe, by sequence.
type Published = Arc<Mutex<Vec<Instant>>>;

impl Probe {
    fn start(url: &BrokerUrl, load: &Arc<Load>, watch: Watch) -> Result<Self> {
        let connection = Connection::open(url, &format!("{}-probe", load.fleet))?;
        let stop = Arc::new(AtomicBool::new(false));
        let published = Published::default();
        let publisher = {
            let (load, stop) = (Arc::clone(load), Arc::clone(&stop));
            let published = Arc::clone(&published);
            tokio::task::spawn_blocking(move || publish(&load, connection, &stop, &published))
        };
        let task = tokio::spawn(query_probes(watch, publisher, published));
        Ok(Self { stop, task })
    }

    /// Stops publishing, and waits until all probes are visible.
    async fn finish(&mut self) -> Result<Vec<Seen>> {
        self.stop.store(true, Relaxed);
        (&mut self.task).await?
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        self.task.abort();
    }
}

fn publish(
    load: &Load,
    mut connection: Connection,
    stop: &AtomicBool,
    published: &Published,
) -> Result<()> {
    let topic = load.topic(load.probe());
    let mut due = Instant::now();
    let (mut sequence, mut acknowledged) = (0, 0);
    while !stop.load(Relaxed) {
        if Instant::now() >= due {
            due += PROBE_EVERY;
            let payload = load.probe_payload(sequence);
            lock(published).push(Instant::now());
            connection.publish_bytes(topic, &payload);
            sequence += 1;
        }
        connection.flush()?;
        acknowledged += connection.receive()?;
        std::thread::sleep(TICK);
    }
    let deadline = Instant::now() + VISIBLE_TIMEOUT;
    while acknowledged < sequence {
        ensure!(
            Instant::now() < deadline,
            "the broker acknowledges no probes"
        );
        connection.flush()?;
        acknowledged += connection.receive()?;
        std::thread::sleep(TICK);
    }
    connection.close()
}

async fn query_probes(
    watch: Watch,
    publisher: JoinHandle<Result<()>>,
    published: Published,
) -> Result<Vec<Seen>> {
    let mut seen: Vec<Seen> = Vec::new();
    // Batches may be stored in another order than they arrived.
    let mut first_missing = 0;
    let mut ahead = BTreeSet::new();
    let mut ticks = tokio::time::interval(QUERY_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_news = Instant::now();
    let mut publisher = Some(publisher);
    loop {
        ticks.tick().await;
        let before = recorded_at(first_missing).plus(-1);
        let sequences = watch.after(before).await?;
        let now = Instant::now();
        for sequence in sequences {
            if !ahead.insert(sequence) {
                continue;
            }
            let place = usize::try_from(sequence).unwrap_or(usize::MAX);
            let published_at = lock(&published).get(place).copied();
            let published_at = published_at.with_context(|| {
                format!("the run is invalid, so the bench fails: nobody published probe {sequence}")
            })?;
            seen.push(Seen {
                published_at,
                latency: now.duration_since(published_at),
            });
            last_news = now;
        }
        while ahead.remove(&first_missing) {
            first_missing += 1;
        }
        if let Some(ended) = publisher.take_if(|publisher| publisher.is_finished()) {
            ended.await??;
        }
        if publisher.is_none() && seen.len() == lock(&published).len() {
            return Ok(seen);
        }
        ensure!(
            last_news.elapsed() < VISIBLE_TIMEOUT,
            "no probe became visible for {VISIBLE_TIMEOUT:?}"
        );
    }
}

fn lock(published: &Published) -> std::sync::MutexGuard<'_, Vec<Instant>> {
    // The vector is valid after every push.
    published.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        let of =
            |count: u32| Latency::of((1..=count).rev().map(f64::from).collect(), 2.0, 1.0).unwrap();
        let hundred = of(100);
        assert_eq!((hundred.p50_ms, hundred.p99_ms), (50.0, 99.0));
        assert_eq!((hundred.p999_ms, hundred.max_ms), (None, 100.0));
        assert_eq!(hundred.load_share, 0.5);
        assert_eq!(of(1_000).p999_ms, Some(999.0));
        assert_eq!(of(1).p50_ms, 1.0);
        assert!(Latency::of(Vec::new(), 1.0, 1.0).is_err());
    }
}
