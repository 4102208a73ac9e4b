//! `ayaz dead-letters delete`.

use anyhow::Result;
use ayaz_daemon::output;
use ayaz_store::Role;
use ayaz_store::dead_letters::{ChosenDeadLetter, choose_letters, database_time, delete_letters};
use clap::Args;
use jiff::SignedDuration;

use super::selection::{Filters, why_none};
use super::{Database, plural};
use crate::output::age;

/// Deletes letters, with their bytes.
///
/// Counts of suppressed messages stay. A letter that arrives during the command stays, too. If the
/// same message is sent again, it is a new letter.
///
/// The database's user must be allowed to act as ayaz_operator.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true).multiple(true).args([
        "all", "open", "reason", "fleet", "vehicle", "from", "to", "older_than"
    ]),
    after_help = "Examples:\n  \
        ayaz dead-letters delete --older-than 90d --dry-run\n  \
        ayaz dead-letters delete --reason payload_undecodable --vehicle b1"
)]
pub(super) struct DeleteArgs {
    /// All letters.
    #[arg(long, conflicts_with_all = ["open", "reason", "fleet", "vehicle", "from", "to", "older_than"])]
    all: bool,
    #[command(flatten)]
    filters: Filters,
    /// Only letters whose last arrival is longer ago than this, such as 90d or 12h.
    #[arg(long, value_name = "DURATION", value_parser = age::parse)]
    older_than: Option<SignedDuration>,
    /// Only shows how many letters would be deleted.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: Database,
}

pub(super) async fn run(args: DeleteArgs) -> Result<()> {
    let role = match args.dry_run {
        true => Role::Reader,
        false => Role::Operator,
    };
    let connection = args.database.open(role).await?;
    let client = &connection.client;
    let mut selection = args.filters.selection();
    if let Some(age) = args.older_than {
        selection.last_before = Some(age::before(database_time(client).await?, age));
    }
    let chosen = choose_letters(client, &selection).await?;
    if chosen.is_empty() {
        let why = why_none(client, &selection).await?;
        ayaz_daemon::note!("{}", why.nothing_to("delete")?);
        return Ok(());
    }
    if args.dry_run {
        let bytes: u64 = chosen.iter().map(bytes).sum();
        let letters = plural(chosen.len() as u64, "letter", "letters");
        output::line(format_args!(
            "{letters} with {bytes} bytes would be deleted"
        ))?;
        return Ok(());
    }
    let deleted = delete_letters(client, &chosen).await?;
    output::line(format_args!(
        "{} deleted",
        plural(deleted, "letter", "letters")
    ))?;
    let left = chosen.len() as u64 - deleted;
    if left > 0 {
        ayaz_daemon::note!(
            "{} again or deleted during the command",
            plural(left, "letter arrived", "letters arrived")
        );
    }
    Ok(())
}

fn bytes(letter: &ChosenDeadLetter) -> u64 {
    u64::from(letter.kept_bytes.unsigned_abs())
}
