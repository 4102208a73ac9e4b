//! `ayaz readings accept`, and what `reassess` shares with it.

use anyhow::{Context, Result};
use ayaz_daemon::output;
use ayaz_store::Role;
use ayaz_store::dead_letters::database_time;
use ayaz_store::set_aside::{SetAsideSelection, SetAsideTotal, accept, set_aside_total};
use clap::Args;
use tokio_postgres::Client;

use super::plural;
use super::selection::{Filters, tell_of_nothing};
use crate::database::Database;
use crate::output::progress::Progress;

/// Takes readings in: their time is believed from then on.
///
/// They become readings like any other, and the worker works out their hours. Each day of them that the
/// database does not know yet costs it a chunk. A reading whose time has not come yet stays where it is.
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
    /// Only shows what would be taken in.
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
    take_in(&mut connection.client, &selection, args.dry_run).await
}

/// Takes the selected readings in, and tells.
pub(super) async fn take_in(
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
        return tell_of_nothing(client, "take in").await;
    }
    let ready = readings - still_future;
    if dry_run {
        output::line(format_args!(
            "{} of {} would be taken in",
            plural(ready, "reading", "readings"),
            plural(days, "day", "days")
        ))?;
    } else {
        let mut progress = Progress::new("days taken in", days);
        let accepted = accept(client, selection, |checkpoint| {
            progress.set(checkpoint.days)
        })
        .await
        .context("taking in broke off; what was taken in stays, and running it again goes on")?;
        progress.finish();
        output::line(format_args!(
            "{} of {} taken in; the worker works out their hours",
            plural(accepted.readings, "reading", "readings"),
            plural(accepted.days, "day", "days")
        ))?;
    }
    if still_future > 0 {
        ayaz_daemon::note!(
            "{} not yet come by the database's clock",
            plural(
                still_future,
                "reading stays set aside: its time has",
                "readings stay set aside: their times have"
            )
        );
    }
    Ok(())
}
