//! `ayaz bench analytics`: measures the cost of the analytics worker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::scratch::{History, ScratchDatabase};
use anyhow::Result;
use ayaz_analytics::config::RefreshConfig;
use ayaz_analytics::work::{Candidate, Work, Worker};
use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_local::LocalStack;
use clap::Args;
use jiff::Timestamp;
use procfs::process::Process;
use serde::Serialize;

use super::aligned;
use super::args::Format;
use super::live::LiveArgs;
use super::load::Load;
use super::processes;
use super::site::Site;

/// The method, shown by `--help`.
const METHOD: &str = include_str!("method_analytics.txt");

/// Arguments of `ayaz bench analytics`. `method_analytics.txt` explains the method.
#[derive(Debug, Args)]
#[command(after_long_help = METHOD)]
pub(super) struct AnalyticsArgs {
    /// Buses of the fleet-day, each with one reading per second.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    buses: u16,
    /// How often to refresh a late hour, alternately with a day and with two years of history.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=20))]
    runs: u16,
    #[command(flatten)]
    pub(super) live: LiveArgs,
    /// For people (table) or for programs (json).
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}

/// Readings a second that the target fleet of 1,000 buses produces.
const PRODUCED_PER_SECOND: f64 = 1_000.0;

/// A vehicle with a day of history, and one with two years.
const YOUNG: i32 = 1;
const OLD: i32 = 2;
/// The first vehicle of the fleet.
const FLEET: i32 = 3;
const HOUR_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = 86_400;
/// Buses whose hour is re-read, to scale to 1,000.
const WHOLE_HOUR_BUSES: i32 = 50;

/// The measured figures.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    late_hour_with_a_day_ms: f64,
    late_hour_with_two_years_ms: f64,
    /// Median of the pairs.
    late_hour_ratio: f64,
    history_hours: u64,
    fleet_day_readings: u64,
    fleet_day_seconds: f64,
    fleet_day_readings_per_second: f64,
    /// Ratio to the readings that 1,000 buses produce.
    fleet_day_ratio: f64,
    memory_peak_mb: f64,
    /// Processor time of worker and PostgreSQL to re-read the open hour of 1,000 buses at its end.
    whole_hour_cpu_seconds: Option<f64>,
    winter_range_rows: u64,
    winter_range_ms: f64,
}

pub(super) async fn run(args: &AnalyticsArgs, stack: &mut LocalStack) -> Result<Report> {
    let site = Site::new(stack, Duration::ZERO, Duration::ZERO)?;
    let measured = measure(args, &site).await;
    let removed = site.remove_scratch().await;
    let report = measured?;
    removed.and(Ok(report))
}

async fn measure(args: &AnalyticsArgs, site: &Site) -> Result<Report> {
    // The buses for re-read hours are part of the fleet, or follow it.
    let vehicles = 2 + u32::from(args.buses).max(WHOLE_HOUR_BUSES.unsigned_abs());
    let load = Arc::new(Load::generate(&site.fleet, 1, vehicles)?);
    let database = site.scratch(&load).await?;
    let from: Timestamp = "2024-01-01T00:00:00Z".parse()?;
    let day = History {
        vehicles: (YOUNG, YOUNG),
        from: at(from, 729 * DAY_SECONDS)?,
        seconds: DAY_SECONDS,
        step_seconds: 60,
    };
    let two_years = History {
        vehicles: (OLD, OLD),
        from,
        seconds: 730 * DAY_SECONDS,
        step_seconds: 60,
    };
    let mut worker = worker(&database).await?;

    ayaz_daemon::note!("two years of history of one bus");
    for history in [day, two_years] {
        database.fill(history).await?;
        database.touch(history).await?;
    }
    let history_hours = refresh_all(&mut worker).await?.0.hours;
    database.analyze().await?;
    let pairs = late_hours(args, &database, &mut worker, at(from, 729 * DAY_SECONDS)?).await?;

    ayaz_daemon::note!("a day of {} buses", args.buses);
    let fleet_day = History {
        vehicles: (FLEET, FLEET + i32::from(args.buses) - 1),
        from: at(from, 740 * DAY_SECONDS)?,
        seconds: DAY_SECONDS,
        step_seconds: 1,
    };
    database.fill(fleet_day).await?;
    database.touch(fleet_day).await?;
    database.analyze().await?;
    let (work, seconds) = refresh_all(&mut worker).await?;
    let readings_per_second = work.readings as f64 / seconds;

    let whole_hour_cpu_seconds = whole_hours(site, &database, &mut worker, fleet_day).await?;

    ayaz_daemon::note!("a season of 1,000 buses");
    database.fill_months(1_000).await?;
    database.analyze().await?;
    let mut reads = Vec::new();
    let mut rows = 0;
    for _ in 0..5 {
        let (read, time) = database.read_winter_range().await?;
        rows = read;
        reads.push(time.as_secs_f64() * 1e3);
    }
    let median = |pick: fn(&(f64, f64)) -> f64| median(pairs.iter().map(pick).collect());
    Ok(Report {
        late_hour_with_a_day_ms: median(|pair| pair.0 * 1e3),
        late_hour_with_two_years_ms: median(|pair| pair.1 * 1e3),
        late_hour_ratio: median(|pair| pair.1 / pair.0),
        history_hours,
        fleet_day_readings: work.readings,
        fleet_day_seconds: seconds,
        fleet_day_readings_per_second: readings_per_second,
        fleet_day_ratio: readings_per_second / PRODUCED_PER_SECOND,
        memory_peak_mb: processes::memory_peak_bytes(&Process::myself()?)? as f64 / 1e6,
        whole_hour_cpu_seconds,
        winter_range_rows: rows,
        winter_range_ms: self::median(reads),
    })
}

fn at(from: Timestamp, seconds: i64) -> Result<Timestamp> {
    Ok(from.checked_add(jiff::SignedDuration::from_secs(seconds))?)
}

async fn worker(database: &ScratchDatabase) -> Result<Worker> {
    let candidate = Candidate::connect(database.url()).await?;
    anyhow::ensure!(
        candidate.try_become_worker().await?,
        "another worker holds the lease of the run's database"
    );
    let config = RefreshConfig {
        open_hour_interval_s: 0,
        ..RefreshConfig::default()
    };
    Ok(candidate
        .into_worker(config, PlausibilityConfig::default())
        .await?)
}

async fn refresh_all(worker: &mut Worker) -> Result<(Work, f64)> {
    let started = Instant::now();
    let mut work = Work::default();
    loop {
        let round = worker.round().await?;
        work += round.work;
        if !round.more {
            return Ok((work, started.elapsed().as_secs_f64()));
        }
    }
}

/// Seconds to refresh a late hour of 3,600 readings, alternately with a day and with two years of
/// history. Each time another hour, because the readings stay.
async fn late_hours(
    args: &AnalyticsArgs,
    database: &ScratchDatabase,
    worker: &mut Worker,
    day: Timestamp,
) -> Result<Vec<(f64, f64)>> {
    let mut pairs = Vec::new();
    for run in 0..i64::from(args.runs) {
        let mut seconds = [0.0; 2];
        for (vehicle, seconds) in [YOUNG, OLD].into_iter().zip(&mut seconds) {
            let hour = History {
                vehicles: (vehicle, vehicle),
                from: at(day, (2 + run) * HOUR_SECONDS)?,
                seconds: HOUR_SECONDS,
                step_seconds: 1,
            };
            database.fill(hour).await?;
            database.touch(hour).await?;
            let (work, taken) = refresh_all(worker).await?;
            anyhow::ensure!(work.hours >= 1, "no hour was refreshed");
            *seconds = taken;
        }
        pairs.push((seconds[0], seconds[1]));
    }
    Ok(pairs)
}

/// Processor time to re-read an hour of 1,000 buses just before its end.
async fn whole_hours(
    site: &Site,
    database: &ScratchDatabase,
    worker: &mut Worker,
    fleet_day: History,
) -> Result<Option<f64>> {
    let myself = Process::myself()?;
    // At nine in the morning of another day, while the buses drive.
    let hour = History {
        vehicles: (
            fleet_day.vehicles.0,
            fleet_day.vehicles.0 + WHOLE_HOUR_BUSES - 1,
        ),
        from: at(fleet_day.from, 2 * DAY_SECONDS + 4 * HOUR_SECONDS)?,
        seconds: HOUR_SECONDS,
        step_seconds: 1,
    };
    database.fill(hour).await?;
    database.touch(hour).await?;
    let before = site.servers.cpu(&myself)?;
    refresh_all(worker).await?;
    let used = site.servers.cpu(&myself)?.since(&before);
    let scale = 1_000.0 / f64::from(WHOLE_HOUR_BUSES);
    Ok(used
        .postgres
        .map(|postgres| (postgres + used.daemon) * scale))
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Report {
    pub(super) fn table(&self) -> String {
        let mut table = aligned::table(["figure", "measured", "target"].map(str::to_owned));
        let cpu = |seconds: Option<f64>| {
            seconds.map_or_else(|| "not available".to_owned(), |s| format!("{s:.1} s"))
        };
        for row in [
            [
                "late hour, a day of history".to_owned(),
                format!("{:.1} ms", self.late_hour_with_a_day_ms),
                String::new(),
            ],
            [
                format!("late hour, {} hours of history", self.history_hours),
                format!("{:.1} ms", self.late_hour_with_two_years_ms),
                String::new(),
            ],
            [
                "ratio of the two".to_owned(),
                format!("{:.2}", self.late_hour_ratio),
                "≤ 1.5".to_owned(),
            ],
            [
                format!("fleet-day of {} readings", self.fleet_day_readings),
                format!(
                    "{:.1} s, {:.0} readings/s",
                    self.fleet_day_seconds, self.fleet_day_readings_per_second
                ),
                String::new(),
            ],
            [
                "ratio to the readings of 1,000 buses".to_owned(),
                format!("{:.0} ×", self.fleet_day_ratio),
                "≥ 100 ×".to_owned(),
            ],
            [
                "memory peak".to_owned(),
                format!("{:.0} MB", self.memory_peak_mb),
                String::new(),
            ],
            [
                "re-read of 1,000 hours at their end".to_owned(),
                cpu(self.whole_hour_cpu_seconds),
                String::new(),
            ],
            [
                format!("winter_range of a season, {} rows", self.winter_range_rows),
                format!("{:.0} ms", self.winter_range_ms),
                "≤ 200 ms".to_owned(),
            ],
        ] {
            table.add_row(row);
        }
        aligned::lines(table)
    }
}
