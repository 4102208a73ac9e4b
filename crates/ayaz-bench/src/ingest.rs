//! `ayaz bench ingest`: measures how many readings per second are stored, and compares with the
//! limits of database and broker.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ayaz_daemon::{output, shutdown};
use ayaz_local::{LocalStack, Options};
use clap::Args;

use super::args::{Format, duration};
use super::figures::{CopiesUnderLoad, Round};
use super::load::{self, Load};
use super::remaining::Remaining;
use super::report::{Cell, Report, Setting};
use super::site::Site;
use super::{end_to_end, latency, reference};

/// The method, shown by `--help`.
pub(super) const METHOD: &str = include_str!("method.txt");

/// Runs per round.
const RUNS_PER_ROUND: u32 = 6;

/// Arguments of `ayaz bench ingest`. `method.txt` explains the method.
#[derive(Debug, Args)]
pub(super) struct IngestArgs {
    /// Readings per message: one or several numbers.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "10",
        value_parser = clap::value_parser!(u32).range(1..=1_000))]
    readings_per_message: Vec<u32>,
    /// Number of vehicles: one or several numbers.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1000",
        value_parser = clap::value_parser!(u32).range(10..=i64::from(load::VEHICLES_MAX)))]
    vehicles: Vec<u32>,
    /// The whole matrix: 1, 10 and 60 readings per message with 100, 1,000 and 10,000 vehicles.
    #[arg(long, conflicts_with_all = ["readings_per_message", "vehicles"])]
    full: bool,
    /// Rounds. The medians are shown.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=50))]
    runs: u16,
    /// Warm-up time of each run.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    warm_up: Duration,
    /// Measured time of each run.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = duration)]
    duration: Duration,
    /// Omits the latency runs, one for each size of message and fleet.
    #[arg(long)]
    no_latency: bool,
    /// For people (table) or for programs (json).
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Runs the bench on private servers, or on those of the environment.
pub(super) async fn run(args: IngestArgs) -> Result<()> {
    let stop = shutdown::requested();
    tokio::pin!(stop);
    let mut stack = tokio::select! {
        stack = LocalStack::start(Options::default(), |line| ayaz_daemon::note!("{line}")) => {
            stack.context("cannot start the private servers")?
        }
        () = &mut stop => bail!("stopped before the servers were up"),
    };
    let outcome = on_servers(&args, &mut stack, stop).await;
    let stopped = stack.stop().await.context("stop the private servers");
    let report = outcome?;
    stopped?;
    match args.format {
        Format::Table => output::write(report.table())?,
        Format::Json => output::line(serde_json::to_string_pretty(&report)?)?,
    }
    Ok(())
}

async fn on_servers(
    args: &IngestArgs,
    stack: &mut LocalStack,
    stop: std::pin::Pin<&mut impl Future<Output = ()>>,
) -> Result<Report> {
    let site = Site::new(stack, args.warm_up, args.duration)?;
    // Dropping the measurement kills its processes and stops its threads.
    let outcome = tokio::select! {
        report = measure(args, &site) => report,
        ended = stack.server_ended() => return Err(ended.into()),
        () = stop => Err(anyhow::anyhow!("stopped before the bench was complete")),
    };
    let removed = site.remove_scratch().await;
    let report = outcome?;
    removed.and(Ok(report))
}

async fn measure(args: &IngestArgs, site: &Site) -> Result<Report> {
    let loads = loads(args, site)?;
    let facts = site.server_facts().await?;
    let warm_up_s = args.warm_up.as_secs_f64();
    let setting = Setting::new(facts, args.runs, warm_up_s, args.duration.as_secs_f64());
    let per_load = RUNS_PER_ROUND * u32::from(args.runs) + u32::from(!args.no_latency);
    let runs = per_load * loads.len() as u32;
    let mut progress = Remaining::new(runs, args.warm_up + args.duration);

    let mut rounds: Vec<Vec<Round>> = vec![Vec::new(); loads.len()];
    // Each round measures all cells, so that changes of the machine affect all of them.
    for number in 1..=args.runs {
        for (load, rounds) in loads.iter().zip(&mut rounds) {
            progress.note(format_args!(
                "round {number} of {}, {}",
                args.runs,
                named(load)
            ));
            rounds.push(round(site, load, &mut progress).await?);
        }
    }
    let mut cells = Vec::new();
    for (load, rounds) in loads.iter().zip(&rounds) {
        let without_latency = Cell::new(load, rounds, None);
        cells.push(if args.no_latency {
            without_latency
        } else {
            let half = without_latency.messages_per_second_median() / 2.0;
            progress.note(format_args!("latency, {}", named(load)));
            let latency = latency::run(site, load, half).await?;
            progress.done(1);
            Cell::new(load, rounds, Some(latency))
        });
    }
    Ok(Report::new(setting, cells))
}

fn loads(args: &IngestArgs, site: &Site) -> Result<Vec<Arc<Load>>> {
    let (sizes, fleets) = if args.full {
        (&[1, 10, 60][..], &[100, 1_000, 10_000][..])
    } else {
        (&args.readings_per_message[..], &args.vehicles[..])
    };
    let mut loads = Vec::new();
    for size in sizes {
        for fleet in fleets {
            loads.push(Arc::new(Load::generate(&site.fleet, *size, *fleet)?));
        }
    }
    Ok(loads)
}

fn named(load: &Load) -> String {
    format!(
        "{} readings per message, {} vehicles",
        load.readings_per_message,
        load.vehicles_named()
    )
}

async fn round(site: &Site, load: &Arc<Load>, progress: &mut Remaining) -> Result<Round> {
    let readings_per_message = f64::from(load.readings_per_message);
    let end_to_end = end_to_end::run(site, load).await?;
    progress.done(1);
    let rows_per_batch = end_to_end.rows_per_batch;
    let messages_per_second = end_to_end.readings_per_second / readings_per_message;
    let mut under_load = async |connections| {
        let copy = reference::copy_under_load(
            site,
            load,
            rows_per_batch,
            connections,
            messages_per_second,
        );
        let copy = copy.await;
        progress.done(1);
        copy
    };
    let copies = CopiesUnderLoad {
        one_connection: under_load(1).await?,
        two_connections: under_load(2).await?,
        four_connections: under_load(4).await?,
    };
    let null_subscriber = reference::null_subscriber(site, load).await?;
    progress.done(1);
    let copy_alone_rows_per_second = reference::copy_alone(site, load, rows_per_batch).await?;
    progress.done(1);
    progress.note(format_args!(
        "  {:.0} readings/s end to end, COPY {:.0}, {:.0} and {:.0} under load with 1, 2 and 4 connections, \
         {:.0} alone; {:.0} messages/s end to end, {:.0} to the null subscriber",
        end_to_end.readings_per_second,
        copies.one_connection.rows_per_second,
        copies.two_connections.rows_per_second,
        copies.four_connections.rows_per_second,
        copy_alone_rows_per_second,
        messages_per_second,
        null_subscriber.messages_per_second,
    ));
    Ok(Round {
        readings_per_message,
        end_to_end,
        copies,
        null_subscriber,
        copy_alone_rows_per_second,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        ingest: IngestArgs,
    }

    fn parse(arguments: &[&str]) -> Result<IngestArgs, clap::Error> {
        let parsed = Alone::try_parse_from([&["bench"], arguments].concat());
        parsed.map(|alone| alone.ingest)
    }

    #[test]
    fn lists_and_durations_are_parsed_and_mistakes_are_refused() {
        let default = parse(&[]).unwrap();
        assert_eq!(default.readings_per_message, [10]);
        assert_eq!(default.vehicles, [1_000]);
        let given = parse(&[
            "--readings-per-message",
            "1,60",
            "--vehicles=100,100000",
            "--duration",
            "2m",
        ]);
        let given = given.unwrap();
        assert_eq!(given.readings_per_message, [1, 60]);
        assert_eq!(given.vehicles, [100, 100_000]);
        assert_eq!(given.duration, Duration::from_secs(120));
        assert!(parse(&["--full", "--runs", "1"]).unwrap().full);
        for wrong in [
            &["--full", "--vehicles", "100"][..],
            &["--vehicles", "100,9"],
            &["--vehicles", "100001"],
            &["--readings-per-message", "0"],
            &["--duration", "500ms"],
            &["--warm-up", "soon"],
            &["--runs", "0"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
