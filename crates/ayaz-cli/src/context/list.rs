//! `ayaz context list`.

use anyhow::Result;
use ayaz_daemon::output;
use ayaz_store::Role;
use ayaz_store::context::{Attribute, Selection, StoredContext};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use tokio_postgres::Client;

use super::Database;
use super::depot_zones::DepotZones;
use super::file::Kind;
use super::sheet::{people, sheet};
use crate::output::instant::parse;
use crate::output::look::Look;

/// Shows stored facts, as a table or as a file that can be imported.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    ayaz context list --vehicle bus-1\n  \
    ayaz context list --attribute tyres --at 2026-01-10\n  \
    ayaz context list models\n  \
    ayaz context list depots --format csv > depots.csv")]
pub(super) struct ListArgs {
    /// What to show.
    #[arg(value_enum, default_value_t = Kind::Context)]
    kind: Kind,
    /// Only vehicles of this fleet, and their facts.
    #[arg(long)]
    fleet: Option<String>,
    /// Only vehicles with this name, and their facts.
    #[arg(long)]
    vehicle: Option<String>,
    /// Only this attribute: depot, tyres, firmware, cabin_setpoint_celsius, route or
    /// usable_energy_kwh.
    #[arg(long, value_parser = attribute)]
    attribute: Option<Attribute>,
    /// Only facts that are valid at this time: RFC 3339, or a date for its midnight UTC.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    at: Option<Timestamp>,
    /// For people (table) or for programs (csv, json).
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// A table with all columns, for any width of the terminal.
    #[arg(long)]
    wide: bool,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned columns.
    Table,
    /// Comma-separated values with a header, as `ayaz context import` reads them. Values that start
    /// like a formula have a ' before them. The import removes it.
    Csv,
    /// An array of objects.
    Json,
}

fn attribute(name: &str) -> Result<Attribute, String> {
    Attribute::from_name(name).ok_or_else(|| {
        let names = Attribute::ALL.map(Attribute::name);
        format!("write one of {}", names.join(", "))
    })
}

/// The zones of the selected vehicles at any time. The selection itself may exclude their depots.
async fn zones(client: &Client, selection: &Selection) -> Result<DepotZones> {
    let all_of_them = Selection {
        attribute: Some(Attribute::Depot),
        at: None,
        ..selection.clone()
    };
    let stored = StoredContext::load(client, &all_of_them).await?;
    Ok(DepotZones::new(&stored, &[]))
}

pub(super) async fn run(args: ListArgs) -> Result<()> {
    let connection = args.database.open(Role::Reader).await?;
    let selection = Selection {
        fleet: args.fleet,
        vehicle: args.vehicle,
        attribute: args.attribute,
        at: args.at,
    };
    let stored = StoredContext::load(&connection.client, &selection).await?;
    let sheet = sheet(args.kind, &stored);
    let empty = sheet.rows().is_empty();
    output::write(match args.format {
        Format::Table if empty => String::new(),
        Format::Table => {
            let look = Look::of_output(args.wide);
            let zones = zones(&connection.client, &selection).await?;
            people(args.kind, &sheet, &stored, &zones, look)
        }
        Format::Csv => sheet.to_csv()?,
        Format::Json => sheet.to_json()?,
    })?;
    // To standard error, so that programs read only rows.
    if empty && selection == Selection::default() {
        ayaz_daemon::note!(
            "nothing of this kind is stored yet (--help lists the other kinds): `ayaz context import` adds \
             it, deploy/context/ has samples"
        );
    } else if empty {
        ayaz_daemon::note!("nothing stored matches --fleet, --vehicle, --attribute and --at");
    }
    Ok(())
}
