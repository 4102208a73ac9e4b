//! Selects letters by command-line arguments.

use std::fmt;

use anyhow::{Result, bail};
use ayaz_store::dead_letters::{
    DeadLetterInfo, DeadLetterSelection, DigestPrefix, find_letters, list_letters,
};
use clap::Args;
use jiff::Timestamp;
use tokio_postgres::Client;

use super::{instant, short};
use crate::output::instant::parse;
use crate::output::printable::printable;

/// Most letters that are listed for an ambiguous prefix.
const CANDIDATES_MAX: u32 = 5;

#[derive(Debug, Args)]
pub(super) struct Filters {
    /// Only letters refused for this reason, as `list` shows it.
    #[arg(long)]
    reason: Option<String>,
    /// Only letters on topics of this fleet.
    #[arg(long)]
    fleet: Option<String>,
    /// Only letters on topics of this vehicle.
    #[arg(long)]
    vehicle: Option<String>,
    /// Only letters received at least once at or after this time: RFC 3339, or a date for its
    /// midnight UTC.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    from: Option<Timestamp>,
    /// Only letters received at least once before this time.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    to: Option<Timestamp>,
    /// Only letters that were never replayed, or came back after a replay.
    #[arg(long)]
    open: bool,
}

impl Filters {
    pub(super) fn selection(&self) -> DeadLetterSelection {
        DeadLetterSelection {
            reason: self.reason.clone(),
            fleet: self.fleet.clone(),
            vehicle: self.vehicle.clone(),
            from: self.from,
            to: self.to,
            last_before: None,
            open_only: self.open,
        }
    }
}

/// Why a selection has no letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhyNone {
    /// The database has no letters.
    Empty,
    /// All matching letters were replayed and did not come back.
    Replayed,
    /// No letter matches. Perhaps the filter is mistyped.
    NoMatch,
}

impl fmt::Display for WhyNone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "there are no dead letters",
            Self::Replayed => {
                "no dead letter is open: all that match were replayed and did not come back"
            }
            Self::NoMatch => {
                "no dead letters match the filters: `ayaz dead-letters list` shows which reasons and \
                 vehicles there are"
            }
        })
    }
}

impl WhyNone {
    /// The text if there is nothing to do. No match is an error, because the filter may be
    /// mistyped.
    pub(super) fn nothing_to(self, what: &str) -> Result<String> {
        match self {
            Self::Empty | Self::Replayed => Ok(format!("nothing to {what}: {self}")),
            Self::NoMatch => bail!("nothing to {what}: {self}"),
        }
    }
}

/// Why this selection holds no letters.
pub(super) async fn why_none(client: &Client, selection: &DeadLetterSelection) -> Result<WhyNone> {
    let all = DeadLetterSelection::default();
    let closed_too = DeadLetterSelection {
        open_only: false,
        ..selection.clone()
    };
    let letters = async |selection: &DeadLetterSelection| {
        anyhow::Ok(list_letters(client, selection, 1).await?.total)
    };
    Ok(if letters(&all).await? == 0 {
        WhyNone::Empty
    } else if selection.open_only && letters(&closed_too).await? > 0 {
        WhyNone::Replayed
    } else {
        WhyNone::NoMatch
    })
}

/// The only letter whose digest has this prefix.
pub(super) async fn one_letter(client: &Client, prefix: &DigestPrefix) -> Result<DeadLetterInfo> {
    let mut found = find_letters(client, prefix, CANDIDATES_MAX + 1).await?;
    match found.len() {
        0 => bail!(
            "no dead letter has a digest that begins with {prefix}: `ayaz dead-letters list \
             --letters` shows the digests"
        ),
        1 => Ok(found.swap_remove(0)),
        count => {
            let more = count > CANDIDATES_MAX as usize;
            let candidates: String = found
                .iter()
                .take(CANDIDATES_MAX as usize)
                .map(|letter| {
                    format!(
                        "\n  {}  {}  {}",
                        short(&letter.digest),
                        instant(letter.last_received_at),
                        printable(&letter.topic)
                    )
                })
                .collect();
            bail!(
                "several dead letters have a digest that begins with {prefix}, give more of its \
                 digits:{candidates}{}",
                if more { "\n  …" } else { "" }
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_open_letter_is_no_failure_and_a_filter_without_match_is() {
        for (why, is_failure) in [
            (WhyNone::Empty, false),
            (WhyNone::Replayed, false),
            (WhyNone::NoMatch, true),
        ] {
            assert_eq!(why.nothing_to("delete").is_err(), is_failure, "{why}");
        }
    }
}
