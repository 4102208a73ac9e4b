//! `ayaz simulate`: publishes a simulated week with faults over MQTT, and writes the true values to
//! files.

mod files;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use ayaz_daemon::output;
use ayaz_ingest::validate::STORABLE;
use ayaz_model::{BrokerUrl, BrokerUrlError, FleetId, TopicKind, UnixMicroseconds};
use ayaz_proto::Message as _;
use ayaz_publisher::{Publisher, PublisherOptions, encode};
use ayaz_sim::{Deliveries, Scenario};
use bytes::Bytes;
use clap::{Args, ValueEnum};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::exit::BadConfig;
use crate::history::{Announcer, History};
use crate::output::progress::Progress;

/// How long to wait for the ingest daemon. The broker drops messages without a subscriber.
const SUBSCRIBER_WAIT: Duration = Duration::from_secs(60);

/// Each paragraph is one line. clap wraps it at the width of the terminal.
const LONG_ABOUT: &str = "\
Publishes a simulated cold snap over MQTT, and writes the true values to files.

Publishes the messages of a simulated fleet in Astana in order of arrival. Some are late, sent twice, or \
missing, as the scenario says. It sends as fast as the broker acknowledges, with times in the past. \
It also writes the true values, to compare them with the reports:

truth_days.csv: kWh by component, km, litres and seconds of each bus and service day.

truth_sessions.csv: trips, charging, conditioning and parking, with their ends.

truth_faults.csv: all faults in the data, down to each reading, and of the buses.

truth_README.md: the meaning of each column of these files, with its unit and sign.

models.csv, depots.csv, vehicles.csv, context.csv: for `ayaz context import`.";

/// Arguments of `ayaz simulate`.
#[derive(Debug, Args)]
#[command(long_about = LONG_ABOUT, after_help = EXAMPLE)]
pub struct SimulateArgs {
    /// The scenario to simulate
    scenario: Kind,
    /// Folder for the truth and context files; created if missing
    #[arg(long, value_name = "DIR")]
    output_dir: PathBuf,
    /// Number of buses: every third is 18 m long, every fourth has a fuel heater
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=500))]
    buses: u16,
    /// Service days, from 03:00 to 03:00 in Astana; the first half of a cold snap is mild
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=365))]
    days: Option<u16>,
    /// The first service day, such as 2026-01-31; by default all days end before today
    #[arg(long, value_name = "DATE", value_parser = first_day)]
    first_day: Option<Date>,
    /// The same seed gives the same readings
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The fleet to publish as
    #[arg(long, default_value = "astana")]
    fleet: FleetId,
    /// Broker, mqtt://[user:password@]host[:port]. Use a separate user: if client ids are bound to
    /// logins, a bus or a replay with the same user takes over this connection
    #[arg(
        long,
        value_name = "URL",
        env = "AYAZ_MQTT_URL",
        hide_env_values = true
    )]
    // A string, because clap prints a value that it cannot parse, and this one contains a password.
    mqtt_url: String,
    #[command(flatten)]
    history: History,
}

const EXAMPLE: &str = "\
Example, with the daemons running (see ayaz local):
  ayaz simulate cold-snap --output-dir simulated
  ayaz context import simulated/{models,depots,vehicles,context}.csv
  ayaz report completeness";

/// Scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A healthy mild week, then a week at −35 °C with blackouts, duplicates, clock steps, flat
    /// lines, and broken heaters
    ColdSnap,
    /// A healthy week at +5 to +12 °C
    MildWeek,
    /// A dusty week at up to +38 °C
    SummerWeek,
}

impl Kind {
    fn days(self) -> u16 {
        match self {
            Self::ColdSnap => 14,
            Self::MildWeek | Self::SummerWeek => 7,
        }
    }

    fn scenario(self, seed: u64, buses: usize, first_day: Date) -> Scenario {
        match self {
            Self::ColdSnap => Scenario::cold_snap(seed, buses, first_day),
            Self::MildWeek => Scenario::mild_week(seed, buses, first_day),
            Self::SummerWeek => Scenario::summer_week(seed, buses, first_day),
        }
    }
}

/// A first day from which one year can be stored, in any zone.
fn first_day(text: &str) -> Result<Date, String> {
    let day: Date = text
        .parse()
        .map_err(|_| "write a date such as 2026-01-31".to_owned())?;
    let date = |at: UnixMicroseconds| {
        Timestamp::from_microsecond(at.0).map(|at| at.to_zoned(TimeZone::UTC).date())
    };
    let bounds = date(STORABLE.start)
        .and_then(|first| first.checked_add(2.days()))
        .and_then(|first| Ok((first, date(STORABLE.end)?.checked_sub(368.days())?)));
    let (first, last) = bounds.map_err(|error| error.to_string())?;
    match (first..=last).contains(&day) {
        true => Ok(day),
        false => Err(format!(
            "the ingest daemon would refuse its times: write a date from {first} to {last}"
        )),
    }
}

/// Counts of published messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sent {
    messages: u64,
    /// Readings sent twice count twice.
    readings: u64,
}

/// Runs the command.
pub async fn run(args: SimulateArgs) -> Result<()> {
    let url: BrokerUrl = args
        .mqtt_url
        .parse()
        .map_err(|error: BrokerUrlError| BadConfig(error.to_string()))?;
    let days = args.days.unwrap_or(args.scenario.days());
    let first_day = match args.first_day {
        Some(day) => day,
        None => days_before_today(days)?,
    };
    let scenario = args
        .scenario
        .scenario(args.seed, args.buses.into(), first_day)
        .days(days.into());
    let announcer = args.history.announcer().await?;
    let directory = &args.output_dir;
    // Before sending, so that an error with the folder shows at once.
    files::write_context(directory, &args.fleet, &scenario)?;

    let mut options =
        PublisherOptions::new(url, format!("ayaz-simulate-{:08x}", rand::random::<u32>()));
    options.subscriber_wait = Some(SUBSCRIBER_WAIT);
    let publisher = Publisher::connect(options)
        .await
        .context("connect to the broker")?;
    let mut deliveries = scenario.deliveries();
    let sent = publish(
        &mut deliveries,
        &scenario,
        &args.fleet,
        announcer,
        &publisher,
    )
    .await?;
    publisher.finish().await?;
    let truth = deliveries.truth();
    files::write_truth(directory, &truth)?;
    let faults: usize = truth.iter().map(|bus| bus.data_faults.len()).sum();
    output::line(format_args!(
        "sent {} readings of {} buses in {} messages, {days} days from {first_day}, all acknowledged. \
         {faults} data faults were made on purpose; the true values are in {}",
        sent.readings,
        truth.len(),
        sent.messages,
        directory.display(),
    ))?;
    Ok(())
}

/// The last reading of a service day is at 03:00 of the next day.
fn days_before_today(days: u16) -> Result<Date> {
    let today = jiff::Timestamp::now()
        .in_tz("UTC")
        .context("read the clock")?
        .date();
    today
        .checked_sub((i64::from(days) + 1).days())
        .map_err(|error| BadConfig(format!("--days: {error}")).into())
}

async fn publish(
    deliveries: &mut Deliveries,
    scenario: &Scenario,
    fleet: &FleetId,
    mut announcer: Option<Announcer>,
    publisher: &Publisher,
) -> Result<Sent> {
    let start = scenario.start();
    let hours = |microseconds: i64| u64::try_from(microseconds / 3_600_000_000).unwrap_or(0);
    let mut progress = Progress::new("hours simulated", hours(scenario.end().0 - start.0));
    let mut sent = Sent::default();
    for delivery in deliveries.by_ref() {
        let message =
            encode::telemetry_batch(&delivery.vehicle, delivery.historical, &delivery.readings);
        let topic = TopicKind::Telemetry.topic(fleet, &delivery.vehicle);
        if let Some(announcer) = &mut announcer {
            announcer.announce(&topic).await?;
        }
        publisher
            .publish(topic, Bytes::from(message.encode_to_vec()))
            .await?;
        sent.messages += 1;
        sent.readings += delivery.readings.len() as u64;
        progress.set(hours(delivery.arrives_at.0 - start.0));
    }
    progress.finish();
    Ok(sent)
}
