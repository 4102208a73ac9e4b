//! Copies a load's rows with COPY, as fast as possible.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use ayaz_model::UnixMicroseconds;
use ayaz_store::DatabaseUrl;
use tokio::task::JoinHandle;

use super::load::Load;
use super::raw_copy::RawCopy;

/// Time and row count of a committed transaction.
type Commit = (Instant, u64);

/// Copies the load's rows through several connections until it is stopped. Each connection runs one
/// transaction after another.
pub(super) struct Copier {
    stop: Arc<AtomicBool>,
    next: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<Result<Vec<Commit>>>>,
}

/// The committed transactions.
pub(super) struct Copied {
    /// Number of the load's messages that are committed.
    pub(super) messages: u64,
    /// Sorted by time.
    commits: Vec<Commit>,
}

impl Copier {
    pub(super) async fn start(
        url: &DatabaseUrl,
        load: &Arc<Load>,
        rows_per_batch: f64,
        connections: usize,
    ) -> Result<Self> {
        let per_message = f64::from(load.readings_per_message);
        let messages_per_batch = (rows_per_batch / per_message).round().max(1.0) as u64;
        let mut copies = Vec::new();
        for _ in 0..connections {
            copies.push(RawCopy::open(url).await?);
        }
        let (stop, next) = (Arc::default(), Arc::default());
        let tasks = copies.into_iter().map(|copy| {
            let work = copy_until(
                copy,
                Arc::clone(load),
                messages_per_batch,
                Arc::clone(&stop),
                Arc::clone(&next),
            );
            // A task, like each of the daemon's writers.
            tokio::spawn(work)
        });
        Ok(Self {
            tasks: tasks.collect(),
            stop,
            next,
        })
    }

    /// Fails with the reason if a connection has failed.
    pub(super) async fn must_run(&mut self) -> Result<()> {
        for task in &mut self.tasks {
            if task.is_finished() {
                task.await??;
            }
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<Copied> {
        self.stop.store(true, Relaxed);
        let mut commits = Vec::new();
        for task in &mut self.tasks {
            commits.extend(task.await??);
        }
        commits.sort_unstable();
        // All batches that were taken are committed now.
        Ok(Copied {
            messages: self.next.load(Relaxed),
            commits,
        })
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Copies one batch after another. Takes the next batch that no connection has taken.
async fn copy_until(
    copy: RawCopy,
    load: Arc<Load>,
    messages_per_batch: u64,
    stop: Arc<AtomicBool>,
    next: Arc<AtomicU64>,
) -> Result<Vec<Commit>> {
    let mut commits = Vec::new();
    while !stop.load(Relaxed) {
        let first = next.fetch_add(messages_per_batch, Relaxed);
        let batch = first..first + messages_per_batch;
        let rows = copy
            .transaction(load.rows(batch, UnixMicroseconds::now()))
            .await?;
        commits.push((Instant::now(), rows));
    }
    Ok(commits)
}

impl Copied {
    /// Rate from the first commit at or after `from` to the last commit before `until`.
    pub(super) fn rows_per_second(&self, from: Instant, until: Instant) -> Result<f64> {
        let within = self
            .commits
            .iter()
            .filter(|(at, _)| (from..until).contains(at));
        let within: Vec<&Commit> = within.collect();
        let (first, later) = within
            .split_first()
            .context("no transaction was committed in the measured time")?;
        let last = later.last().context("the measured time is too short")?;
        let seconds = last.0.duration_since(first.0).as_secs_f64();
        ensure!(seconds > 0.0, "the measured time is too short");
        // The rows of the first commit were copied before the interval.
        let rows: u64 = later.iter().map(|(_, rows)| rows).sum();
        Ok(rows as f64 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_rate_counts_commits_of_all_connections_within_the_time() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        // Two connections in turn, with 100 and 300 rows.
        let commits = (1..=20).map(|second| (at(second), if second % 2 == 0 { 100 } else { 300 }));
        let copied = Copied {
            messages: 0,
            commits: commits.collect(),
        };
        let rate = |from, until| copied.rows_per_second(at(from), at(until)).ok();
        assert_eq!(rate(5, 16), Some(200.0));
        assert_eq!(rate(0, 3), Some(100.0));
        assert_eq!(rate(5, 6), None);
        assert_eq!(rate(30, 40), None);
    }
}
