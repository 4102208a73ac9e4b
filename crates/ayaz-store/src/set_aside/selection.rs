//! Which of the readings that are set aside are meant.

use jiff::Timestamp;
use tokio_postgres::types::ToSql;

/// Which readings are meant; `None` is "all".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SetAsideSelection {
    /// Set aside for this reason: future, ancient or many_days.
    pub reason: Option<String>,
    /// Of a vehicle of this fleet.
    pub fleet: Option<String>,
    /// Of a vehicle of this name.
    pub vehicle: Option<String>,
    /// Arrived at this instant or later.
    pub from: Option<Timestamp>,
    /// Arrived before this instant.
    pub to: Option<Timestamp>,
    /// Only those whose time was not believed and is by this judgement.
    pub judged: Option<Judgement>,
}

/// How the time of a reading is judged again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// How far the clock was behind that told when readings arrived, s; negative if it was ahead.
    pub clock_behind_s: f64,
    /// How far a reading's time may be ahead of its arrival, s.
    pub future_tolerance_s: u32,
    /// The earliest time that is believed.
    pub recorded_at_min: Timestamp,
}

/// A selection as a statement's parameters $1 to $9.
#[derive(Debug)]
pub(super) struct Parameters<'a> {
    selection: &'a SetAsideSelection,
    is_judged: bool,
    clock_behind_s: f64,
    future_tolerance_s: f64,
    recorded_at_min: Option<Timestamp>,
}

impl<'a> Parameters<'a> {
    pub(super) fn of(selection: &'a SetAsideSelection) -> Self {
        let judged = selection.judged;
        Self {
            selection,
            is_judged: judged.is_some(),
            clock_behind_s: judged.map_or(0.0, |it| it.clock_behind_s),
            future_tolerance_s: judged.map_or(0.0, |it| f64::from(it.future_tolerance_s)),
            recorded_at_min: judged.map(|it| it.recorded_at_min),
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
            &self.is_judged,
            &self.clock_behind_s,
            &self.future_tolerance_s,
            &self.recorded_at_min,
        ]
    }
}

/// Holds for the selected rows of the view `set_aside`, and of its tables joined with `vehicle`.
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

/// Holds for readings whose time has come. Others would be the newest of their vehicle for as long as it
/// has not, so they are not taken into `reading`.
pub(super) const IS_PAST: &str = "recorded_at <= now() + interval '5 minutes'";
