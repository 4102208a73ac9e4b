//! `ayaz context`: facts about vehicles that their readings do not contain, and when they are
//! valid.
//!
//! Reading order of an import: [`import`]; [`read`] (files to bytes), [`file`] (bytes to rows of a
//! known kind), [`line`] (rows to records), [`time`], [`depot_zones`] and [`depot_changes`] (dates
//! to instants), [`resolve`] with [`overlap`] (checks the records against each other and against
//! the stored ones), [`problem`] (error messages). Then [`list`] and [`export`] over [`sheet`], and
//! [`periods`].

mod depot_changes;
mod depot_zones;
mod export;
mod file;
mod import;
mod line;
mod list;
mod overlap;
mod periods;
mod problem;
mod read;
mod resolve;
mod sheet;
#[cfg(test)]
mod tests;
mod time;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::database::Database;

/// Each paragraph is one line. clap wraps it at the width of the terminal.
const LONG_ABOUT: &str = "\
Models, depots, tyres, firmware, routes: facts about vehicles, and when they are valid.

Readings do not say which tyres a bus has, or which depot it belongs to. Enter this as CSV files of \
four kinds. The header shows the kind:

models    model,length_m,usable_energy_kwh,heater
depots    depot,zone,cut_over_hour
vehicles  fleet,vehicle,model
context   fleet,vehicle,attribute,value,valid_from,valid_to

Samples are in deploy/context/.";

/// Models, depots, tyres, firmware, routes: facts about vehicles, and when they are valid.
#[derive(Debug, Args)]
#[command(
    long_about = LONG_ABOUT,
    after_help = "From an empty database to a change of tyres:\n  \
        ayaz context import --dry-run deploy/context/*.csv   checks the files\n  \
        ayaz context import deploy/context/*.csv\n  \
        ayaz context list --vehicle bus-1                    facts about a bus\n  \
        ayaz context export now                              all facts, as files to edit\n  \
        ayaz context import now/context.csv                  after editing"
)]
pub struct ContextArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    // Each has its own help. A doc comment here would hide it.
    Import(import::ImportArgs),
    List(list::ListArgs),
    Export(export::ExportArgs),
}

/// Runs the command.
pub async fn run(args: ContextArgs) -> Result<()> {
    match args.action {
        Action::Import(args) => import::run(args).await,
        Action::List(args) => list::run(args).await,
        Action::Export(args) => export::run(args).await,
    }
}
