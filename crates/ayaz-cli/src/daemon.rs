//! `ayaz daemon`: the same daemons as `ayaz-ingest` and `ayaz-analytics`, from one program. The
//! bench measures the ingest daemon this way, as a process of its own.

use std::path::PathBuf;

use anyhow::Result;
use ayaz_daemon::{exit, shutdown};
use clap::{Args, ValueEnum};

use crate::exit::BadConfig;

/// Arguments of `ayaz daemon`.
#[derive(Debug, Args)]
pub struct DaemonArgs {
    /// Which one.
    daemon: Which,
    /// TOML file, as the daemon's own program takes it; the environment lies over it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    /// Broker in, database out.
    Ingest,
    /// Readings to energy and range.
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
