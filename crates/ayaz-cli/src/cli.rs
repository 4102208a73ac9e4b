//! Arguments of the process and its commands.

use std::process::ExitCode;

use ayaz_daemon::config::{misspelt_variables, warn_of_misspelt_variables};
use ayaz_daemon::masked::end_if_it_shows_secrets;
use ayaz_daemon::{exit, log, output};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};

use crate::exit::code;
use crate::output::progress::AboveBars;
use crate::{
    context, daemon, dead_letters, demo, local, migrate, readings, replay, report, simulate,
};

/// Collects and stores battery and heating telemetry of electric buses in extreme cold, and
/// computes energy and range by temperature.
///
/// Start with `ayaz demo`. With your own servers: run `ayaz migrate`, then the daemons
/// `ayaz-ingest` and `ayaz-analytics`, then `ayaz replay` or real buses, then `ayaz report`.
#[derive(Debug, Parser)]
#[command(
    name = "ayaz",
    version,
    propagate_version = true,
    after_help = "Environment: \
    AYAZ_DATABASE_URL, AYAZ_MQTT_URL, AYAZ_CACHE_DIR (fetched servers), RUST_LOG, \
    AYAZ_LOG_FORMAT=json.\n\n\
    Exit codes: 0 done, 1 failed, 2 bad usage, 64 bad configuration."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts everything on private servers with a simulated fleet, and shows the winter range.
    Demo(demo::DemoArgs),
    /// Starts a private broker and TimescaleDB, and prints their addresses.
    Local(local::LocalArgs),
    /// Brings the database's schema up to date.
    Migrate(migrate::MigrateArgs),
    /// Publishes recorded logs over MQTT, as the vehicle would.
    Replay(replay::Args),
    /// Publishes a simulated cold snap over MQTT, and writes the true values to files.
    Simulate(simulate::SimulateArgs),
    /// Shows energy and range, for people and for programs.
    Report(report::ReportArgs),
    // These have their own help. A doc comment here would hide it.
    Context(context::ContextArgs),
    DeadLetters(dead_letters::DeadLettersArgs),
    Readings(readings::ReadingsArgs),
    /// Measures the performance of this machine.
    Bench(ayaz_bench::BenchArgs),
    /// Runs one of the daemons from this program.
    Daemon(daemon::DaemonArgs),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => match missing_addresses(&error) {
            Some(text) => {
                for sentence in misspelt_variables() {
                    output::note(format_args!("ayaz: {sentence}"));
                }
                output::note(format_args!("ayaz: {text}"));
                return ExitCode::from(exit::BAD_USAGE);
            }
            None => {
                let hint = option_of_address(&error);
                end_if_it_shows_secrets(&error, hint.as_deref(), error.exit_code());
                error.exit()
            }
        },
    };
    let mut runtime = match cli.command {
        // The daemons' own programs use one thread, too.
        Command::Daemon(_) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::note(format_args!("ayaz: cannot start: {error}"));
            return ExitCode::from(exit::FAILED);
        }
    };
    let is_daemon = matches!(cli.command, Command::Daemon(_));
    // Daemons log what they do. Other commands print their own output.
    let log = {
        let _entered = runtime.enter();
        match &cli.command {
            Command::Daemon(_) => log::init(),
            Command::Demo(_) => log::init_with(demo::LOG_FILTER, AboveBars),
            _ => log::init_with("warn", AboveBars),
        }
    };
    warn_of_misspelt_variables();
    let ended = runtime.block_on(run(cli.command));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = format!("ayaz: {error:#}");
            if is_daemon {
                log::line(text);
            } else {
                // Flush the log first. A slow terminal may still be reading it.
                drop(log);
                output::note(text);
            }
            ExitCode::from(code(&error))
        }
    }
}

/// Arguments that are better set by environment variables, with these variables.
const ADDRESSES: [(&str, &str); 2] = [
    ("--database-url", "AYAZ_DATABASE_URL"),
    ("--mqtt-url", "AYAZ_MQTT_URL"),
];

/// The error text if only addresses are missing. clap would name only the arguments.
fn missing_addresses(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::MissingRequiredArgument {
        return None;
    }
    let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let address = |argument: &String| {
        ADDRESSES
            .iter()
            .find(|(name, _)| argument.split(' ').next() == Some(name))
    };
    let missing: Vec<_> = missing.iter().map(address).collect::<Option<_>>()?;
    let list = |names: Vec<&str>| names.join(" and ");
    Some(format!(
        "set {}, or give {}",
        list(missing.iter().map(|(_, variable)| *variable).collect()),
        list(missing.iter().map(|(name, _)| *name).collect()),
    ))
}

/// A hint for an address that is given where no argument is expected.
fn option_of_address(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let (scheme, _) = argument.split_once("://")?;
    let (option, variable) = match scheme {
        "postgres" | "postgresql" => ADDRESSES[0],
        "mqtt" => ADDRESSES[1],
        _ => return None,
    };
    Some(format!(
        "To give an address, set {variable}, or write {option} URL."
    ))
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Demo(args) => demo::run(args).await,
        Command::Local(args) => local::run(args).await,
        Command::Migrate(args) => migrate::run(args).await,
        Command::Simulate(args) => simulate::run(args).await,
        Command::Replay(args) => replay::run(args).await,
        Command::Report(args) => report::run(args).await,
        Command::Context(args) => context::run(args).await,
        Command::DeadLetters(args) => dead_letters::run(args).await,
        Command::Readings(args) => readings::run(args).await,
        Command::Bench(args) => ayaz_bench::run(args).await,
        Command::Daemon(args) => daemon::run(args).await,
    }
}

#[cfg(test)]
mod tests;
