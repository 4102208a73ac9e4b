//! The fault harness as a program: rounds of load and faults until all are done or one fails.

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use rand::RngExt;
use system_tests::faults::{Fault, Plan};

/// Tests that every acknowledged message is stored exactly once or is a dead letter, whatever fails. Starts
/// private servers and the real daemons (run `cargo build --workspace` first; a debug build has the
/// failpoints), injects and repairs faults, and compares the tables with the sender's ledger. Ends with an
/// error at the first loss. The printed seed repeats the round.
#[derive(Debug, Parser)]
struct Arguments {
    /// The seed of the first round, random by default. Each next round has the next number.
    #[arg(long)]
    seed: Option<u64>,
    /// How long faults are injected in each round, seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Number of rounds.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    rounds: u64,
    /// The faults to inject, separated by commas; all by default.
    #[arg(long, value_delimiter = ',')]
    faults: Vec<Fault>,
    /// Lists the faults.
    #[arg(long)]
    list: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.list {
        for fault in Fault::ALL {
            println!("{:20} {}", fault.name(), fault.help());
        }
        return Ok(());
    }
    let first = arguments
        .seed
        .unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let faults = match arguments.faults.as_slice() {
        [] => Fault::ALL.to_vec(),
        some => some.to_vec(),
    };
    for seed in first..first + arguments.rounds {
        println!("seed {seed}");
        let started = Instant::now();
        let plan = Plan {
            seed,
            duration: Duration::from_secs(arguments.seconds),
            faults: faults.clone(),
            messages_max: 200_000,
        };
        let outcome = plan
            .run(|line| println!("{:7.1} s  {line}", started.elapsed().as_secs_f64()))
            .await?;
        println!(
            "{} faults; {} messages acknowledged; {} readings and {} dead letters, each stored once; \
             recovered in {:.1} s; the daemon's peak memory {} MB",
            outcome.injected.len(),
            outcome.messages,
            outcome.readings,
            outcome.dead_letters,
            outcome.recovery.as_secs_f64(),
            outcome.memory_peak_bytes >> 20
        );
    }
    Ok(())
}
