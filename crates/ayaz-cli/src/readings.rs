//! `ayaz readings`: readings that were set aside, and what becomes of them.
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

/// Shows readings that were set aside, and takes them in or clears them.
///
/// A reading whose time is not believed (later than the clock allows, or before the accepted window),
/// and readings of further days when a vehicle sends more distinct days in an hour than it may
/// (limits.vehicle_days_per_hour_max of ayaz-ingest), are stored apart: whole, once, and in no sum. They
/// wait there for a decision.
#[derive(Debug, Args)]
#[command(after_help = "From a warning to its end:\n  \
    ayaz readings list                            which vehicles, why\n  \
    ayaz readings accept --vehicle b1 --dry-run   what would be taken in\n  \
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
    // Each has its own help, which a comment here would hide.
    List(list::ListArgs),
    Accept(accept::AcceptArgs),
    Reassess(reassess::ReassessArgs),
    Clear(clear::ClearArgs),
    Tidy(tidy::TidyArgs),
}

/// The command.
pub async fn run(args: ReadingsArgs) -> Result<()> {
    match args.action {
        Action::List(args) => list::run(args).await,
        Action::Accept(args) => accept::run(args).await,
        Action::Reassess(args) => reassess::run(args).await,
        Action::Clear(args) => clear::run(args).await,
        Action::Tidy(args) => tidy::run(args).await,
    }
}
