//! `ayaz readings reassess`: checks times again after the server's clock was wrong.

use anyhow::Result;
use ayaz_ingest::validate::Limits;
use ayaz_store::Role;
use ayaz_store::dead_letters::database_time;
use ayaz_store::set_aside::{SetAsideSelection, TimeRule};
use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::accept::accept_readings;
use super::selection::Place;
use crate::database::Database;
use crate::output::age;
use crate::output::instant::parse;

/// Checks the times of readings again that were set aside because our clock was wrong.
///
/// Readings with a plausible time are accepted, and the worker refreshes their hours. The others
/// stay set aside. --from and --to are times of arrival by the wrong clock: they give the period in
/// which it was wrong.
///
/// The database's user must be allowed to act as ayaz_operator.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("how").required(true).multiple(true).args([
        "clock_behind", "future_tolerance", "recorded_at_min"
    ]),
    after_help = "Examples:\n  \
        ayaz readings reassess --clock-behind 1h --from 2026-01-31T03:00:00Z --to 2026-02-01 --dry-run\n  \
        ayaz readings reassess --recorded-at-min 2013-01-01 --vehicle b1"
)]
pub(super) struct ReassessArgs {
    /// How far our clock was behind when the readings arrived, such as 1h. Negative if it was
    /// ahead.
    #[arg(long, value_name = "DURATION", value_parser = age::parse, allow_hyphen_values = true)]
    clock_behind: Option<SignedDuration>,
    /// How far the time of a reading may be after its arrival [default: 300s]
    #[arg(long, value_name = "DURATION", value_parser = age::parse)]
    future_tolerance: Option<SignedDuration>,
    /// The earliest accepted time [default: 2015-01-01]
    #[arg(long, value_name = "TIME", value_parser = parse)]
    recorded_at_min: Option<Timestamp>,
    #[command(flatten)]
    place: Place,
    /// Only shows how many would be accepted.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: Database,
}

pub(super) async fn run(args: ReassessArgs) -> Result<()> {
    let role = match args.dry_run {
        true => Role::Reader,
        false => Role::Operator,
    };
    let mut connection = args.database.open(role).await?;
    let limits = Limits::default();
    let tolerance = args.future_tolerance.map(|it| it.as_secs().max(0));
    let rule = TimeRule {
        clock_behind_s: args.clock_behind.map_or(0.0, |it| it.as_secs_f64()),
        future_tolerance_s: tolerance.map_or(limits.future_tolerance_s, |seconds| {
            u32::try_from(seconds).unwrap_or(u32::MAX)
        }),
        recorded_at_min: args.recorded_at_min.unwrap_or(limits.recorded_at_min),
    };
    let selection = SetAsideSelection {
        plausible_by: Some(rule),
        ..args
            .place
            .selection(database_time(&connection.client).await?)
    };
    accept_readings(&mut connection.client, &selection, args.dry_run).await
}
