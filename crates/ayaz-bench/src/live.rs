//! `ayaz bench analytics --live`: how old the views get while a fleet sends, and what that takes.
//!
//! Reading order: `fleet` (what the buses send), `feed` (when), `worker` (the daemon in its own
//! process), `figures` (what was seen each second, and what it comes to), `table`.

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
use figures::{Look, Phase, Report};
use fleet::{Fleet, SECOND_MICROSECONDS};
use worker::WorkerProcess;

/// Arguments of the live part.
#[derive(Debug, Args)]
pub(super) struct LiveArgs {
    /// Only the live part: buses send, and each second it is seen how old the views are.
    #[arg(long)]
    pub(super) live: bool,
    /// Buses of the live part, each with a reading a second.
    #[arg(long, requires = "live", default_value_t = 1_000,
        value_parser = clap::value_parser!(u16).range(10..=10_000))]
    live_buses: u16,
    /// How long the views are looked at before late hours come in beside.
    #[arg(long, requires = "live", value_name = "DURATION", default_value = "3m",
        value_parser = duration)]
    live_duration: Duration,
}

/// For the worker to come to its pace.
const WARM_UP: Duration = Duration::from_secs(60);
/// How long late hours are looked at, and the turn of the hour.
const LATE: Duration = Duration::from_secs(90);
const TURN: Duration = Duration::from_secs(90);

/// Late hours of each bus, two days back, with a reading in twenty seconds.
const LATE_HOURS: i64 = 10;
const LATE_STEP_SECONDS: i64 = 20;
const LATE_AGE_HOURS: i64 = 48;

/// Days of the month on which each bus has trips behind it, and how long ago the last of them ended.
const MONTH_DAYS: i32 = 30;
const MONTH_TRIPS_AGE_HOURS: i64 = 8;

/// Time for everything before the buses send; the hour is chosen so that it lies ahead.
const PREPARATION: Duration = Duration::from_secs(900);

/// How long it may take to work off what is there before the buses send.
const WORK_OFF_MAX: Duration = Duration::from_secs(300);

/// What is simulated beyond the schedule, s: looks take their time.
const MARGIN_SECONDS: i64 = 30;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The hour of the run, and where in it the buses begin to send.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    hour: UnixMicroseconds,
    first_second: i64,
    seconds: i64,
}

impl Schedule {
    /// The hour ends when the late hours have been looked at. It is ahead of the clock by less than
    /// an hour and the preparation, so that the worker takes it for running, as it is for the buses.
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

/// A server as large as such a fleet asks for, and as the container's own tuning makes it on a
/// machine of 8 GB: the readings of all open hours find room in its buffers.
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

    ayaz_daemon::note!(
        "{LATE_HOURS} late hours of {buses} buses, of which the worker is not told yet"
    );
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
        "the first {} seconds of an hour of {buses} buses, and what was before",
        schedule.first_second
    );
    let mut feed = Feed::new(fleet, database.url());
    let started = Instant::now();
    let readings_before = feed.preload(schedule.first_second).await?;
    let preload_seconds = started.elapsed().as_secs_f64();
    database.analyze().await?;

    let worker = WorkerProcess::start(&database).await?;
    work_off(&database, args, schedule).await?;
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

/// Waits until the worker has worked out all that was there before it.
async fn work_off(database: &ScratchDatabase, args: &LiveArgs, schedule: Schedule) -> Result<()> {
    ayaz_daemon::note!("the worker works that off");
    let views = database.watch_views(args.live_buses.into()).await?;
    let until = Instant::now() + WORK_OFF_MAX;
    let end = schedule.hour.plus(HOUR_MICROSECONDS);
    // What was stored may still wait to be queued, so the views must show it.
    loop {
        let shown = views.newest(schedule.hour).await?;
        if shown.iter().all(Option::is_some) && views.waiting(end).await? == 0 {
            return Ok(());
        }
        ensure!(
            Instant::now() < until,
            "the worker has not worked off what was there within {WORK_OFF_MAX:?}"
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn late_from(hour: UnixMicroseconds) -> Result<jiff::Timestamp> {
    let from = hour.plus(-LATE_AGE_HOURS * HOUR_MICROSECONDS);
    from.timestamp().context("an hour that cannot be told")
}

/// Lets the buses send, and looks. Returns what was seen, and how late a reading was sent at most.
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
    let look = async |feeding: &mut feed::Feeding| -> Result<Look> {
        feeding.must_run().await?;
        let newest = views.newest(schedule.hour).await?;
        let now = feeding.now();
        let cpu = worker.cpu(&site.servers)?;
        Ok(Look::new(now, &newest, cpu))
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
        let mut looks = vec![look(&mut feeding).await?];
        while Instant::now() < until {
            tokio::time::sleep(LOOK_EVERY).await;
            looks.push(look(&mut feeding).await?);
        }
        let waiting = views
            .waiting(schedule.hour.plus(-HOUR_MICROSECONDS))
            .await?;
        phases.push(Phase::new(name, &looks, waiting)?);
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
