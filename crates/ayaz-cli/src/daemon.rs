//! `ayaz daemon`: runs the daemons `ayaz-ingest` and `ayaz-analytics` from this program. The bench
//! measures the ingest daemon this way, as a separate process.

use std::path::PathBuf;

use anyhow::Result;
use ayaz_daemon::{exit, shutdown};
use clap::{Args, ValueEnum};

use crate::exit::BadConfig;

/// Arguments of `ayaz daemon`.
#[derive(Debug, Args)]
pub struct DaemonArgs {
    /// Which daemon to run.
    daemon: Which,
    /// TOML file, as for the daemon's own program. Environment variables override it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    /// Reads from the broker and writes to the database.
    Ingest,
    /// Computes energy and range from readings.
    Analytics,
}

/// Runs the daemon until SIGTERM or Ctrl-C.
pub async fn run(args: DaemonArgs) -> Result<()> {
    let path = args.config.as_deref();
    let bad = |error: ayaz_daemon::config::ConfigError| BadConfig(error.to_string());
    match args.daemon {
        Which::Ingest => {
            let config = ayaz_ingest::Config::load(path).map_err(bad)?;
            let ran = match ayaz_ingest::Daemon::bind(config).await {
                Ok(daemon) => daemon.run(shutdown::requested()).await,
                Err(error) => Err(error),
            };
            ran.map_err(|error| failure(error.exit_code(), error))
        }
        Which::Analytics => {
            let config = ayaz_analytics::config::Config::load(path).map_err(bad)?;
            let ran = ayaz_analytics::run::run(config, shutdown::requested()).await;
            ran.map(drop)
                .map_err(|error| failure(error.exit_code(), error))
        }
    }
}

/// The same exit code as the daemon's own program.
fn failure(code: u8, error: impl Into<anyhow::Error>) -> anyhow::Error {
    let error = error.into();
    if code == exit::BAD_CONFIG {
        BadConfig(error.to_string()).into()
    } else {
        error
    }
}
