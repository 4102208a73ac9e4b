//! Why a report is empty.

use anyhow::Result;
use ayaz_store::reports::{self, Subject, TripSelection};
use tokio_postgres::Client;

/// What to say beside an empty report: that nothing matches, or that there is nothing yet.
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
             the service day; that of --to is the first one after)"
        }
        (Subject::Trip, false) => {
            "no trips yet: is ayaz-analytics running? `ayaz-analytics --once` works off what is \
             pending"
        }
        (Subject::Session, false) => {
            "no sessions yet: is ayaz-analytics running? `ayaz-analytics --once` works off what is \
             pending"
        }
        (Subject::Day, false) => {
            "no days yet: is ayaz-analytics running? `ayaz-analytics --once` works off what is pending"
        }
    })
}
