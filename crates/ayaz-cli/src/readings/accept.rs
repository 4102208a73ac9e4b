//! `ayaz readings accept`, and the code that it shares with `reassess`.

use anyhow::{Context, Result};
use ayaz_daemon::output;
use ayaz_store::Role;
use ayaz_store::dead_letters::database_time;
use ayaz_store::set_aside::{SetAsideSelection, SetAsideTotal, accept, set_aside_total};
use clap::Args;
use tokio_postgres::Client;

use super::plural;
use super::selection::{Filters, note_no_match};
use crate::database::Database;
use crate::output::progress::Progress;

/// Accepts readings: they become normal readings.
///
/// The worker refreshes their hours. Each day that the database does not have yet needs a new
/// chunk. A reading whose time is still in the future stays set aside.
///
/// The database's user must be allowed to act as ayaz_operator.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true).multiple(true).args([
        "all", "reason", "fleet", "vehicle", "from", "to", "older_than"
    ]),
    after_help = "Examples:\n  \
        ayaz readings accept --vehicle b1 --reason many_days --dry-run\n  \
        ayaz readings accept --vehicle b1 --reason many_days\n  \
        ayaz readings accept --all"
)]
pub(super) struct AcceptArgs {
    /// All readings that are set aside.
    #[arg(long, conflicts_with_all = ["reason", "fleet", "vehicle", "from", "to", "older_than"])]
    all: bool,
    #[command(flatten)]
    filters: Filters,
    /// Only shows what would be accepted.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: Database,
}

pub(super) async fn run(args: AcceptArgs) -> Result<()> {
    let role = match args.dry_run {
        true => Role::Reader,
        false => Role::Operator,
    };
    let mut connection = args.database.open(role).await?;
    let selection = args
        .filters
        .selection(database_time(&connection.client).await?);
    accept_readings(&mut connection.client, &selection, args.dry_run).await
}

/// Accepts the selected readings, and prints the result.
pub(super) async fn accept_readings(
    client: &mut Client,
    selection: &SetAsideSelection,
    dry_run: bool,
) -> Result<()> {
    let SetAsideTotal {
        readings,
        days,
        still_future,
    } = set_aside_total(client, selection).await?;
    if readings == 0 {
        return note_no_match(client, "accept").await;
    }
    let ready = readings - still_future;
    if dry_run {
        output::line(format_args!(
            "{} of {} would be accepted",
            plural(ready, "reading", "readings"),
            plural(days, "day", "days")
        ))?;
    } else {
        let mut progress = Progress::new("days accepted", days);
        let accepted = accept(client, selection, |checkpoint| {
            progress.set(checkpoint.days)
        })
        .await
        .context("accepting was interrupted; accepted readings stay accepted, and running it again continues")?;
        progress.finish();
        output::line(format_args!(
            "{} of {} accepted; the worker refreshes their hours",
            plural(accepted.readings, "reading", "readings"),
            plural(accepted.days, "day", "days")
        ))?;
    }
    if still_future > 0 {
        ayaz_daemon::note!(
            "{} still in the future by the database's clock",
            plural(
                still_future,
                "reading stays set aside: its time is",
                "readings stay set aside: their times are"
            )
        );
    }
    Ok(())
}
