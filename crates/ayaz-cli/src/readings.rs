//! `ayaz readings`: shows readings that were set aside, and accepts or deletes them.
//!
//! Reading order: [`selection`] (which readings), [`list`], [`accept`], [`reassess`], [`clear`], [`tidy`].

mod accept;
mod clear;
mod list;
mod reassess;
mod selection;
mod tidy;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::output::plural::plural;

/// Shows readings that were set aside, and accepts or deletes them.
///
/// Two kinds of readings are set aside: a reading whose time is not plausible (later than the clock
/// allows, or before the accepted window), and readings of further days when a vehicle sends more
/// distinct days in an hour than it may (limits.vehicle_days_per_hour_max of ayaz-ingest). They are
/// stored in a separate table, completely, once, and are in no sum, until you accept or clear them.
#[derive(Debug, Args)]
#[command(after_help = "From a warning to its fix:\n  \
    ayaz readings list                            which vehicles, why\n  \
    ayaz readings accept --vehicle b1 --dry-run   what would be accepted\n  \
    ayaz readings accept --vehicle b1             history of a bus\n  \
    ayaz readings reassess --clock-behind 1h --from 2026-01-31 --dry-run\n                                                \
    after our clock was wrong\n  \
    ayaz readings clear --reason ancient --older-than 30d")]
pub struct ReadingsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    // Each has its own help. A doc comment here would hide it.
    List(list::ListArgs),
    Accept(accept::AcceptArgs),
    Reassess(reassess::ReassessArgs),
    Clear(clear::ClearArgs),
    Tidy(tidy::TidyArgs),
}

/// Runs the command.
pub async fn run(args: ReadingsArgs) -> Result<()> {
    match args.action {
        Action::List(args) => list::run(args).await,
        Action::Accept(args) => accept::run(args).await,
        Action::Reassess(args) => reassess::run(args).await,
        Action::Clear(args) => clear::run(args).await,
        Action::Tidy(args) => tidy::run(args).await,
    }
}
