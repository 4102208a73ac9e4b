//! Explains an empty report.

use anyhow::Result;
use ayaz_store::reports::{self, Subject, TripSelection};
use tokio_postgres::Client;

/// The message for an empty report: nothing matches, or there are no data yet.
pub(super) async fn why_empty(
    client: &Client,
    subject: Subject,
    selection: &TripSelection,
    is_one_kind: bool,
) -> Result<&'static str> {
    let is_filtered = is_one_kind || *selection != TripSelection::default();
    let matches_nothing = is_filtered && reports::any(client, subject).await?;
    Ok(match (subject, matches_nothing) {
        (Subject::Trip, true) => {
            "no trips match --fleet, --vehicle, --from and --to (times are compared with a trip's \
             start)"
        }
        (Subject::Session, true) => {
            "no sessions match --kind, --fleet, --vehicle, --from and --to (times are compared with a \
             session's start)"
        }
        (Subject::Day, true) => {
            "no days match --fleet, --vehicle, --from and --to (their dates, UTC, are compared with \
             the service day; the date of --to is not included)"
        }
        (Subject::Trip, false) => {
            "no trips yet: is ayaz-analytics running? `ayaz-analytics --once` refreshes all \
             pending hours"
        }
        (Subject::Session, false) => {
            "no sessions yet: is ayaz-analytics running? `ayaz-analytics --once` refreshes all \
             pending hours"
        }
        (Subject::Day, false) => {
            "no days yet: is ayaz-analytics running? `ayaz-analytics --once` refreshes all pending hours"
        }
    })
}
