//! `ayaz context import`: files into the database, all or nothing.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use ayaz_daemon::output;
use ayaz_store::Role;
use ayaz_store::context::{ContextWriter, StoredContext};
use clap::Args;
use std::collections::BTreeSet;
use tokio_postgres::Client;

use super::Database;
use super::file::{self, Kind};
use super::line::Lines;
use super::problem::Problems;
use super::read;
use super::resolve::{Resolved, resolve};
use crate::output::plural::plural;

/// Each paragraph is one line. clap wraps it at the width of the terminal.
const LONG_ABOUT: &str = "\
Imports CSV files about models, depots and vehicles.

All files of one call are stored together. If there is a mistake, nothing is stored, and each mistake is shown \
with file, line, value and what to do. Importing a file again changes nothing. A record that is stored \
already under the same key (model; depot; fleet and vehicle; fleet, vehicle, attribute and valid_from) is \
replaced. But the model of a vehicle and the heater of a model are valid for all of the past: if an import \
would change one, nothing is stored unless --replace is given. Nothing is deleted: to delete, use \
SQL (delete from vehicle_context …).

Files are UTF-8, separated by commas, and their first line shows the kind:

model,length_m,usable_energy_kwh,heater:
A model needs its usable energy. heater: electric, fuel, heat_pump, none or empty.

depot,zone,cut_over_hour:
A zone such as Asia/Almaty; the hour at which a service day begins, 3 if empty.

fleet,vehicle,model:
A vehicle's model never changes (correct a wrong one with --replace). Vehicles may be \
entered before their first message; an empty model keeps the stored one.

fleet,vehicle,attribute,value,valid_from,valid_to:
Attributes: depot, tyres, firmware, cabin_setpoint_celsius (0 to 40), route, usable_energy_kwh (of a bus \
that differs from its model). An unknown vehicle is added. Two records of one vehicle and \
attribute may not overlap.

valid_from is the first instant, valid_to the first instant after the end: when winter tyres start, the summer \
tyres end. Times are RFC 3339 (2026-01-31T03:00:00+05:00), or a date. A date means midnight at the start of \
this day, in the zone of the vehicle's depot at that time (before its first depot: the zone of the first one; with \
no depot: the zone of service_day_default, UTC if not set). An empty valid_from means always valid, an empty \
valid_to means no end.

A change of depots on a date is one instant. If a bus leaves one depot and enters another on the same date, \
both happen at midnight of the new depot. So, with two zones, no hours are without a depot and none have \
two. (The record of the old depot, with that date as valid_to, must \
be in the files. The record of the new depot may be stored already.)

Values may have a ' before them, so that a spreadsheet does not read them as a formula (export writes it \
before = + - @). The import removes it.

The database's user must be allowed to act as ayaz_operator. When a depot changes, ayaz-analytics \
refreshes the hours whose service day changes.";

/// Imports CSV files about models, depots and vehicles.
#[derive(Debug, Args)]
#[command(
    long_about = LONG_ABOUT,
    after_help = "Examples:\n  \
        ayaz context import --dry-run models.csv vehicles.csv\n  \
        ayaz context import deploy/context/*.csv\n  \
        ayaz context import --replace vehicles.csv   a bus had the wrong model\n  \
        ssh depot cat context.csv | ayaz context import -"
)]
pub(super) struct ImportArgs {
    /// The files, together 64 MB at most. - is standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Validates and shows the changes without saving them.
    #[arg(long)]
    dry_run: bool,
    /// Also changes a stored model of a vehicle or a stored heater of a model.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    database: Database,
}

pub(super) async fn run(args: ImportArgs) -> Result<()> {
    let files = read::all(&args.files)?;
    let mut connection = args.database.open(Role::Operator).await?;
    let options = ImportOptions {
        is_dry_run: args.dry_run,
        replaces: args.replace,
    };
    let resolved = import(&mut connection.client, &files, options).await?;
    if !resolved.replaced.is_empty() {
        output::line(format_args!("replaced:\n{}", resolved.replaced))?;
    }
    for kind in Kind::ALL {
        if let Some(counts) = resolved.counts.get(&kind) {
            output::line(format_args!("{:<9} {counts}", kind.name()))?;
        }
    }
    if resolved.counts.is_empty() {
        output::line("the files hold no records")?;
    }
    if args.dry_run {
        output::line("nothing is stored (--dry-run)")?;
    }
    Ok(())
}

/// Options of an import.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ImportOptions {
    /// Rolls the import back.
    pub(super) is_dry_run: bool,
    /// Also changes a stored model of a vehicle or a stored heater of a model.
    pub(super) replaces: bool,
}

/// Imports the files, given by name and bytes.
pub(super) async fn import(
    client: &mut Client,
    files: &[(String, Vec<u8>)],
    options: ImportOptions,
) -> Result<Resolved> {
    let writer = ContextWriter::begin(client).await?;
    let stored = writer.stored().await?;
    let zones = writer.zone_names().await?;
    let resolved = resolve_files(files, &stored, &zones)?;
    check_zones(&writer, &stored, &resolved).await?;
    let replaced = &resolved.replaced;
    if !options.replaces && !replaced.is_empty() {
        let (value, becomes) = match replaced.count() {
            1 => ("a stored value", "another"),
            _ => ("stored values", "others"),
        };
        bail!(
            "nothing was stored: {value} would become {becomes}, for all of the past:\n{replaced}\n\
             correct the files, or give --replace to import them as they are"
        );
    }
    writer
        .write(&resolved.changes)
        .await
        .context("nothing was stored: the database refused it")?;
    if !options.is_dry_run {
        writer.commit().await?;
    }
    Ok(resolved)
}

/// This machine's time zones convert the dates to instants. The database must have the same zone
/// rules.
async fn check_zones(
    writer: &ContextWriter<'_>,
    stored: &StoredContext,
    resolved: &Resolved,
) -> Result<()> {
    let depots = stored.depots.iter().chain(&resolved.changes.depots);
    let used: BTreeSet<&str> = depots
        .map(|depot| depot.zone.as_str())
        .chain([stored.default_zone.as_str()])
        .collect();
    for zone in used {
        if let Some(at) = writer.zone_differs_here(zone).await? {
            bail!(
                "nothing was stored: this machine's time zone data and the database's differ for \
                 {zone}, from {at} on, so that dates would be other instants: bring the package \
                 tzdata of both to the same release"
            );
        }
    }
    Ok(())
}

/// The changes that the files ask for, or all mistakes in them.
pub(super) fn resolve_files(
    files: &[(String, Vec<u8>)],
    stored: &StoredContext,
    zones: &BTreeSet<String>,
) -> Result<Resolved> {
    let mut problems = Problems::default();
    let mut lines = Lines::default();
    let mut unread = false;
    for (name, bytes) in files {
        let name: Arc<str> = name.as_str().into();
        match file::read(&name, bytes, &mut problems) {
            Some((kind, rows)) => lines.add(kind, rows, &mut problems),
            None => unread = true,
        }
    }
    // Other files may refer to records of an unreadable file. They cannot be checked.
    let resolved = if unread {
        Resolved::default()
    } else {
        resolve(lines, stored, zones, &mut problems)
    };
    if problems.is_empty() {
        return Ok(resolved);
    }
    let mistakes = plural(problems.count() as u64, "mistake", "mistakes");
    bail!("nothing was stored because of {mistakes}:\n{problems}")
}
