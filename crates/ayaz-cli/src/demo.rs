//! `ayaz demo`: runs everything on private servers, with a simulated fleet.

mod daemons;
pub mod fleet;
mod mix;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use ayaz_daemon::output;
use ayaz_local::{LocalStack, Options};
use ayaz_store::set_aside::{SetAsideSelection, set_aside_total};
use ayaz_store::{DatabaseUrl, backlog};
use clap::Args;
use tokio_postgres::Client;

use crate::exit::BadConfig;
use crate::output::progress::Progress;
use crate::report;
use daemons::Daemons;
use fleet::{Backfill, SimulatedFleet};

/// Log filter of the daemons in the demo. The backlog is sent as fast as possible, so ingest
/// reaches its memory limit. This is expected here and no warning.
pub(crate) const LOG_FILTER: &str = "warn,ayaz_ingest::intake=error";

/// Arguments of `ayaz demo`.
///
/// Downloads and starts a private Mosquitto and TimescaleDB, migrates the database and runs both
/// daemons. Sends the last days of a small Astana fleet in winter through MQTT, prints the
/// winter-range table, draws it, and continues live. Ctrl-C stops everything. Without --data-dir,
/// only the chart remains. If AYAZ_DATABASE_URL and AYAZ_MQTT_URL are set, uses those servers
/// instead; the database must be empty.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Buses in the fleet. The first three are E12, then three E12 with a fuel heater, then three
    /// E18. Then the order starts again. The table needs about three buses of a model and a week to
    /// show ranges.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..=500))]
    buses: u16,
    /// Days to send before going live.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
    /// Stops after being live for this time, such as `30s`, `5m` or `1h`.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    live_for: Option<Duration>,
    /// The same seed gives the same fleet and the same weather.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keeps the servers' data here, to use it later with `ayaz local`.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where to write the winter-range chart. An existing chart is overwritten.
    #[arg(long, value_name = "FILE", default_value = "ayaz-demo.svg")]
    chart: PathBuf,
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok();
    let parsed = parsed.and_then(|duration| Duration::try_from(duration).ok());
    parsed.ok_or_else(|| "write 30s, 5m or 1h".to_owned())
}

/// Runs the demo until Ctrl-C, SIGTERM or `--for`.
pub async fn run(args: DemoArgs) -> Result<()> {
    let stop = ayaz_daemon::shutdown::requested();
    tokio::pin!(stop);
    let options = Options {
        data_dir: args.data_dir.clone(),
        ..Options::default()
    };
    let stack = tokio::select! {
        stack = LocalStack::start(options, |line| ayaz_daemon::note!("{line}")) => {
            stack.context("cannot start the private servers")?
        }
        () = &mut stop => anyhow::bail!("stopped before the servers were up"),
    };
    let outcome = on_servers(&args, &stack, stop).await;
    // Also after an error, so that the servers shut down cleanly.
    let stopped = stack.stop().await.context("stop the private servers");
    outcome.and(stopped)
}

async fn on_servers(
    args: &DemoArgs,
    stack: &LocalStack,
    mut stop: std::pin::Pin<&mut impl Future<Output = ()>>,
) -> Result<()> {
    let url: DatabaseUrl = stack.database_url().parse()?;
    let mut owner = ayaz_store::Connection::open(&url, ayaz_store::Role::Owner).await?;
    if backlog::holds_readings(&owner.client).await? {
        // From an earlier run, or real readings if AYAZ_DATABASE_URL is set.
        let why = "holds readings already, and the demo would mix its own into them: give another \
                   --data-dir, or unset AYAZ_DATABASE_URL";
        return Err(BadConfig(format!("the database at {url} {why}")).into());
    }
    let migrated = ayaz_store::migrate::migrate(&url)
        .await
        .context("migrate")?;
    ayaz_daemon::note!("schema version {}", migrated.version);
    let fleet = SimulatedFleet::winter(args.seed, args.buses.into(), args.days.into());
    fleet.register(&mut owner.client).await?;
    let mut daemons = Daemons::start(stack).await?;

    let worked = tokio::select! {
        live = show(args, stack, &owner.client, fleet, daemons.admin_address()) => live,
        () = &mut stop => Ok(()),
        error = daemons.failed() => Err(error),
    };
    ayaz_daemon::note!("stopping");
    daemons.stop().await.and(worked)
}

/// Sends the backlog, shows the table, then sends live.
async fn show(
    args: &DemoArgs,
    stack: &LocalStack,
    client: &Client,
    fleet: SimulatedFleet,
    admin_address: Option<SocketAddr>,
) -> Result<()> {
    ayaz_daemon::note!(
        "sending {} days of {} buses at 1 Hz through MQTT",
        args.days,
        fleet.buses()
    );
    let mqtt = stack.mqtt_url().parse()?;
    let mut publisher = fleet::publisher(mqtt, "ayaz-demo").await?;
    let Backfill { readings, fleet } = fleet.backfill(&mut publisher).await?;
    wait_until_refreshed(client, readings).await?;
    output::write("\n")?;
    report::print_winter_range(stack.database_url()).await?;
    let chart = report::draw_winter_range(stack.database_url()).await;
    let chart = chart.and_then(|svg| {
        std::fs::write(&args.chart, svg).with_context(|| format!("write {}", args.chart.display()))
    });
    // A failed chart does not end the demo.
    let chart = match chart {
        Ok(()) => format!("{}: open it in a browser", args.chart.display()),
        Err(error) => format!("none, --chart names another place: {error:#}"),
    };
    output::write(where_to_look(args, stack, readings, admin_address, &chart))?;
    let live = fleet.live(&mut publisher);
    match args.live_for {
        Some(time) => {
            if let Ok(failed) = tokio::time::timeout(time, live).await {
                failed?;
            }
        }
        None => live.await?,
    }
    let counts = publisher.finish().await?;
    ayaz_daemon::note!(
        "{} messages acknowledged by the broker in all",
        counts.messages
    );
    Ok(())
}

fn where_to_look(
    args: &DemoArgs,
    stack: &LocalStack,
    readings: u64,
    admin_address: Option<SocketAddr>,
    chart: &str,
) -> String {
    let database = stack.database_url();
    let broker = stack.mqtt_url();
    let admin = admin_address.map_or_else(String::new, |address| {
        format!("  metrics   http://{address}/metrics   health  http://{address}/readyz\n")
    });
    let end = match args.live_for {
        Some(time) => format!("The fleet is live now, for {time:?}."),
        None => "The fleet is live now. Ctrl-C stops everything.".to_owned(),
    };
    let ayaz = own_program();
    format!(
        "\n{readings} readings sent, all of them stored. Where to look:\n\
         \x20 picture   {chart}\n\
         \x20 reports   AYAZ_DATABASE_URL={database} {ayaz} report energy --by trip\n\
         \x20 SQL       psql {database}\n\
         \x20 broker    {broker}\n\
         {admin}\
         {end}\n"
    )
}

/// The path of this program for a command in this folder.
fn own_program() -> String {
    let program = std::env::current_exe().unwrap_or_else(|_| "ayaz".into());
    let here = std::env::current_dir().unwrap_or_default();
    program
        .strip_prefix(here)
        .unwrap_or(&program)
        .display()
        .to_string()
}

/// Waits until every reading is stored and refreshed, and checks the count.
async fn wait_until_refreshed(client: &Client, readings: u64) -> Result<()> {
    let mut progress = Progress::new("readings stored", readings);
    // Uses the daemon's metric. Counting millions of rows again and again would slow the daemon
    // down.
    while daemons::readings_stored() < readings {
        progress.set(daemons::readings_stored());
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    progress.finish();
    let stored = backlog::readings_stored(client).await?;
    anyhow::ensure!(
        stored == readings,
        "{readings} readings were sent, {stored} are stored"
    );
    let all = SetAsideSelection::default();
    let aside = set_aside_total(client, &all).await?.readings;
    anyhow::ensure!(
        aside == 0,
        "{aside} of {readings} readings are set aside, so the table would not contain them"
    );
    let pending = backlog::hours_pending(client).await?;
    let mut progress = Progress::new("hours refreshed", pending);
    loop {
        let left = backlog::hours_pending(client).await?;
        progress.set(pending.saturating_sub(left));
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    progress.finish();
    Ok(())
}
