//! `ayaz context`: what is known of vehicles beside their readings, and since when.
//!
//! Reading order of an import: [`import`]; [`read`] (files to bytes), [`file`] (bytes to rows of a known
//! kind), [`line`] (rows to records), [`time`], [`depot_zones`] and [`depot_changes`] (what a date
//! means), [`resolve`] with [`overlap`] (what the records mean together and with what is stored),
//! [`problem`] (how mistakes are told). Then [`list`] and [`export`] over [`sheet`], and [`periods`].

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

/// Each paragraph is one line, which clap breaks where the terminal ends.
const LONG_ABOUT: &str = "\
Models, depots, tyres, firmware, routes: what is known of vehicles, and since when.

Readings do not say which tyres are on a bus, or where its day begins. This is entered as CSV files of \
four kinds, which are told by their header:

models    model,length_m,usable_energy_kwh,heater
depots    depot,zone,cut_over_hour
vehicles  fleet,vehicle,model
context   fleet,vehicle,attribute,value,valid_from,valid_to

Samples are in deploy/context/.";

/// Models, depots, tyres, firmware, routes: what is known of vehicles, and since when.
#[derive(Debug, Args)]
#[command(
    long_about = LONG_ABOUT,
    after_help = "From nothing to a change of tyres:\n  \
        ayaz context import --dry-run deploy/context/*.csv   is all well?\n  \
        ayaz context import deploy/context/*.csv\n  \
        ayaz context list --vehicle bus-1                    what is known of a bus\n  \
        ayaz context export now                              all, as files to edit\n  \
        ayaz context import now/context.csv                  after editing"
)]
pub struct ContextArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    // Each has its own help, which a comment here would hide.
    Import(import::ImportArgs),
    List(list::ListArgs),
    Export(export::ExportArgs),
}

/// The command.
pub async fn run(args: ContextArgs) -> Result<()> {
    match args.action {
        Action::Import(args) => import::run(args).await,
        Action::List(args) => list::run(args).await,
        Action::Export(args) => export::run(args).await,
    }
}
