//! `ayaz bench analytics --live`: measures the age of views while a fleet sends, and the CPU use of
//! the worker.
//!
//! Reading order: `fleet` (the readings of the buses), `feed` (their schedule), `worker` (the
//! daemon in a separate process), `figures` (samples and results), `table`.

mod feed;
mod figures;
mod fleet;
mod table;
mod worker;

use std::time::{Duration, Instant};

use crate::scratch::{History, ScratchDatabase};
use anyhow::{Context, Result, ensure};
use ayaz_local::{LocalStack, Options};
use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use clap::Args;

use super::args::duration;
use super::load::Load;
use super::site::Site;
use feed::Feed;
use figures::{Phase, Report, Sample};
use fleet::{Fleet, SECOND_MICROSECONDS};
use worker::WorkerProcess;

/// Arguments of the live part.
#[derive(Debug, Args)]
pub(super) struct LiveArgs {
    /// Only the live part: buses send, and the age of the views is sampled every second.
    #[arg(long)]
    pub(super) live: bool,
    /// Buses of the live part, each with one reading per second.
    #[arg(long, requires = "live", default_value_t = 1_000,
        value_parser = clap::value_parser!(u16).range(10..=10_000))]
    live_buses: u16,
    /// How long to sample before late hours are added.
    #[arg(long, requires = "live", value_name = "DURATION", default_value = "3m",
        value_parser = duration)]
    live_duration: Duration,
}

/// Time for the worker to reach a steady state.
const WARM_UP: Duration = Duration::from_secs(60);
/// Duration of the part with late hours, and of the part with the turn of the hour.
const LATE: Duration = Duration::from_secs(90);
const TURN: Duration = Duration::from_secs(90);

/// Late hours per bus, two days old, with one reading per twenty seconds.
const LATE_HOURS: i64 = 10;
const LATE_STEP_SECONDS: i64 = 20;
const LATE_AGE_HOURS: i64 = 48;

/// Days of the month with earlier trips of each bus, and how long ago the last of them ended.
const MONTH_DAYS: i32 = 30;
const MONTH_TRIPS_AGE_HOURS: i64 = 8;

/// Time for the preparation before the buses send. The hour is chosen accordingly.
const PREPARATION: Duration = Duration::from_secs(900);

/// Longest time to refresh all stored hours before the buses send.
const REFRESH_ALL_MAX: Duration = Duration::from_secs(300);

/// Simulated time beyond the schedule, s, because sampling takes time.
const MARGIN_SECONDS: i64 = 30;

/// Time between two samples.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// The hour of the run, and the second at which the buses start to send.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    hour: UnixMicroseconds,
    first_second: i64,
    seconds: i64,
}

impl Schedule {
    /// The hour ends after the part with late hours. It is ahead of the clock by less than an hour
    /// plus the preparation. So the worker treats it as an open hour, as for the buses.
    fn new(now: UnixMicroseconds, measured: Duration) -> Self {
        let seconds = |duration: Duration| duration.as_secs() as i64;
        let in_the_hour = seconds(WARM_UP + measured + LATE);
        let ahead = seconds(PREPARATION) + in_the_hour;
        Self {
            hour: now.plus(ahead * SECOND_MICROSECONDS).hour(),
            first_second: 3_600 - in_the_hour,
            seconds: in_the_hour + seconds(TURN),
        }
    }
}

/// A server of the size that such a fleet needs. The container's own tuning gives the same on a
/// machine with 8 GB: the readings of all open hours fit into its buffers.
pub(super) fn options() -> Options {
    Options {
        shared_buffers_mb: 2_048,
        ..Options::default()
    }
}

pub(super) async fn run(args: &LiveArgs, stack: &mut LocalStack) -> Result<Report> {
    let site = Site::new(stack, Duration::ZERO, Duration::ZERO)?;
    let measured = measure(args, &site).await;
    let removed = site.remove_scratch().await;
    let report = measured?;
    removed.and(Ok(report))
}

async fn measure(args: &LiveArgs, site: &Site) -> Result<Report> {
    let buses = args.live_buses;
    let load = Load::generate(&site.fleet, 1, buses.into())?;
    let database = site.scratch(&load).await?;
    let schedule = Schedule::new(UnixMicroseconds::now(), args.live_duration);
    let vehicles = &load.vehicles[..buses.into()];
    let seconds = schedule.first_second + schedule.seconds + MARGIN_SECONDS;
    let fleet = Fleet::simulate(&site.fleet, vehicles, schedule.hour, seconds)?;

    ayaz_daemon::note!("{LATE_HOURS} late hours of {buses} buses, not in the ledger yet");
    let late = History {
        vehicles: (1, buses.into()),
        from: late_from(schedule.hour)?,
        seconds: LATE_HOURS * 3_600,
        step_seconds: LATE_STEP_SECONDS,
    };
    database.fill(late).await?;
    let before = schedule
        .hour
        .plus(-MONTH_TRIPS_AGE_HOURS * HOUR_MICROSECONDS);
    database
        .fill_trips(buses.into(), MONTH_DAYS, before, schedule.hour)
        .await?;
    ayaz_daemon::note!(
        "the first {} seconds of an hour of {buses} buses, and the readings before it",
        schedule.first_second
    );
    let mut feed = Feed::new(fleet, database.url());
    let started = Instant::now();
    let readings_before = feed.preload(schedule.first_second).await?;
    let preload_seconds = started.elapsed().as_secs_f64();
    database.analyze().await?;

    let worker = WorkerProcess::start(&database).await?;
    refresh_all(&database, args, schedule).await?;
    let watched = watch(args, site, &database, &worker, feed, schedule, late).await;
    let memory_peak_mb = worker.memory_peak_bytes()? as f64 / 1e6;
    worker.stop().await?;
    let (phases, feed_lag_max_seconds) = watched?;
    Ok(Report::new(
        buses.into(),
        readings_before,
        preload_seconds,
        feed_lag_max_seconds,
        memory_peak_mb,
        phases,
    ))
}

/// Waits until the worker has refreshed all stored hours.
async fn refresh_all(
    database: &ScratchDatabase,
    args: &LiveArgs,
    schedule: Schedule,
) -> Result<()> {
    ayaz_daemon::note!("the worker refreshes these hours");
    let views = database.watch_views(args.live_buses.into()).await?;
    let until = Instant::now() + REFRESH_ALL_MAX;
    let end = schedule.hour.plus(HOUR_MICROSECONDS);
    // Stored readings may not be queued yet, so the views must show them.
    loop {
        let shown = views.newest(schedule.hour).await?;
        if shown.iter().all(Option::is_some) && views.waiting(end).await? == 0 {
            return Ok(());
        }
        ensure!(
            Instant::now() < until,
            "the worker has not refreshed all stored hours within {REFRESH_ALL_MAX:?}"
        );
        tokio::time::sleep(SAMPLE_EVERY).await;
    }
}

fn late_from(hour: UnixMicroseconds) -> Result<jiff::Timestamp> {
    let from = hour.plus(-LATE_AGE_HOURS * HOUR_MICROSECONDS);
    from.timestamp().context("the hour is out of range")
}

/// Lets the buses send, and samples. Returns the samples, and the largest delay of a reading.
async fn watch(
    args: &LiveArgs,
    site: &Site,
    database: &ScratchDatabase,
    worker: &WorkerProcess,
    feed: Feed,
    schedule: Schedule,
    late: History,
) -> Result<(Vec<Phase>, f64)> {
    let views = database.watch_views(args.live_buses.into()).await?;
    let mut feeding = feed.start(schedule.first_second)?;
    let sample = async |feeding: &mut feed::Feeding| -> Result<Sample> {
        feeding.must_run().await?;
        let newest = views.newest(schedule.hour).await?;
        let now = feeding.now();
        let cpu = worker.cpu(&site.servers)?;
        Ok(Sample::new(now, &newest, cpu))
    };
    let mut phases = Vec::new();
    let mut until = Instant::now();
    for (name, duration) in [
        (figures::WARM_UP, WARM_UP),
        (figures::ALONE, args.live_duration),
        (figures::LATE_HOURS, LATE),
        (figures::TURN, TURN),
    ] {
        ayaz_daemon::note!("{name}: {duration:?}");
        if name == figures::LATE_HOURS {
            database.touch(late).await?;
        }
        until += duration;
        let mut samples = vec![sample(&mut feeding).await?];
        while Instant::now() < until {
            tokio::time::sleep(SAMPLE_EVERY).await;
            samples.push(sample(&mut feeding).await?);
        }
        let waiting = views
            .waiting(schedule.hour.plus(-HOUR_MICROSECONDS))
            .await?;
        phases.push(Phase::new(name, &samples, waiting)?);
    }
    Ok((phases, feeding.finish().await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_is_ahead_and_ends_with_the_late_hours() {
        for minute in 0..60 {
            let now = UnixMicroseconds(1_790_000_000_000_000).hour();
            let now = now.plus(minute * 60 * SECOND_MICROSECONDS);
            let schedule = Schedule::new(now, Duration::from_secs(180));
            let begins = schedule
                .hour
                .plus(schedule.first_second * SECOND_MICROSECONDS);
            let ahead = begins.seconds_since(now) - PREPARATION.as_secs_f64();
            assert!((-3_600.0..3_600.0).contains(&ahead), "{ahead} s");
            assert_eq!(schedule.first_second + 60 + 180 + 90, 3_600);
        }
    }
}
