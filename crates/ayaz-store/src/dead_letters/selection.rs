//! Which letters are meant.

use jiff::Timestamp;
use tokio_postgres::types::ToSql;

/// Which letters are meant; `None` is "all".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterSelection {
    /// Refused for this reason.
    pub reason: Option<String>,
    /// On a topic of this fleet.
    pub fleet: Option<String>,
    /// On a topic of a vehicle of this name.
    pub vehicle: Option<String>,
    /// Received at this instant or later, at least once.
    pub from: Option<Timestamp>,
    /// Received before this instant, at least once.
    pub to: Option<Timestamp>,
    /// Last received before this instant.
    pub last_before: Option<Timestamp>,
    /// Only letters that were never replayed, or came back since.
    pub open_only: bool,
}

impl DeadLetterSelection {
    /// Parameters $1 to $7 of every statement that holds [`SELECTED`].
    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 7] {
        [
            &self.reason,
            &self.fleet,
            &self.vehicle,
            &self.from,
            &self.to,
            &self.open_only,
            &self.last_before,
        ]
    }
}

/// Holds for the selected rows of `dead_letter_overview`.
pub(super) const SELECTED: &str = "
    ($1::text is null or reason = $1)
    and ($2::text is null or fleet = $2)
    and ($3::text is null or vehicle = $3)
    and ($4::timestamptz is null or last_received_at >= $4)
    and ($5::timestamptz is null or first_received_at < $5)
    and (not $6::boolean or replayed_at is null or came_back)
    and ($7::timestamptz is null or last_received_at < $7)";
