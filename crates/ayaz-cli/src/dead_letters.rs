//! `ayaz dead-letters`: what was refused and why, and running it again after a fix.
//!
//! Reading order: [`selection`] (which letters), [`list`], [`show`] with [`payload`] (what of the
//! bytes makes sense) and [`hexdump`], [`replay`], [`delete`].

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

/// Shows which messages were refused and why, and runs them again after a fix.
///
/// A message that cannot be decoded or breaks a limit is kept as a dead letter, with its bytes, its
/// topic and the reason, and then acknowledged. The same bytes on the same topic are one letter,
/// however often they are delivered. Of one vehicle only so many new letters are kept in an hour, and
/// so many bytes, and in all (dead_letters in the configuration of ayaz-ingest); what comes over that is
/// counted as suppressed.
#[derive(Debug, Args)]
#[command(after_help = "From a complaint to its end:\n  \
    ayaz dead-letters list                            vehicles, reasons\n  \
    ayaz dead-letters list --letters --vehicle b1     its letters, with digests\n  \
    ayaz dead-letters show 3f2a91                     one letter: its bytes\n  \
    ayaz dead-letters replay --vehicle b1 --dry-run   what would be sent again\n  \
    ayaz dead-letters replay --vehicle b1             after the fix\n  \
    ayaz dead-letters list --open                     what is left\n  \
    ayaz dead-letters delete --older-than 90d         what nobody needs")]
pub struct DeadLettersArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    // Each has its own help, which a comment here would hide.
    List(list::ListArgs),
    Show(show::ShowArgs),
    Replay(replay::ReplayArgs),
    Delete(delete::DeleteArgs),
}

/// The command.
pub async fn run(args: DeadLettersArgs) -> Result<()> {
    match args.action {
        Action::List(args) => list::run(args).await,
        Action::Show(args) => show::run(args).await,
        Action::Replay(args) => replay::run(args).await,
        Action::Delete(args) => delete::run(args).await,
    }
}

/// As people read it.
fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn short(digest: &Digest) -> String {
    digest.short()
}
