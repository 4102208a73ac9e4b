//! `ayaz context export`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use ayaz_daemon::output;
use ayaz_store::Role;
use ayaz_store::context::{Selection, StoredContext};
use clap::Args;

use super::Database;
use super::file::Kind;
use super::sheet::sheet;
use crate::output::printable::printable;

/// Writes all stored facts into a folder, as files that can be edited and imported again.
///
/// The files are models.csv, depots.csv, vehicles.csv and context.csv. Importing them unchanged
/// changes nothing. If a file exists already, the command names it and writes nothing, unless
/// --overwrite is given.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The folder. It is created if it does not exist.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Overwrites existing files.
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    database: Database,
}

pub(super) async fn run(args: ExportArgs) -> Result<()> {
    let connection = args.database.open(Role::Reader).await?;
    let stored = StoredContext::load(&connection.client, &Selection::default()).await?;
    std::fs::create_dir_all(&args.dir)
        .with_context(|| format!("make the folder {}", args.dir.display()))?;
    let paths = Kind::ALL.map(|kind| args.dir.join(format!("{}.csv", kind.name())));
    if let Some(path) = paths.iter().find(|path| path.exists())
        && !args.overwrite
    {
        anyhow::bail!(
            "{} exists already: choose another folder, or give --overwrite",
            path.display()
        );
    }
    for (kind, path) in Kind::ALL.into_iter().zip(&paths) {
        let sheet = sheet(kind, &stored);
        std::fs::write(path, sheet.to_csv()?)
            .with_context(|| format!("write {}", path.display()))?;
        output::line(format_args!(
            "{}  {} rows",
            path.display(),
            sheet.rows().len()
        ))?;
    }
    let without_energy: Vec<&str> = stored
        .models
        .iter()
        .filter(|model| model.usable_energy_kwh.is_none())
        .map(|model| model.model.as_str())
        .collect();
    if !without_energy.is_empty() {
        ayaz_daemon::note!(
            "models without usable energy ({}) will not be imported: enter it first",
            printable(&without_energy.join(", "))
        );
    }
    Ok(())
}
