//! `ayaz local`: starts only the servers.

use std::path::PathBuf;

use anyhow::{Context, Result};
use ayaz_daemon::output;
use ayaz_local::{LocalStack, Options};
use clap::Args;

use crate::exit::BadUsage;

/// Arguments of `ayaz local`.
///
/// Starts a private Mosquitto and TimescaleDB on free ports of 127.0.0.1 and prints two lines,
/// `AYAZ_MQTT_URL=…` and `AYAZ_DATABASE_URL=…`, to standard output. Runs until Ctrl-C or SIGTERM.
/// The passwords in them are random and belong to these servers only.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: ayaz local > servers.env & … ; set -a; . ./servers.env; ayaz migrate"
)]
pub struct LocalArgs {
    /// Keeps the servers' data here. Without it, the servers start empty and leave no data.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Runs until Ctrl-C or SIGTERM.
pub async fn run(args: LocalArgs) -> Result<()> {
    if ["AYAZ_DATABASE_URL", "AYAZ_MQTT_URL"]
        .iter()
        .all(|name| std::env::var_os(name).is_some())
    {
        let nothing = "AYAZ_DATABASE_URL and AYAZ_MQTT_URL name servers, so there is none to start: unset both";
        return Err(BadUsage(nothing.to_owned()).into());
    }
    let options = Options {
        data_dir: args.data_dir,
        ..Options::default()
    };
    let stop = ayaz_daemon::shutdown::requested();
    tokio::pin!(stop);
    let mut stack = tokio::select! {
        stack = LocalStack::start(options, |line| ayaz_daemon::note!("{line}")) => {
            stack.context("cannot start the private servers")?
        }
        () = &mut stop => anyhow::bail!("stopped before the servers were up"),
    };
    output::line(format_args!("AYAZ_MQTT_URL={}", stack.mqtt_url()))?;
    output::line(format_args!("AYAZ_DATABASE_URL={}", stack.database_url()))?;
    ayaz_daemon::note!("running until stopped (Ctrl-C, or kill)");
    let ended = tokio::select! {
        () = stop => None,
        ended = stack.server_ended() => Some(ended),
    };
    stack.stop().await.context("stop the private servers")?;
    match ended {
        None => Ok(()),
        Some(error) => Err(error.into()),
    }
}
