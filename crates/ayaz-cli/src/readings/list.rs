//! `ayaz readings list`.

use anyhow::Result;
use ayaz_daemon::output;
use ayaz_store::Role;
use ayaz_store::dead_letters::database_time;
use ayaz_store::set_aside::{SetAsideGroup, set_aside_groups};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::plural;
use super::selection::Filters;
use crate::database::Database;
use crate::output::look::Look;
use crate::output::notes::with_notes;
use crate::output::sheet::{Columns, Sheet};
use crate::output::table::{Table, figure, name, text};

/// Shows readings that are set aside, by vehicle and reason.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    filters: Filters,
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
    /// Comma-separated values with a header. Texts that start like a formula have a ' before them.
    Csv,
    /// An array of objects.
    Json,
}

pub(super) async fn run(args: ListArgs) -> Result<()> {
    let connection = args.database.open(Role::Reader).await?;
    let client = &connection.client;
    let selection = args.filters.selection(database_time(client).await?);
    let groups = set_aside_groups(client, &selection).await?;
    output::write(match args.format {
        Format::Table if groups.is_empty() => String::new(),
        Format::Table => people(&groups, Look::of_output(args.wide)),
        Format::Csv => sheet(&groups).to_csv()?,
        Format::Json => sheet(&groups).to_json()?,
    })?;
    if groups.is_empty() {
        ayaz_daemon::note!("no readings are set aside, or none that match");
    }
    Ok(())
}

fn people(groups: &[SetAsideGroup], look: Look) -> String {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let mut table = Table::new([
        name("vehicle"),
        text("reason", 0),
        figure("readings", 0),
        figure("days", 1),
        text("recorded from", 2),
        text("to", 3),
        text("last arrived (UTC)", 4),
    ]);
    for group in groups {
        table.add_row([
            format!("{}/{}", group.fleet, group.vehicle),
            group.reason.clone(),
            (group.readings + group.cell_readings).to_string(),
            group.days.to_string(),
            day(group.first_recorded_at),
            day(group.last_recorded_at),
            group
                .last_received_at
                .strftime("%Y-%m-%d %H:%M")
                .to_string(),
        ]);
    }
    let all: i64 = groups
        .iter()
        .map(|group| group.readings + group.cell_readings)
        .sum();
    let note = format!(
        "{} set aside: stored, and in no sum. `ayaz readings accept` accepts them, `clear` deletes \
         them.",
        plural(all.unsigned_abs(), "reading", "readings")
    );
    with_notes(&table, vec![note], look)
}

fn sheet(groups: &[SetAsideGroup]) -> Sheet {
    Columns::<SetAsideGroup>::new()
        .with("fleet", |it| it.fleet.clone())
        .with("vehicle", |it| it.vehicle.clone())
        .with("reason", |it| it.reason.clone())
        .with("readings", |it| it.readings)
        .with("cell_readings", |it| it.cell_readings)
        .with("days", |it| it.days)
        .with("first_recorded_at", |it| it.first_recorded_at)
        .with("last_recorded_at", |it| it.last_recorded_at)
        .with("first_received_at", |it| it.first_received_at)
        .with("last_received_at", |it| it.last_received_at)
        .sheet(groups)
}
