//! `ayaz migrate`: the schema.

use anyhow::{Context, Result};
use ayaz_daemon::output;
use ayaz_store::DatabaseUrl;
use clap::Args;

use crate::cli::BadConfig;

/// Arguments of `ayaz migrate`.
///
/// Run it as the database's owner, before the daemons of a new version are started. Migrations only
/// go forward; running it again changes nothing.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// postgres://OWNER:PASSWORD@HOST:PORT/DATABASE. Better given by the environment variable,
    /// which other users of this machine do not see.
    // Text, because clap repeats a value that it cannot parse, and this one holds a password.
    #[arg(
        long,
        value_name = "URL",
        env = "AYAZ_DATABASE_URL",
        hide_env_values = true
    )]
    database_url: String,
}

/// Migrates, and says what was done.
pub async fn run(args: MigrateArgs) -> Result<()> {
    let url: DatabaseUrl = args
        .database_url
        .parse()
        .map_err(|error| BadConfig(format!("{error}")))?;
    let migrated = ayaz_store::migrate::migrate(&url)
        .await
        .context("migrate")?;
    for name in &migrated.applied {
        output::line(format_args!("applied {name}"))?;
    }
    output::line(format_args!(
        "schema version {} (TimescaleDB edition: {})",
        migrated.version, migrated.edition
    ))?;
    Ok(())
}
