//! `ayaz replay`: publishes recorded logs over MQTT, as a vehicle would.
//!
//! Reading order: [`mapping`] (the mapping file), [`source`] and `log` (bytes to rows), [`plan`]
//! (the mapping applied to the header of one file), [`rows`] (a row to a reading), [`file`] (all
//! rows of a file to messages). This module combines them.
//!
//! Each row is sent or skipped with a reported reason, or the replay fails. A pipe is read once: it
//! stays open after its header.
//!
//! A file always becomes the same messages, even if other files are replayed with it: boot and
//! drive cycle are hashes of the drive cycle's name, and the sequence is the row number. So
//! replaying again, after a correction or an interruption, stores each reading once.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::exit::BadConfig;
use crate::history::{Announcer, History};
use crate::output::plural::plural;
use anyhow::Context;
use ayaz_daemon::output;
use ayaz_model::{BrokerUrl, BrokerUrlError, FleetId, VehicleId};
use ayaz_publisher::{Publisher, PublisherOptions};
use tokio::sync::mpsc;

pub mod cycle;
pub mod delimiter;
pub mod fault;
pub mod file;
mod input;
mod log;
pub mod mapping;
pub mod origin;
pub mod pace;
pub mod plan;
pub mod report;
pub mod rows;
pub mod skip;
pub mod source;

use fault::Fault;
use file::{FileCounts, FileEvent};
use input::Input;
use mapping::Mapping;
use pace::{Pace, Speed};
use plan::{Overrides, Plan};
use report::Report;
use source::Progress;

/// Messages that are read ahead of publishing.
const READ_AHEAD_MESSAGES: usize = 16;

/// How long to wait for a daemon's first subscription, for example if all programs start at once.
const SUBSCRIBER_WAIT: Duration = Duration::from_secs(60);

/// Arguments of `ayaz replay`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Mapping (TOML) of columns, units, time and rows to skip; see deploy/mappings/
    #[arg(long, value_name = "FILE")]
    pub mapping: PathBuf,
    /// Publishes as this fleet, instead of the mapping's
    #[arg(long, value_name = "FLEET")]
    pub fleet: Option<FleetId>,
    /// Publishes as this vehicle, instead of the one in the mapping or in a column
    #[arg(long, value_name = "VEHICLE")]
    pub vehicle: Option<VehicleId>,
    /// Speed as a multiple of real time, by the recorded time (pauses over one minute are shortened
    /// to one minute), or "max"
    #[arg(long, value_name = "X|max", default_value = "max")]
    pub speed: Speed,
    /// Broker, mqtt://[user:password@]host[:port]. Use a separate user for each replay: if client
    /// ids are bound to logins, a bus or another replay with the same user takes over this
    /// connection
    #[arg(
        long,
        value_name = "URL",
        env = "AYAZ_MQTT_URL",
        hide_env_values = true
    )]
    // A string, because clap prints a value that it cannot parse, and this one contains a password.
    pub mqtt_url: String,
    #[command(flatten)]
    pub(crate) history: History,
    /// Most readings in a message
    #[arg(
        long,
        value_name = "N",
        default_value_t = 60,
        value_parser = clap::value_parser!(u16).range(1..=1000)
    )]
    pub readings_per_message: u16,
    /// Files to replay, in this order; "-" is standard input
    ///
    /// A pipe works like a file: zstdcat day.csv.zst | ayaz replay --mapping FILE -
    ///
    /// All headers are checked before anything is published. A malformed row stops its file with an
    /// error that shows the line. The other files continue, and the command fails at the end. A
    /// corrected file can be replayed from its start: readings that arrive again are stored once.
    #[arg(value_name = "CSV[.gz]", required = true)]
    pub files: Vec<PathBuf>,
}

/// Counts of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows read: readings and skipped rows.
    pub rows: u64,
    /// Readings that the broker has acknowledged.
    pub readings: u64,
    /// Messages with these readings.
    pub messages: u64,
    /// Files that were replayed completely.
    pub files: u64,
    /// Rows that the mapping skips, by reason.
    pub skipped: BTreeMap<String, u64>,
}

impl Counts {
    fn add(&mut self, file: FileCounts) {
        self.rows += file.rows;
        self.readings += file.readings;
        self.messages += file.messages;
        for (reason, rows) in file.skipped {
            *self.skipped.entry(reason).or_default() += rows;
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts {
            rows,
            readings,
            messages,
            files,
            skipped,
        } = self;
        let rows_skipped: u64 = skipped.values().sum();
        write!(
            f,
            "{} of {} in {} acknowledged; {rows_skipped} of {} skipped by the mapping",
            plural(*readings, "reading", "readings"),
            plural(*files, "file", "files"),
            plural(*messages, "message", "messages"),
            plural(*rows, "row", "rows"),
        )?;
        for (number, (reason, rows)) in skipped.iter().enumerate() {
            let before = if number == 0 { ": " } else { ", " };
            write!(f, "{before}{rows} where {reason}")?;
        }
        Ok(())
    }
}

/// The result of a replay. Some files may have failed.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Counts of all files.
    pub counts: Counts,
    /// Files that stopped at a malformed row, with the reason.
    pub faults: Vec<Fault>,
}

/// Runs the command: replays, prints the counts to standard output, and fails if a file failed.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let Outcome { counts, faults } = replay(args).await?;
    output::line(&counts)?;
    match faults.len() {
        0 => Ok(()),
        1 => Err(anyhow::anyhow!(
            "1 file was not replayed completely: {}",
            faults[0]
        )),
        n => Err(anyhow::anyhow!(
            "{n} files were not replayed completely:{}",
            list(&faults)
        )),
    }
}

/// Replays without printing the result.
pub async fn replay(args: Args) -> anyhow::Result<Outcome> {
    let url: BrokerUrl = args
        .mqtt_url
        .parse()
        .map_err(|error: BrokerUrlError| BadConfig(error.to_string()))?;
    let overrides = Overrides {
        fleet: args.fleet,
        vehicle: args.vehicle,
    };
    let (mapping, files) = (args.mapping.clone(), args.files);
    let progress = Progress::default();
    let counter = progress.clone();
    let prepare = move || prepare(&mapping, &overrides, &files, &counter);
    let plans = tokio::task::spawn_blocking(prepare)
        .await
        .context("planning the replay")?
        .map_err(|error| BadConfig(format!("{error:#}")))?;
    let inputs = plans.iter().map(|(_, input)| input);
    let report = Arc::new(Report::new(inputs, progress));
    for (plan, _) in &plans {
        report.warnings(&plan.warnings);
    }

    let mut announcer = args.history.announcer().await?;
    let client_id = format!("ayaz-replay-{:08x}", rand::random::<u32>());
    let mut options = PublisherOptions::new(url, client_id);
    options.subscriber_wait = Some(SUBSCRIBER_WAIT);
    let publisher = Publisher::connect(options).await?;
    let mut pace = Pace::new(args.speed);
    let mut outcome = Outcome::default();
    for file in plans {
        let per_message = usize::from(args.readings_per_message);
        let (counts, fault) = publish(
            file,
            per_message,
            &publisher,
            announcer.as_mut(),
            &mut pace,
            &report,
        )
        .await?;
        outcome.counts.add(counts);
        match fault {
            None => outcome.counts.files += 1,
            Some(fault) => {
                report.fault(&fault);
                outcome.faults.push(fault);
            }
        }
    }
    report.waiting_for_broker();
    let acknowledged = publisher.finish().await?.messages;
    report.finish();
    let handed_over = outcome.counts.messages;
    anyhow::ensure!(
        acknowledged == handed_over,
        "the broker acknowledged {acknowledged} of {handed_over} messages"
    );
    Ok(outcome)
}

/// Reads the mapping and every header. Reports all mistakes before anything is sent.
fn prepare(
    mapping: &std::path::Path,
    overrides: &Overrides,
    files: &[PathBuf],
    progress: &Progress,
) -> anyhow::Result<Vec<(Plan, Input)>> {
    let mapping = Mapping::load(mapping)?;
    let (plans, faults) = plan::plan_all(&mapping, overrides, files, progress);
    match faults.len() {
        0 => Ok(plans),
        1 => Err(anyhow::anyhow!("nothing was published: {}", faults[0])),
        _ => Err(anyhow::anyhow!("nothing was published:{}", list(&faults))),
    }
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}

/// Publishes one file. A separate thread reads it.
async fn publish(
    (plan, input): (Plan, Input),
    readings_per_message: usize,
    publisher: &Publisher,
    mut announcer: Option<&mut Announcer>,
    pace: &mut Pace,
    report: &Arc<Report>,
) -> anyhow::Result<(FileCounts, Option<Fault>)> {
    let label = plan.label.clone();
    let (events, mut received) = mpsc::channel(READ_AHEAD_MESSAGES);
    let progress = report.progress();
    let reading = tokio::task::spawn_blocking(move || {
        file::read(&plan, input, readings_per_message, progress, |event| {
            // The receiver is gone if publishing failed.
            events.blocking_send(event).is_ok()
        })
    });
    report.file_begins(&label);
    while let Some(event) = received.recv().await {
        match event {
            FileEvent::Warning(text) => report.warnings(&[text]),
            FileEvent::Message(message) => {
                if let Some(announcer) = &mut announcer {
                    announcer.announce(&message.topic).await?;
                }
                pace.wait(message.recorded_at_last).await;
                publisher.publish(message.topic, message.payload).await?;
                report.tick();
            }
        }
    }
    let (counts, fault) = reading.await.context("reading the file")?;
    if fault.is_none() {
        report.file_ends(&label, &counts);
    }
    Ok((counts, fault))
}

#[cfg(test)]
mod tests;
