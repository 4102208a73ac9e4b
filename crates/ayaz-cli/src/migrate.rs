//! `ayaz migrate`: the schema.

use anyhow::{Context, Result};
use ayaz_daemon::output;
use clap::Args;

use crate::database::Database;

/// Arguments of `ayaz migrate`.
///
/// Run it as the database's owner, before the daemons of a new version are started. Migrations only
/// go forward; running it again changes nothing.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    database: Database,
}

/// Migrates, and says what was done.
pub async fn run(args: MigrateArgs) -> Result<()> {
    let url = args.database.url()?;
    let migrated = ayaz_store::migrate::migrate_reporting(&url, |line| output::note(line))
        .await
        .context("migrate")?;
    for name in &migrated.applied {
        output::line(format_args!("applied {name}"))?;
    }
    for role in &migrated.roles_made {
        output::line(format_args!("made the role {role}"))?;
    }
    if migrated.grants_renewed {
        output::line("granted the roles their rights anew")?;
    }
    if migrated.views_made {
        output::line("made the views and functions")?;
    }
    output::line(format_args!(
        "schema version {} (TimescaleDB edition: {})",
        migrated.version, migrated.edition
    ))?;
    if !migrated.to_revoke.is_empty() {
        ayaz_daemon::note!(
            "everybody who may connect may still do what no part of Ayaz needs, and this login may not \
             revoke it; have a superuser run in this database:"
        );
        for statement in &migrated.to_revoke {
            ayaz_daemon::note!("  {statement};");
        }
    }
    Ok(())
}
