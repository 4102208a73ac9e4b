//! The worker that turns readings into energy per kilometre.

// A closed pipe or a full disk makes `println!` and `eprintln!` panic.
#![warn(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use ayaz_analytics::config::Config;
use ayaz_analytics::run::{run, run_once};
use ayaz_daemon::masked::end_if_it_shows_secrets;
use ayaz_daemon::{exit, log, output, shutdown};
use clap::Parser;

/// Turns readings into energy per kilometre, hour by hour, as they arrive.
///
/// Needs a database that `ayaz migrate` has prepared. Serves /metrics, /healthz and /readyz on
/// 127.0.0.1:9465. SIGTERM or Ctrl-C stops it at any time; unfinished hours stay queued.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Environment: AYAZ_DATABASE_URL (with it no file is needed), AYAZ__SECTION__KEY for any \
    other key, RUST_LOG, AYAZ_LOG_FORMAT=json.\n\
    Exit codes: 0 stopped as asked, 1 failed at work, 2 bad usage, 64 bad configuration."
)]
struct Arguments {
    /// TOML file; deploy/analytics.example.toml explains every key
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Process everything that is pending, print a summary, and exit when no new readings arrive
    /// for 2 s, or after 10 s if they never stop; fail if another worker runs for a minute
    #[arg(long)]
    once: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            end_if_it_shows_secrets(&error, None, error.exit_code());
            error.exit()
        }
    };
    let _log = log::init();
    ayaz_daemon::config::warn_of_misspelt_variables();
    let config = match Config::load(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(error) => {
            log::line(format_args!("ayaz-analytics: {error}"));
            return exit::BAD_CONFIG.into();
        }
    };
    let result = match arguments.once {
        true => run_once(config, shutdown::requested()).await,
        false => run(config, shutdown::requested()).await,
    };
    match result {
        Ok(work) => {
            let (hours, readings, buckets) = (work.hours, work.readings, work.buckets);
            let said = match arguments.once {
                true => output::line(format_args!(
                    "refreshed {hours} hours ({buckets} buckets); {readings} readings were read for it, some of \
                     them twice, at the edges of hours"
                )),
                false => Ok(()),
            };
            match said {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    log::line(format_args!("ayaz-analytics: {error}"));
                    exit::FAILED.into()
                }
            }
        }
        Err(error) => {
            log::line(format_args!("ayaz-analytics: {error}"));
            error.exit_code().into()
        }
    }
}
