//! Selects readings that are set aside.

use jiff::Timestamp;
use tokio_postgres::types::ToSql;

/// Filters of a selection; `None` means all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SetAsideSelection {
    /// Set aside for this reason: future, ancient or many_days.
    pub reason: Option<String>,
    /// Of a vehicle of this fleet.
    pub fleet: Option<String>,
    /// Of a vehicle of this name.
    pub vehicle: Option<String>,
    /// Received at this instant or later.
    pub from: Option<Timestamp>,
    /// Received before this instant.
    pub to: Option<Timestamp>,
    /// Only readings whose time was implausible and is plausible by this rule.
    pub plausible_by: Option<TimeRule>,
}

/// Rule to check the time of a reading again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeRule {
    /// How far the daemon's clock was behind when the readings were received, s; negative if it was ahead.
    pub clock_behind_s: f64,
    /// Maximum time by which a reading may be ahead of its receipt, s.
    pub future_tolerance_s: u32,
    /// Start of the accepted window.
    pub recorded_at_min: Timestamp,
}

/// A selection as parameters $1 to $9 of a statement.
#[derive(Debug)]
pub(super) struct Parameters<'a> {
    selection: &'a SetAsideSelection,
    has_time_rule: bool,
    clock_behind_s: f64,
    future_tolerance_s: f64,
    recorded_at_min: Option<Timestamp>,
}

impl<'a> Parameters<'a> {
    pub(super) fn of(selection: &'a SetAsideSelection) -> Self {
        let rule = selection.plausible_by;
        Self {
            selection,
            has_time_rule: rule.is_some(),
            clock_behind_s: rule.map_or(0.0, |it| it.clock_behind_s),
            future_tolerance_s: rule.map_or(0.0, |it| f64::from(it.future_tolerance_s)),
            recorded_at_min: rule.map(|it| it.recorded_at_min),
        }
    }

    pub(super) fn list(&self) -> [&(dyn ToSql + Sync); 9] {
        let selection = self.selection;
        [
            &selection.reason,
            &selection.fleet,
            &selection.vehicle,
            &selection.from,
            &selection.to,
            &self.has_time_rule,
            &self.clock_behind_s,
            &self.future_tolerance_s,
            &self.recorded_at_min,
        ]
    }
}

/// Condition for the selected rows of the view `set_aside`, and of its tables joined with `vehicle`.
pub(super) const SELECTED: &str = "
    ($1::text is null or reason = $1)
    and ($2::text is null or fleet = $2)
    and ($3::text is null or vehicle = $3)
    and ($4::timestamptz is null or received_at >= $4)
    and ($5::timestamptz is null or received_at < $5)
    and (not $6::boolean or (
        reason in ('future', 'ancient')
        and recorded_at <= received_at + make_interval(secs => $7::float8 + $8::float8)
        and recorded_at >= $9::timestamptz
    ))";

/// Condition for readings whose time is in the past. A reading in the future would stay the newest of its
/// vehicle until then, so it must not enter `reading`.
pub(super) const IS_PAST: &str = "recorded_at <= now() + interval '5 minutes'";
