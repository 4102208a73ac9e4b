//! `ayaz-ingest`: receives telemetry from the broker and acknowledges it after it is stored.

// A closed pipe or a full disk makes `println!` and `eprintln!` panic.
#![warn(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use ayaz_daemon::masked::end_if_it_shows_secrets;
use ayaz_daemon::{exit, log, shutdown};
use ayaz_ingest::{Config, Daemon};
use clap::Parser;

/// Receives telemetry from an MQTT broker, stores it in TimescaleDB, and acknowledges each message
/// after it is stored.
///
/// Needs a database prepared by `ayaz migrate`. Serves /metrics, /healthz and /readyz on
/// 127.0.0.1:9464. SIGTERM or Ctrl-C stops it cleanly. The broker delivers unacknowledged messages
/// again at the next start.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Environment: AYAZ_DATABASE_URL and AYAZ_MQTT_URL (these two are enough \
    without a file), AYAZ__SECTION__KEY for any other key, RUST_LOG, AYAZ_LOG_FORMAT=json.\n\
    Exit codes: 0 stopped by a signal, 1 failed, 2 wrong arguments, 64 wrong configuration."
)]
struct Arguments {
    /// TOML file; deploy/ingest.example.toml explains every key.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn main() -> ExitCode {
    // One thread is enough: PostgreSQL needs several times as long for a reading as the daemon. Stages on
    // several threads would wake each other for every message.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            log::line(format_args!("ayaz-ingest: cannot start: {error}"));
            return ExitCode::from(exit::FAILED);
        }
    };
    let code = runtime.block_on(run());
    // A DNS lookup without an answer must not delay the exit.
    runtime.shutdown_background();
    code
}

async fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            end_if_it_shows_secrets(&error, None, error.exit_code());
            error.exit()
        }
    };
    let _log = log::init();
    ayaz_daemon::config::warn_of_misspelt_variables();
    ayaz_store::failpoint::arm();
    let config = match Config::load(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(error) => {
            log::line(format_args!("ayaz-ingest: {error}"));
            return ExitCode::from(exit::BAD_CONFIG);
        }
    };
    let outcome = match Daemon::bind(config).await {
        Ok(daemon) => daemon.run(shutdown::requested()).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::line(format_args!("ayaz-ingest: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}
