//! `ayaz readings clear`.

use anyhow::Result;
use ayaz_daemon::output;
use ayaz_store::Role;
use ayaz_store::dead_letters::database_time;
use ayaz_store::set_aside::{clear, set_aside_total};
use clap::Args;

use super::plural;
use super::selection::{Filters, note_no_match};
use crate::database::Database;

/// Deletes readings that were set aside.
///
/// They cannot be restored. If one is sent again, it is set aside again.
///
/// The database's user must be allowed to act as ayaz_operator.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true).multiple(true).args([
        "all", "reason", "fleet", "vehicle", "from", "to", "older_than"
    ]),
    after_help = "Examples:\n  \
        ayaz readings clear --reason ancient --older-than 30d --dry-run\n  \
        ayaz readings clear --reason ancient --older-than 30d"
)]
pub(super) struct ClearArgs {
    /// All readings that are set aside.
    #[arg(long, conflicts_with_all = ["reason", "fleet", "vehicle", "from", "to", "older_than"])]
    all: bool,
    #[command(flatten)]
    filters: Filters,
    /// Only shows how many would be deleted.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: Database,
}

pub(super) async fn run(args: ClearArgs) -> Result<()> {
    let role = match args.dry_run {
        true => Role::Reader,
        false => Role::Operator,
    };
    let connection = args.database.open(role).await?;
    let client = &connection.client;
    let selection = args.filters.selection(database_time(client).await?);
    let total = set_aside_total(client, &selection).await?;
    if total.readings == 0 {
        return note_no_match(client, "delete").await;
    }
    if args.dry_run {
        return Ok(output::line(format_args!(
            "{} would be deleted",
            plural(total.readings, "reading", "readings")
        ))?);
    }
    let cleared = clear(client, &selection).await?;
    Ok(output::line(format_args!(
        "{} deleted",
        plural(cleared, "reading", "readings")
    ))?)
}
