//! Samples of each second, and the results.

use anyhow::{Context, Result};
use ayaz_model::UnixMicroseconds;
use serde::Serialize;

use super::worker::WorkerCpu;

/// The parts of a run.
pub(super) const WARM_UP: &str = "warm-up";
pub(super) const ALONE: &str = "live";
pub(super) const LATE_HOURS: &str = "with late hours";
pub(super) const TURN: &str = "turn of the hour";

/// Largest allowed age of a view, s.
pub(super) const AGE_TARGET_SECONDS: f64 = 60.0;
/// Largest allowed CPU use of the worker with its part of PostgreSQL, in cores.
pub(super) const CPU_TARGET_CORES: f64 = 0.5;

/// Length of the busiest period, s.
const BUSIEST_SECONDS: f64 = 60.0;

/// One sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Age of the oldest bus's views, and the 99th percentile, s.
    age_max: f64,
    age_p99: f64,
    cpu: WorkerCpu,
}

/// Results of a part of the run. Ages are those of the oldest bus's views, and the 99th percentile,
/// by the buses' clock. CPU use is in cores.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Phase {
    pub(super) name: &'static str,
    pub(super) seconds: f64,
    pub(super) age_oldest_bus_median_seconds: f64,
    pub(super) age_oldest_bus_max_seconds: f64,
    pub(super) age_p99_median_seconds: f64,
    pub(super) age_p99_max_seconds: f64,
    pub(super) worker_cores: f64,
    pub(super) worker_postgres_cores: Option<f64>,
    /// Worker and its part of PostgreSQL, in the busiest minute.
    pub(super) busiest_minute_cores: Option<f64>,
    pub(super) other_postgres_cores: Option<f64>,
    /// Late hours that were waiting at the end.
    pub(super) late_hours_waiting: u64,
}

impl Phase {
    /// Mean CPU use of the worker and its part of PostgreSQL.
    pub(super) fn cores(&self) -> Option<f64> {
        self.worker_postgres_cores
            .map(|cores| cores + self.worker_cores)
    }
}

/// The results of the run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(super) buses: u64,
    pub(super) readings_before: u64,
    pub(super) readings_before_per_second: f64,
    /// The largest delay between a moment and its stored reading.
    pub(super) feed_lag_max_seconds: f64,
    pub(super) worker_memory_peak_mb: f64,
    pub(super) phases: Vec<Phase>,
    /// True if every view is younger than a minute: live, with late hours and at the turn of the
    /// hour.
    pub(super) age_target_holds: bool,
    /// True if the worker and its part of PostgreSQL use at most half a core on average, live;
    /// `None` if the CPU time is not available.
    pub(super) cpu_target_holds: Option<bool>,
}

impl Sample {
    pub(super) fn new(
        now: UnixMicroseconds,
        newest: &[Option<UnixMicroseconds>],
        cpu: WorkerCpu,
    ) -> Self {
        let age = |newest: &Option<UnixMicroseconds>| match newest {
            Some(newest) => now.seconds_since(*newest),
            None => f64::INFINITY,
        };
        let mut ages: Vec<f64> = newest.iter().map(age).collect();
        ages.sort_by(f64::total_cmp);
        Self {
            age_max: percentile(&ages, 100),
            age_p99: percentile(&ages, 99),
            cpu,
        }
    }
}

impl Phase {
    pub(super) fn new(
        name: &'static str,
        samples: &[Sample],
        late_hours_waiting: u64,
    ) -> Result<Self> {
        let (first, last) = samples
            .first()
            .zip(samples.last())
            .context("a part of the run has no samples")?;
        let sorted = |pick: fn(&Sample) -> f64| {
            let mut figures: Vec<f64> = samples.iter().map(pick).collect();
            figures.sort_by(f64::total_cmp);
            figures
        };
        let oldest = sorted(|sample| sample.age_max);
        let p99 = sorted(|sample| sample.age_p99);
        let used = Used::between(first, last);
        Ok(Self {
            name,
            seconds: used.seconds,
            age_oldest_bus_median_seconds: percentile(&oldest, 50),
            age_oldest_bus_max_seconds: percentile(&oldest, 100),
            age_p99_median_seconds: percentile(&p99, 50),
            age_p99_max_seconds: percentile(&p99, 100),
            worker_cores: used.worker / used.seconds,
            worker_postgres_cores: used.postgres.map(|(own, _)| own / used.seconds),
            busiest_minute_cores: busiest(samples),
            other_postgres_cores: used.postgres.map(|(_, other)| other / used.seconds),
            late_hours_waiting,
        })
    }
}

impl Report {
    pub(super) fn new(
        buses: u64,
        readings_before: u64,
        preload_seconds: f64,
        feed_lag_max_seconds: f64,
        worker_memory_peak_mb: f64,
        phases: Vec<Phase>,
    ) -> Self {
        let young = |phase: &Phase| phase.age_oldest_bus_max_seconds < AGE_TARGET_SECONDS;
        let live = phases.iter().find(|phase| phase.name == ALONE);
        Self {
            buses,
            readings_before,
            readings_before_per_second: readings_before as f64 / preload_seconds,
            feed_lag_max_seconds,
            worker_memory_peak_mb,
            age_target_holds: phases
                .iter()
                .filter(|phase| phase.name != WARM_UP)
                .all(young),
            cpu_target_holds: live
                .and_then(Phase::cores)
                .map(|cores| cores <= CPU_TARGET_CORES),
            phases,
        }
    }
}

/// CPU time between two samples, s.
struct Used {
    seconds: f64,
    worker: f64,
    postgres: Option<(f64, f64)>,
}

impl Used {
    fn between(first: &Sample, last: &Sample) -> Self {
        let (first, last) = (first.cpu, last.cpu);
        let postgres = first.postgres.zip(last.postgres);
        Self {
            seconds: last.at.duration_since(first.at).as_secs_f64(),
            worker: last.worker - first.worker,
            postgres: postgres.map(|(first, last)| (last.0 - first.0, last.1 - first.1)),
        }
    }

    /// Worker and its part of PostgreSQL, in cores.
    fn cores(&self) -> Option<f64> {
        let (own, _) = self.postgres?;
        Some((self.worker + own) / self.seconds)
    }
}

/// The largest CPU use over any minute, or over the whole part if it is shorter.
fn busiest(samples: &[Sample]) -> Option<f64> {
    let last = samples.last()?;
    samples
        .iter()
        .enumerate()
        .filter_map(|(index, first)| {
            samples[index..]
                .iter()
                .find(|later| Used::between(first, later).seconds >= BUSIEST_SECONDS)
                .or((index == 0).then_some(last))
                .and_then(|later| Used::between(first, later).cores())
        })
        .max_by(f64::total_cmp)
}

/// Percentile of sorted figures, by nearest rank.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn sample(at: Instant, newest: &[Option<i64>], worker: f64, postgres: (f64, f64)) -> Sample {
        let newest: Vec<_> = newest
            .iter()
            .map(|seconds| seconds.map(|seconds| UnixMicroseconds(seconds * 1_000_000)))
            .collect();
        let cpu = WorkerCpu {
            at,
            worker,
            postgres: Some(postgres),
        };
        Sample::new(UnixMicroseconds(100_000_000), &newest, cpu)
    }

    #[test]
    fn one_old_or_missing_bus_misses_the_target() {
        let at = Instant::now();
        let mut newest = vec![Some(70); 199];
        newest.push(Some(39));
        let one_old = sample(at, &newest, 0.0, (0.0, 0.0));
        assert_eq!((one_old.age_max, one_old.age_p99), (61.0, 30.0));
        assert_eq!(
            sample(at, &[Some(70), None], 0.0, (0.0, 0.0)).age_max,
            f64::INFINITY
        );
        let phase = Phase::new(ALONE, &[one_old], 0).unwrap();
        assert!(!Report::new(200, 0, 1.0, 0.0, 0.0, vec![phase]).age_target_holds);
    }

    #[test]
    fn the_busiest_minute_counts_the_worker_and_its_part_of_postgres() {
        let start = Instant::now();
        // A quarter of a core for a minute, then a full core for half a minute.
        let samples: Vec<Sample> = (0..=90)
            .map(|second| {
                let used = (second.min(60) as f64).mul_add(0.25, (second.max(60) - 60) as f64);
                let at = start + Duration::from_secs(second);
                sample(at, &[Some(80)], used / 2.0, (used / 2.0, 7.0))
            })
            .collect();
        let phase = Phase::new(ALONE, &samples, 0).unwrap();
        assert_eq!(phase.busiest_minute_cores, Some(0.625));
        assert_eq!(phase.other_postgres_cores, Some(0.0));
        assert!((phase.worker_cores - 0.25).abs() < 1e-9);
    }
}
