//! `ayaz readings tidy`: runs once after an update.

use anyhow::{Context, Result};
use ayaz_daemon::output;
use ayaz_store::Role;
use ayaz_store::set_aside::tidy;
use clap::Args;

use super::plural;
use crate::database::Database;
use crate::output::progress::Progress;

/// Sets aside the marked readings that an earlier version left in the table, and drops chunks that
/// contain nothing else.
///
/// Earlier versions stored readings with an implausible time among the others, each day in its own
/// chunk. Run this once, as the database's owner. Then `ayaz readings reassess` can check them
/// again.
#[derive(Debug, Args)]
pub(super) struct TidyArgs {
    #[command(flatten)]
    database: Database,
}

pub(super) async fn run(args: TidyArgs) -> Result<()> {
    let mut connection = args.database.open(Role::Owner).await?;
    let mut progress: Option<Progress> = None;
    let tidied = tidy(&mut connection.client, |done, chunks| {
        progress
            .get_or_insert_with(|| Progress::new("chunks checked", chunks))
            .set(done);
    })
    .await
    .context(
        "tidying was interrupted; finished chunks stay finished, and running it again continues",
    )?;
    if let Some(progress) = progress {
        progress.finish();
    }
    Ok(output::line(format_args!(
        "{} set aside, {} dropped",
        plural(tidied.readings, "reading", "readings"),
        plural(tidied.chunks, "empty chunk", "empty chunks")
    ))?)
}
