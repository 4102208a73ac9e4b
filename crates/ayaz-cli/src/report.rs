//! `ayaz report`: energy and range, for people and for programs.
//!
//! Reading order: [`run`] connects and selects the report. [`energy`], [`sessions`],
//! [`completeness`] and [`winter`] convert rows into a [`Sheet`] for programs, a
//! [table](crate::output::table) for people or, for the range, a chart. [`instant`] reads `--from`
//! and `--to`.

mod backlog;
mod cold;
mod columns;
mod completeness;
mod empty;
mod energy;
mod heat;
mod legend;

#[cfg(test)]
mod samples;
mod sessions;
mod slow_database;
mod split;
mod threshold;
mod winter;

use anyhow::{Result, bail};
use ayaz_daemon::output;
use ayaz_store::Role;
use ayaz_store::reports::{Subject, TripSelection, figure_settings, statement_timeout};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use tokio_postgres::Client;

use self::empty::why_empty;
use self::threshold::Threshold;
use crate::database::Database;
use crate::exit::BadUsage;
use crate::output::instant;
use crate::output::look::Look;
use crate::output::notes::wrapped;
use crate::output::sheet::Sheet;

/// Reports energy and range of the trips in the database.
#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(subcommand)]
    report: Report,
}

impl ReportArgs {
    fn common(&self) -> &Common {
        match &self.report {
            Report::Energy { common, .. }
            | Report::Sessions { common, .. }
            | Report::Completeness { common, .. }
            | Report::WinterRange { common, .. } => common,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Report {
    /// Energy, distance, kWh/km and the split of the energy, by trip or by exterior (air)
    /// temperature.
    ///
    /// All trips are in the sums. Incomplete ones are marked.
    Energy {
        /// The rows of the report.
        #[arg(long, value_enum)]
        by: energy::By,
        /// For people (table) or for programs (csv, json).
        #[arg(long, value_enum, default_value_t = SheetFormat::Table)]
        format: SheetFormat,
        #[command(flatten)]
        common: Common,
    },
    /// What each bus did: trips, charging, conditioning (heating while parked) and parking.
    ///
    /// The split by component is in --format csv and json: of trips, split_traction_kwh and
    /// split_other_kwh divide driving from all else, by a meter or estimated (split_source).
    Sessions {
        /// Only sessions of this kind.
        #[arg(long, value_enum)]
        kind: Option<sessions::Kind>,
        /// For people (table) or for programs (csv, json).
        #[arg(long, value_enum, default_value_t = SheetFormat::Table)]
        format: SheetFormat,
        #[command(flatten)]
        common: Common,
    },
    /// How complete each bus's service day is: gaps, coverage, flagged readings.
    ///
    /// Uses only the dates (UTC) of --from and --to.
    Completeness {
        /// For people (table) or for programs (csv, json).
        #[arg(long, value_enum, default_value_t = SheetFormat::Table)]
        format: SheetFormat,
        #[command(flatten)]
        common: Common,
    },
    /// Range against exterior (air) temperature, with the data behind each figure.
    ///
    /// Incomplete trips are left out: the missing time may contain a hill that the bus drove up.
    WinterRange {
        /// What to compare.
        #[arg(long, value_enum, default_value_t = winter::By::Bus)]
        by: winter::By,
        /// For people (table, svg) or for programs (csv, json).
        #[arg(long, value_enum, default_value_t = RangeFormat::Table)]
        format: RangeFormat,
        /// Colours of the svg [default: auto]
        #[arg(long, value_enum)]
        theme: Option<winter::Theme>,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Args)]
struct Common {
    /// Only trips (or sessions, or days) of this fleet.
    #[arg(long)]
    fleet: Option<String>,
    /// Only those of this vehicle.
    #[arg(long)]
    vehicle: Option<String>,
    /// Only those that began at or after this time: RFC 3339, or a date for its midnight UTC. A
    /// trip counts as a whole.
    #[arg(long, value_name = "TIME", value_parser = instant::parse)]
    from: Option<Timestamp>,
    /// Only those that began before this time.
    #[arg(long, value_name = "TIME", value_parser = instant::parse)]
    to: Option<Timestamp>,
    /// How complete a figure must be: a share from 0 to 1, or percent. The completeness of a trip
    /// or session is the least of: the share of its time that was measured, the share of its time
    /// without flags, and, for trips, its distance against the odometer. `report completeness`
    /// explains the shares of a day. Figures that are less complete or of unknown completeness are
    /// marked with * (and dim on a terminal). winter-range leaves such trips out, and says how many
    /// and why. 0 accepts all. The default is in the database (energy_setting.completeness_min,
    /// initially 0.9).
    #[arg(long, value_name = "SHARE", value_parser = Threshold::parse)]
    min_completeness: Option<Threshold>,
    /// A table with all columns, for any width of the terminal (80 without a terminal).
    #[arg(long)]
    wide: bool,
    #[command(flatten)]
    database: Database,
}

impl Common {
    fn selection(&self) -> TripSelection {
        TripSelection {
            fleet: self.fleet.clone(),
            vehicle: self.vehicle.clone(),
            from: self.from,
            to: self.to,
        }
    }
}

/// Output format of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SheetFormat {
    /// Aligned columns, units in the headings, incomplete figures marked.
    Table,
    /// Comma-separated values with a header, empty if not measured. A ' is added where a
    /// spreadsheet would find a formula (= + - @ or a tab, at the start of a text or after a ; in
    /// it).
    Csv,
    /// An array of objects, null if not measured.
    Json,
}

/// Output format of the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RangeFormat {
    /// Aligned columns, units in the headings, incomplete figures marked.
    Table,
    /// Comma-separated values with a header, empty if not measured. A ' is added where a
    /// spreadsheet would find a formula (= + - @ or a tab, at the start of a text or after a ; in
    /// it).
    Csv,
    /// An array of objects, null if not measured.
    Json,
    /// A chart of range against temperature with its trips: `> chart.svg`.
    Svg,
}

impl RangeFormat {
    /// The format of figures; `None` for a chart.
    fn sheet(self) -> Option<SheetFormat> {
        match self {
            Self::Table => Some(SheetFormat::Table),
            Self::Csv => Some(SheetFormat::Csv),
            Self::Json => Some(SheetFormat::Json),
            Self::Svg => None,
        }
    }
}

/// A report that is ready to be written.
struct Rendered {
    sheet: Sheet,
    table: String,
}

impl Rendered {
    fn is_empty(&self) -> bool {
        self.sheet.rows().is_empty()
    }

    fn into_text(self, format: SheetFormat) -> Result<String> {
        match format {
            SheetFormat::Table if self.is_empty() => Ok(String::new()),
            SheetFormat::Table => Ok(self.table),
            SheetFormat::Csv => self.sheet.to_csv(),
            SheetFormat::Json => self.sheet.to_json(),
        }
    }
}

/// Refuses colours for a format without colours.
fn check_theme(format: RangeFormat, theme: Option<winter::Theme>) -> Result<(), BadUsage> {
    match theme {
        Some(_) if format != RangeFormat::Svg => Err(BadUsage(
            "--theme sets the colours of a chart: give --format svg with it, or omit it".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Reads the database and writes the report to standard output.
pub async fn run(args: ReportArgs) -> Result<()> {
    let common = args.common();
    instant::check_order(common.from, common.to)?;
    if let Report::WinterRange { format, theme, .. } = &args.report {
        check_theme(*format, *theme)?;
    }
    let connection = common.database.open(Role::Reader).await?;
    let client = &connection.client;
    let limit = statement_timeout(client).await?;
    slow_database::watch(write(&args, client), &limit).await
}

/// Reads the figures and writes them.
async fn write(args: &ReportArgs, client: &Client) -> Result<()> {
    let common = args.common();
    let selection = common.selection();
    let settings = figure_settings(client).await?;
    let threshold = common
        .min_completeness
        .unwrap_or_else(|| Threshold::of(&settings));
    let look = Look::of_output(common.wide);
    let (subject, is_one_kind) = match &args.report {
        Report::Energy { .. } | Report::WinterRange { .. } => (Subject::Trip, false),
        Report::Sessions { kind, .. } => (Subject::Session, kind.is_some()),
        Report::Completeness { .. } => (Subject::Day, false),
    };
    // Read before the figures. If hours are refreshed meanwhile, the note may mention them although
    // they are included.
    let backlog = backlog::note(&ayaz_store::backlog::pending(client).await?);
    let why_empty = async || why_empty(client, subject, &selection, is_one_kind).await;
    let (rendered, format) = match &args.report {
        Report::Energy { by, format, .. } => {
            let report = energy::report(client, *by, &selection, threshold, &settings, look);
            (report.await?, *format)
        }
        Report::Sessions { kind, format, .. } => {
            let report = sessions::report(client, *kind, &selection, threshold, look);
            (report.await?, *format)
        }
        Report::Completeness { format, .. } => {
            let report = completeness::report(client, &selection, threshold, look);
            (report.await?, *format)
        }
        Report::WinterRange {
            by, format, theme, ..
        } => {
            let ranges = winter::Ranges::load(
                client,
                *by,
                &selection,
                threshold,
                settings,
                backlog.clone(),
            );
            let ranges = ranges.await?;
            match format.sheet() {
                Some(format) => (winter::report(&ranges, look), format),
                None if ranges.is_empty() => bail!("{}", why_empty().await?),
                None => {
                    let theme = theme.unwrap_or(winter::Theme::Auto);
                    let svg = winter::svg(client, &ranges, &selection, theme).await?;
                    output::write(svg)?;
                    note(backlog);
                    return Ok(());
                }
            }
        }
    };
    let is_empty = rendered.is_empty();
    output::write(rendered.into_text(format)?)?;
    if is_empty {
        // To standard error, so that programs get an empty but valid output.
        ayaz_daemon::note!("{}", why_empty().await?);
    }
    match backlog {
        Some(backlog) if format == SheetFormat::Table && !is_empty => {
            output::line(wrapped(&backlog, look))?;
        }
        backlog => note(backlog),
    }
    Ok(())
}

/// To standard error, so that programs read only rows.
fn note(note: Option<String>) {
    if let Some(note) = note {
        ayaz_daemon::note!("{note}");
    }
}

/// Prints the winter range by model, like `ayaz report winter-range --by model`.
pub async fn print_winter_range(database_url: &str) -> Result<()> {
    let common = Common {
        fleet: None,
        vehicle: None,
        from: None,
        to: None,
        min_completeness: None,
        wide: false,
        database: Database::at(database_url),
    };
    run(ReportArgs {
        report: Report::WinterRange {
            by: winter::By::Model,
            format: RangeFormat::Table,
            theme: None,
            common,
        },
    })
    .await
}

/// The winter range by model as an SVG chart.
pub async fn draw_winter_range(database_url: &str) -> Result<String> {
    let connection = Database::at(database_url).open(Role::Reader).await?;
    let client = &connection.client;
    let backlog = backlog::note(&ayaz_store::backlog::pending(client).await?);
    let selection = TripSelection::default();
    let settings = figure_settings(client).await?;
    let threshold = Threshold::of(&settings);
    let by = winter::By::Model;
    let ranges = winter::Ranges::load(client, by, &selection, threshold, settings, backlog);
    let ranges = ranges.await?;
    if ranges.is_empty() {
        bail!("there are no trips to draw");
    }
    winter::svg(client, &ranges, &selection, winter::Theme::Auto).await
}
