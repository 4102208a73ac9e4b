//! `ayaz bench`: what this machine can take.

mod end_to_end;
mod figures;
mod load;
mod reference;

use anyhow::{Context, Result};
use ayaz_daemon::output;
use ayaz_local::{LocalStack, Options};
use clap::{Args, Subcommand, ValueEnum};

use figures::{Figures, Run};
use load::Load;

/// Arguments of `ayaz bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Readings per second from the publisher to the committed row, beside raw binary COPY of the
    /// same rows.
    Ingest(IngestArgs),
}

/// Measures closed-loop: the publisher sends as fast as the broker acknowledges, through a real
/// broker, a daemon in a process of its own and a real database (fsync on), everything on this
/// machine. Each run works on a fresh database and is checked: number of rows, distinct keys and a
/// checksum must be right, or the bench fails.
///
/// The reference is COPY alone: rows encoded beforehand, in transactions of the same size, with
/// no broker and no publisher competing for the processors.
#[derive(Debug, Args)]
struct IngestArgs {
    /// Readings of one run.
    #[arg(long, default_value_t = 400_000, value_parser = clap::value_parser!(u32).range(1_000..=5_000_000))]
    readings: u32,
    /// Readings of one message.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    readings_per_message: u16,
    /// Vehicles that the readings are spread over.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    vehicles: u32,
    /// Runs of each kind, in turn; the medians are printed.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=50))]
    runs: u16,
    /// For people (table) or for programs (json).
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned columns.
    Table,
    /// One object.
    Json,
}

/// Runs the bench on private servers, or on those of the environment.
pub async fn run(args: BenchArgs) -> Result<()> {
    let Bench::Ingest(args) = args.bench;
    let stack = LocalStack::start(Options::default(), |line| eprintln!("{line}"))
        .await
        .context("cannot start the private servers")?;
    let outcome = measure(&args, &stack).await;
    stack.stop().await.context("stop the private servers")?;
    let figures = outcome?;
    match args.format {
        Format::Table => output::write(figures.table())?,
        Format::Json => output::line(serde_json::to_string_pretty(&figures)?)?,
    }
    Ok(())
}

async fn measure(args: &IngestArgs, stack: &LocalStack) -> Result<Figures> {
    let load = Load::generate(
        args.readings as usize,
        args.readings_per_message.into(),
        args.vehicles as usize,
    )?;
    let (mut copies, mut ends) = (Vec::new(), Vec::new());
    for number in 1..=args.runs {
        copies.push(reference::run(stack, &load).await?);
        let run: Run = end_to_end::run(stack, &load).await?;
        eprintln!(
            "run {number} of {}: {:.0} readings/s end to end",
            args.runs, run.readings_per_second
        );
        ends.push(run);
    }
    Ok(Figures::new(&load, copies, ends))
}
