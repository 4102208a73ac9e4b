//! `ayaz bench`: measures the performance of this machine.
//!
//! Reading order of `ingest`: `load` (the messages, and the expected rows), `connection` and
//! `generator` (sending), `site` and `scratch` (servers and databases), `raw_copy` and `copier`
//! (COPY only), `subscriber` (the daemon in a separate process), `end_to_end`, `reference` and
//! `latency` (the runs), `figures`, `report` and `table` (the results). `analytics` measures the
//! worker, `live` measures the age of its figures.
//!
//! `scratch` and `raw_copy` contain their own SQL, which production programs do not use.

mod admin;
mod aligned;
mod analytics;
mod args;
mod connection;
mod copier;
mod end_to_end;
mod figures;
mod generator;
mod ingest;
mod latency;
mod live;
mod load;
mod null_subscriber;
mod processes;
mod raw_copy;
mod reference;
mod remaining;
mod report;
mod scratch;
mod site;
mod subscriber;
mod table;

use anyhow::{Context, Result, bail};
use ayaz_daemon::{output, shutdown};
use ayaz_local::{LocalStack, Options};
use clap::{Args, Subcommand};

use args::Format;

/// Arguments of `ayaz bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Measures readings per second from the publisher to the committed row, and compares with the
    /// limits of database and broker.
    #[command(after_help = "--help explains the method.", after_long_help = ingest::METHOD)]
    Ingest(ingest::IngestArgs),
    /// Measures the analytics worker: late hours, a fleet's day, open hours, a season's view.
    #[command(after_help = "--help explains the method.")]
    Analytics(analytics::AnalyticsArgs),
    /// The subscriber that `ingest` compares with. `ingest` starts it.
    #[command(hide = true)]
    NullSubscriber(null_subscriber::NullSubscriberArgs),
}

/// Runs the bench on private servers, or on those of the environment.
pub async fn run(args: BenchArgs) -> Result<()> {
    match args.bench {
        Bench::Ingest(args) => ingest::run(args).await,
        Bench::Analytics(args) => run_analytics(&args).await,
        Bench::NullSubscriber(args) => null_subscriber::run(args).await,
    }
}

async fn run_analytics(args: &analytics::AnalyticsArgs) -> Result<()> {
    let stop = shutdown::requested();
    tokio::pin!(stop);
    let options = if args.live.live {
        live::options()
    } else {
        Options::default()
    };
    let mut stack = tokio::select! {
        stack = LocalStack::start(options, |line| ayaz_daemon::note!("{line}")) => {
            stack.context("cannot start the private servers")?
        }
        () = &mut stop => bail!("stopped before the servers were up"),
    };
    let outcome = tokio::select! {
        report = report_analytics(args, &mut stack) => report,
        () = stop => Err(anyhow::anyhow!("stopped before the bench was complete")),
    };
    let stopped = stack.stop().await.context("stop the private servers");
    let report = outcome?;
    stopped?;
    output::write(report)?;
    Ok(())
}

async fn report_analytics(
    args: &analytics::AnalyticsArgs,
    stack: &mut LocalStack,
) -> Result<String> {
    if args.live.live {
        let report = live::run(&args.live, stack).await?;
        match args.format {
            Format::Table => Ok(report.table()),
            Format::Json => json(&report),
        }
    } else {
        let report = analytics::run(args, stack).await?;
        match args.format {
            Format::Table => Ok(report.table()),
            Format::Json => json(&report),
        }
    }
}

fn json(report: &impl serde::Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(report)? + "\n")
}
