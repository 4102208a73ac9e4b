//! Selects readings by command-line arguments.

use anyhow::{Result, bail};
use ayaz_store::set_aside::{SetAsideSelection, set_aside_total};
use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Client;

use crate::output::age;
use crate::output::instant::parse;

/// Why a reading was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Reason {
    /// Its time was later than the clock allowed.
    Future,
    /// Its time was before the accepted window.
    Ancient,
    /// Its vehicle sent more distinct days in an hour than it may.
    ManyDays,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::Future => "future",
            Self::Ancient => "ancient",
            Self::ManyDays => "many_days",
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(super) struct Filters {
    /// Only readings that were set aside for this reason.
    #[arg(long, value_enum)]
    reason: Option<Reason>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Place {
    /// Only readings of this fleet.
    #[arg(long)]
    fleet: Option<String>,
    /// Only readings of this vehicle.
    #[arg(long)]
    vehicle: Option<String>,
    /// Only readings that arrived at or after this time: RFC 3339, or a date for its midnight UTC.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    from: Option<Timestamp>,
    /// Only readings that arrived before this time.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    to: Option<Timestamp>,
    /// Only readings that arrived longer ago than this, such as 30d or 12h.
    #[arg(long, value_name = "DURATION", value_parser = age::parse, conflicts_with = "to")]
    older_than: Option<SignedDuration>,
}

impl Filters {
    pub(super) fn selection(&self, now: Timestamp) -> SetAsideSelection {
        SetAsideSelection {
            reason: self.reason.map(|reason| reason.name().to_owned()),
            ..self.place.selection(now)
        }
    }
}

impl Place {
    pub(super) fn selection(&self, now: Timestamp) -> SetAsideSelection {
        let old = self.older_than.map(|its_age| age::before(now, its_age));
        SetAsideSelection {
            fleet: self.fleet.clone(),
            vehicle: self.vehicle.clone(),
            from: self.from,
            to: self.to.or(old),
            ..SetAsideSelection::default()
        }
    }
}

/// The text if no readings match. If others are set aside, this is an error, because the filter may
/// be mistyped.
fn no_match_text(what: &str, set_aside: u64) -> Result<String> {
    match set_aside {
        0 => Ok(format!("nothing to {what}: no readings are set aside")),
        _ => bail!(
            "nothing to {what}: none of the readings set aside match; `ayaz readings list` \
             shows them"
        ),
    }
}

/// Prints that no readings match.
pub(super) async fn note_no_match(client: &Client, what: &str) -> Result<()> {
    let all = set_aside_total(client, &SetAsideSelection::default()).await?;
    ayaz_daemon::note!("{}", no_match_text(what, all.readings)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_readings_set_aside_is_no_failure_and_a_filter_without_match_is() {
        assert!(no_match_text("accept", 0).is_ok());
        assert!(no_match_text("accept", 1).is_err());
    }
}
