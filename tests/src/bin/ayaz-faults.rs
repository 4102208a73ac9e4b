//! The fault harness by hand: rounds of load and faults until the time is over or one fails.

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use rand::RngExt;
use system_tests::faults::{Fault, Plan};

/// Is every message that the broker acknowledged stored exactly once, or a dead letter, whatever
/// happens on the way? Starts private servers and the real daemons (`cargo build --workspace`
/// first, in debug, which has the failpoints), strikes, mends, and compares with the sender's own
/// ledger. Ends with an error at the first loss; the seed printed repeats the round.
#[derive(Debug, Parser)]
struct Arguments {
    /// Of the first round; the next has the next number. Random by default.
    #[arg(long)]
    seed: Option<u64>,
    /// How long faults strike in each round, seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    rounds: u64,
    /// What strikes, separated by commas; everything by default.
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
            "{} faults; {} messages acknowledged; {} readings and {} dead letters, each there once; \
             recovered in {:.1} s; daemon's peak {} MB",
            outcome.struck.len(),
            outcome.messages,
            outcome.readings,
            outcome.dead_letters,
            outcome.recovery.as_secs_f64(),
            outcome.memory_peak_bytes >> 20
        );
    }
    Ok(())
}
