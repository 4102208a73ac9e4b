//! `ayaz dead-letters`: shows refused messages with the reasons, and replays them after a fix.
//!
//! Reading order: [`selection`] (which letters), [`list`], [`show`] with [`payload`] (the decodable
//! part of the bytes) and [`hexdump`], [`replay`], [`delete`].

mod delete;
mod hexdump;
mod list;
mod payload;
mod replay;
mod selection;
mod show;

use anyhow::Result;
use ayaz_store::dead_letters::Digest;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::database::Database;
use crate::output::plural::plural;

/// Shows refused messages with the reasons, and replays them after a fix.
///
/// A message that cannot be decoded or breaks a limit is kept as a dead letter, with its bytes, its
/// topic and the reason. Then it is acknowledged. The same bytes on the same topic are one letter,
/// even if they are delivered many times. The number of new letters and their bytes are limited per
/// vehicle and hour, and in total (dead_letters in the configuration of ayaz-ingest). Messages over
/// a limit are counted as suppressed.
#[derive(Debug, Args)]
#[command(after_help = "From a problem to its fix:\n  \
    ayaz dead-letters list                            vehicles, reasons\n  \
    ayaz dead-letters list --letters --vehicle b1     its letters, with digests\n  \
    ayaz dead-letters show 3f2a91                     one letter: its bytes\n  \
    ayaz dead-letters replay --vehicle b1 --dry-run   what would be sent again\n  \
    ayaz dead-letters replay --vehicle b1             after the fix\n  \
    ayaz dead-letters list --open                     letters that remain open\n  \
    ayaz dead-letters delete --older-than 90d         deletes old letters")]
pub struct DeadLettersArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    // Each has its own help. A doc comment here would hide it.
    List(list::ListArgs),
    Show(show::ShowArgs),
    Replay(replay::ReplayArgs),
    Delete(delete::DeleteArgs),
}

/// Runs the command.
pub async fn run(args: DeadLettersArgs) -> Result<()> {
    match args.action {
        Action::List(args) => list::run(args).await,
        Action::Show(args) => show::run(args).await,
        Action::Replay(args) => replay::run(args).await,
        Action::Delete(args) => delete::run(args).await,
    }
}

/// The time for people.
fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn short(digest: &Digest) -> String {
    digest.short()
}
