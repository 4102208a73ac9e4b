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

/// Each paragraph is one line, which clap breaks where the terminal ends.
const LONG_ABOUT: &str = "\
Enters what CSV files say of models, depots and vehicles.

All files of one call are entered together or, if anything is wrong, not at all, and what is wrong is told \
with file, line, value and what to do. Importing a file again changes nothing; a record that is known \
already under the same key (model; depot; fleet and vehicle; fleet, vehicle, attribute and valid_from) is \
replaced. But the model of a vehicle and the heater of a model hold for all of the past: where one is known \
and would become another, nothing is entered unless --replace is given. Nothing is deleted: for that use \
SQL (delete from vehicle_context …).

Files are UTF-8, separated by commas, and their first line says which kind they are:

model,length_m,usable_energy_kwh,heater:
A model needs its usable energy. heater: electric, fuel, heat_pump, none or nothing.

depot,zone,cut_over_hour:
A zone such as Asia/Almaty; the hour at which a service day begins, 3 if nothing.

fleet,vehicle,model:
A vehicle's model does not change in its life (a wrong one is corrected with --replace). Vehicles may be \
entered before their first message; with no model they keep the one that is known.

fleet,vehicle,attribute,value,valid_from,valid_to:
Attributes: depot, tyres, firmware, cabin_setpoint_celsius (0 to 40), route, usable_energy_kwh (of a bus \
that differs from its model). A vehicle that is not known is entered. Two records of one vehicle and \
attribute may not overlap.

valid_from is the first instant, valid_to the first instant after: when winter tyres begin, the summer \
tyres have ended. Times are RFC 3339 (2026-01-31T03:00:00+05:00), or a date, which means the midnight with \
which it begins in the zone of the depot that the vehicle has then (its first depot before that; UTC, or \
what service_day_default says, if it has none). Nothing in valid_from is since ever, nothing in valid_to \
until further notice.

A change of depots on a date is one instant: where a bus leaves a depot on the date on which it comes to \
another, it leaves when it comes, at the midnight of the depot that it comes to, so that two zones leave no \
hours between them and none twice. (Of the depot that it leaves, the record with that date as valid_to must \
be among the files; that of the other may be stored already.)

Values may stand behind a ' that keeps a spreadsheet from taking them for a formula (it is written by \
export, before = + - @): it is taken off.

The database's user must be allowed to act as ayaz_operator. When a depot changes, ayaz-analytics works out \
again the hours whose service day that changes.";

/// Enters what CSV files say of models, depots and vehicles.
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
    /// The files, 64 MB together at most; - is the standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Does everything but make it last, and says what it would do.
    #[arg(long)]
    dry_run: bool,
    /// Also where a vehicle's model or a model's heater is known and becomes another.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    database: Database,
}

pub(super) async fn run(args: ImportArgs) -> Result<()> {
    let files = read::all(&args.files)?;
    let mut connection = args.database.open(Role::Operator).await?;
    let making = Making {
        is_dry_run: args.dry_run,
        replaces: args.replace,
    };
    let resolved = import(&mut connection.client, &files, making).await?;
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

/// How an import is made.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Making {
    /// Nothing lasts.
    pub(super) is_dry_run: bool,
    /// Also takes back what is known of a vehicle's kind.
    pub(super) replaces: bool,
}

/// Enters the files, given by name and bytes.
pub(super) async fn import(
    client: &mut Client,
    files: &[(String, Vec<u8>)],
    making: Making,
) -> Result<Resolved> {
    let writer = ContextWriter::begin(client).await?;
    let stored = writer.stored().await?;
    let zones = writer.zone_names().await?;
    let resolved = understand(files, &stored, &zones)?;
    check_zones(&writer, &stored, &resolved).await?;
    let replaced = &resolved.replaced;
    if !making.replaces && !replaced.is_empty() {
        let (value, becomes) = match replaced.count() {
            1 => ("a value that is known", "another"),
            _ => ("values that are known", "others"),
        };
        bail!(
            "nothing was stored: {value} would become {becomes}, for all of the past:\n{replaced}\n\
             correct the files, or give --replace to enter them as they are"
        );
    }
    writer
        .write(&resolved.changes)
        .await
        .context("nothing was stored: the database refused it")?;
    if !making.is_dry_run {
        writer.commit().await?;
    }
    Ok(resolved)
}

/// Dates in the files were taken for instants by this machine's time zones; the database must say the same
/// of them.
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

/// What the files ask for, or all that is wrong with them.
pub(super) fn understand(
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
    // What a file that could not be read would have said is not known, so that what refers to it
    // cannot be judged.
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
