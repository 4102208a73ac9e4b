//! `ayaz migrate`: updates the schema.

use anyhow::{Context, Result};
use ayaz_daemon::output;
use clap::Args;

use crate::database::Database;

/// Arguments of `ayaz migrate`.
///
/// Run it as the database's owner, before the daemons of a new version start. Migrations only go
/// forward. Running it again changes nothing.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    database: Database,
}

/// Migrates, and prints what changed.
pub async fn run(args: MigrateArgs) -> Result<()> {
    let url = args.database.url()?;
    let migrated = ayaz_store::migrate::migrate_reporting(&url, |line| output::note(line))
        .await
        .context("migrate")?;
    for name in &migrated.applied {
        output::line(format_args!("applied {name}"))?;
    }
    for role in &migrated.roles_made {
        output::line(format_args!("created the role {role}"))?;
    }
    if migrated.grants_renewed {
        output::line("renewed the grants of the roles")?;
    }
    if migrated.views_made {
        output::line("created the views and functions")?;
    }
    output::line(format_args!(
        "schema version {} (TimescaleDB edition: {})",
        migrated.version, migrated.edition
    ))?;
    if !migrated.to_revoke.is_empty() {
        ayaz_daemon::note!(
            "every user who can connect still has rights that Ayaz does not need, and this login may not \
             revoke them; let a superuser run in this database:"
        );
        for statement in &migrated.to_revoke {
            ayaz_daemon::note!("  {statement};");
        }
    }
    Ok(())
}
