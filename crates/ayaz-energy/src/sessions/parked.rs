//! Divides the time between two trips.

use std::ops::Range;

use ayaz_model::UnixMicroseconds;

use super::units::{Head, Unit};
use super::{PAUSE_MICROSECONDS_MAX, SESSION_MICROSECONDS_MIN};
use crate::activity::Activity;

/// A part that becomes a session.
#[derive(Debug, PartialEq)]
pub(super) struct Part {
    pub(super) kind: Activity,
    pub(super) started_at: UnixMicroseconds,
    pub(super) ended_at: UnixMicroseconds,
    pub(super) head: Head,
    pub(super) units: Range<usize>,
}

/// Divides the units of a block, which are sorted by start.
pub(super) fn divide(units: &[Unit]) -> Vec<Part> {
    let mut kinds: Vec<Activity> = units.iter().map(|unit| unit.kind).collect();
    join(units, &mut kinds, Activity::Charging);
    drop_short(units, &mut kinds, Activity::Charging);
    join(units, &mut kinds, Activity::Conditioning);
    drop_short(units, &mut kinds, Activity::Conditioning);
    parts(units, &kinds)
}

/// Joins neighbouring units of one kind. A change of the plug ends all kinds but parking.
fn parts(units: &[Unit], kinds: &[Activity]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (index, (unit, kind)) in units.iter().zip(kinds).enumerate() {
        let continues = parts.last().is_some_and(|part| {
            part.kind == *kind
                && (*kind == Activity::Parking || is_on_same_plug(&units[part.units.start], unit))
        });
        match parts.last_mut() {
            Some(part) if continues => {
                part.units.end = index + 1;
                part.ended_at = part.ended_at.max(unit.ended_at);
            }
            last => {
                // Units overlap if an hour has more buckets than the limit.
                if let Some(last) = last {
                    last.ended_at = last.ended_at.max(unit.started_at);
                }
                parts.push(Part {
                    kind: *kind,
                    started_at: unit.started_at,
                    ended_at: unit.ended_at,
                    head: unit.head,
                    units: index..index + 1,
                });
            }
        }
    }
    parts
}

fn is_on_same_plug(a: &Unit, b: &Unit) -> bool {
    a.plugged_in == b.plugged_in && a.charging_station == b.charging_station
}

/// Changes short pauses between units of `kind` to that kind, if the plug does not change and, for
/// conditioning, no charge lies between.
fn join(units: &[Unit], kinds: &mut [Activity], kind: Activity) {
    let mut last: Option<usize> = None;
    for index in 0..units.len() {
        if kinds[index] != kind {
            continue;
        }
        if let Some(last) = last
            && pause(units, last, index) < PAUSE_MICROSECONDS_MAX
            && (last..index).all(|at| is_on_same_plug(&units[at], &units[index]))
            && (last + 1..index)
                .all(|between| kind == Activity::Charging || kinds[between] == Activity::Parking)
        {
            kinds[last..index].fill(kind);
        }
        last = Some(index);
    }
}

/// From the end of one unit, which is the start of the next one, to the start of another.
fn pause(units: &[Unit], from: usize, to: usize) -> i64 {
    let end = units
        .get(from + 1)
        .map_or(units[from].ended_at, |next| next.started_at);
    units[to].started_at.0.saturating_sub(end.0)
}

fn drop_short(units: &[Unit], kinds: &mut [Activity], kind: Activity) {
    for part in parts(units, kinds) {
        let microseconds = part.ended_at.0.saturating_sub(part.started_at.0);
        if part.kind == kind && microseconds < SESSION_MICROSECONDS_MIN {
            kinds[part.units].fill(Activity::Parking);
        }
    }
}

#[cfg(test)]
mod tests {
    use Activity::{Charging, Conditioning, Parking};

    use super::*;

    /// Consecutive units as (kind, minutes); sessions likewise.
    fn check(units: &[(Activity, i64)], expected: &[(Activity, i64)]) {
        let mut minute = 0;
        let units: Vec<Unit> = units
            .iter()
            .map(|(kind, minutes)| {
                minute += minutes;
                Unit::of_minutes(*kind, (minute - minutes, minute))
            })
            .collect();
        let found: Vec<(Activity, i64)> = divide(&units)
            .iter()
            .map(|part| {
                let microseconds = part.ended_at.0 - part.started_at.0;
                (part.kind, microseconds / 60_000_000)
            })
            .collect();
        assert_eq!(found, expected, "{units:#?}");
    }

    #[test]
    fn short_pauses_are_joined_and_short_parts_dropped() {
        check(&[], &[]);
        check(
            &[(Parking, 10), (Charging, 60)],
            &[(Parking, 10), (Charging, 60)],
        );
        // Hours and short pauses divide a charge.
        check(&[(Charging, 10), (Charging, 10)], &[(Charging, 20)]);
        check(
            &[(Charging, 10), (Parking, 14), (Charging, 10)],
            &[(Charging, 34)],
        );
        check(
            &[(Charging, 10), (Parking, 15), (Charging, 10)],
            &[(Charging, 10), (Parking, 15), (Charging, 10)],
        );
        // A charger warms the pack before it charges: not a charge yet.
        check(
            &[(Conditioning, 40), (Charging, 60), (Parking, 5)],
            &[(Conditioning, 40), (Charging, 60), (Parking, 5)],
        );
        check(
            &[(Conditioning, 5), (Charging, 60), (Conditioning, 5)],
            &[(Conditioning, 5), (Charging, 60), (Conditioning, 5)],
        );
        // Too short to count.
        check(
            &[(Parking, 5), (Charging, 2), (Parking, 5)],
            &[(Parking, 12)],
        );
        check(
            &[(Conditioning, 5), (Charging, 1), (Conditioning, 5)],
            &[(Conditioning, 11)],
        );
        check(
            &[(Conditioning, 1), (Parking, 10), (Conditioning, 1)],
            &[(Conditioning, 12)],
        );
        check(&[(Conditioning, 2), (Parking, 30)], &[(Parking, 32)]);
    }
}
