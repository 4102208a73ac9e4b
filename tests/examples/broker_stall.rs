//! Measures how long Mosquitto stalls while it saves a queue: fills the queue of a disconnected daemon, then
//! pings every 10 ms and prints the gaps. Uses the files of `deploy/mosquitto`.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ayaz_local::MosquittoRelease;
use clap::Parser;
use system_tests::broker::{Broker, Files, PASSWORD};
use system_tests::mqtt::{Connect, Message, kind};

const PING_EVERY: Duration = Duration::from_millis(10);
/// Shorter gaps come from the machine.
const STALL_MIN: Duration = Duration::from_millis(50);
const BUSES: u64 = 100;

/// Measures how long Mosquitto stalls while it saves a queue.
#[derive(Debug, Parser)]
struct Arguments {
    /// The Debian release.
    #[arg(long, default_value = "trixie")]
    suite: String,
    /// Messages in the queue. 36,000 are one hour of 100 buses with a message every 10 s.
    #[arg(long, default_value_t = 36_000, value_parser = clap::value_parser!(u64).range(1..=2_000_000))]
    messages: u64,
    /// Bytes of each message.
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    payload_bytes: u64,
    /// How long to measure, seconds.
    #[arg(long, default_value_t = 95, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Replaces the shipped autosave_interval, seconds.
    #[arg(long)]
    interval: Option<u32>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let release = MosquittoRelease::fetch(&arguments.suite, |line| println!("{line}")).await?;
    let buses: Vec<String> = (0..BUSES).map(|bus| format!("astana/b{bus}")).collect();
    let logins: Vec<&str> = buses.iter().map(String::as_str).collect();
    let mut files = Files::shipped(&release, &logins)?;
    if let Some(interval) = arguments.interval {
        let mut lines = files.configuration.lines();
        let shipped = lines.find(|line| line.starts_with("autosave_interval "));
        let shipped = shipped.context("autosave_interval")?.to_owned();
        files = files.with(&shipped, &format!("autosave_interval {interval}"))?;
    }
    let broker = Broker::start(&release, &files).await?;
    let store = Connect::lasting(broker.port, Some(("ayaz-ingest", PASSWORD)), "");
    let mut client = store.open().await?;
    client.subscribe(&["ayaz/v1/#".to_owned()], 1).await?;
    client.close().await?;

    let started = Instant::now();
    for (index, bus) in buses.iter().enumerate() {
        let mut client = Connect::transient(broker.port, Some((bus, PASSWORD)), "")
            .open()
            .await?;
        let message = Message {
            topic: format!("ayaz/v1/{bus}/telemetry"),
            payload: vec![b'x'; arguments.payload_bytes as usize],
        };
        let share = (arguments.messages + index as u64) / BUSES;
        for _ in 0..share {
            client.publish(&message).await?;
        }
        client.close().await?;
    }
    println!(
        "sent {} messages, {} MB, in {:.1} s",
        arguments.messages,
        arguments.messages * arguments.payload_bytes / 1_000_000,
        started.elapsed().as_secs_f64()
    );

    let mut client = Connect::transient(broker.port, Some((&buses[0], PASSWORD)), "")
        .open()
        .await?;
    let mut stalls = Vec::new();
    let looking = Instant::now();
    while looking.elapsed() < Duration::from_secs(arguments.seconds) {
        let asked = Instant::now();
        client.send(kind::PINGREQ, &[]).await?;
        client.next().await?.context("closed")?;
        let gap = asked.elapsed();
        if gap >= STALL_MIN {
            println!(
                "{:6.1} s  stalled for {:.2} s",
                looking.elapsed().as_secs_f64(),
                gap.as_secs_f64()
            );
            stalls.push(gap);
        }
        tokio::time::sleep(PING_EVERY.saturating_sub(gap)).await;
    }
    let total: Duration = stalls.iter().sum();
    println!(
        "stalled {} times, longest {:.2} s, {:.1} % of the time",
        stalls.len(),
        stalls.iter().max().unwrap_or(&Duration::ZERO).as_secs_f64(),
        100.0 * total.as_secs_f64() / looking.elapsed().as_secs_f64()
    );
    Ok(())
}
