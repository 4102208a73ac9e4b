//! Trips, and the times between them.

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::DAY_MICROSECONDS;

use super::units::{self, Head, TripKey, Unit};
use super::{SILENCE_MICROSECONDS_MAX, UNSEEN_KM_MAX};
use crate::buckets::Bucket;
use crate::sessions::{LONG_MICROSECONDS, Window};

/// Overlapping trips with the parked time inside them (of another boot of the device, or on a plug
/// with the key on), or the time between two trips. A long block is cut into days.
#[derive(Debug, PartialEq)]
pub(super) struct Block {
    pub(super) started_at: UnixMicroseconds,
    /// Start of the next block, if it was cut off from this one.
    pub(super) goes_on_at: Option<UnixMicroseconds>,
    /// The trip of the unit that ends last.
    pub(super) last_trip: Option<TripKey>,
    ended_at: UnixMicroseconds,
    pub(super) trips: Vec<Trip>,
    pub(super) parked: Vec<Unit>,
    /// Starts of the trip units, and the latest end of all units up to each.
    driven: Vec<(UnixMicroseconds, UnixMicroseconds)>,
}

/// A trip, or one day of a long one.
#[derive(Debug, PartialEq)]
pub(super) struct Trip {
    pub(super) key: TripKey,
    pub(super) head: Head,
    pub(super) started_at: UnixMicroseconds,
    pub(super) ended_at: UnixMicroseconds,
    pub(super) buckets: Vec<usize>,
}

impl Block {
    pub(super) fn new(unit: Unit) -> Self {
        let mut block = Self {
            started_at: unit.started_at,
            goes_on_at: None,
            last_trip: None,
            ended_at: unit.ended_at,
            trips: Vec::new(),
            parked: Vec::new(),
            driven: Vec::new(),
        };
        block.add(unit);
        block
    }

    /// Adds a unit. Units come in the order of their start.
    pub(super) fn add(&mut self, unit: Unit) {
        if unit.ended_at >= self.ended_at {
            self.ended_at = unit.ended_at;
            self.last_trip = unit.trip;
        }
        let Some(key) = unit.trip else {
            self.parked.push(unit);
            return;
        };
        let until = self
            .driven
            .last()
            .map_or(unit.ended_at, |(_, until)| unit.ended_at.max(*until));
        self.driven.push((unit.started_at, until));
        if let Some(trip) = self.trips.iter_mut().find(|trip| trip.key == key) {
            trip.ended_at = trip.ended_at.max(unit.ended_at);
            trip.buckets.extend(unit.buckets);
        } else {
            self.trips.push(Trip {
                key,
                head: unit.head,
                started_at: unit.started_at,
                ended_at: unit.ended_at,
                buckets: unit.buckets,
            });
        }
    }

    /// Whether the bus may have driven between these instants.
    pub(super) fn is_driven(&self, from: UnixMicroseconds, to: UnixMicroseconds) -> bool {
        let begun = self.driven.partition_point(|(start, _)| *start < to);
        let last = begun.checked_sub(1).and_then(|last| self.driven.get(last));
        last.is_some_and(|(_, until)| *until > from)
    }
}

/// The window's blocks, in order. Units that begin outside of the window belong to blocks that do
/// not change.
pub(super) fn assemble(buckets: &[Bucket], window: Window) -> Vec<Block> {
    let mut units = units::group(buckets);
    units.retain(|unit| window.holds(unit.started_at));
    let mut begins = begins(&units);
    if window.is_on_trip
        && let Some(first) = units.iter().position(|unit| unit.trip.is_some())
    {
        begins[first] = false;
    }
    let mut blocks: Vec<Block> = Vec::new();
    // Start of the last block that was not cut off, and start of the last unit.
    let mut since = UnixMicroseconds(i64::MIN);
    let mut before = UnixMicroseconds(i64::MIN);
    for (unit, begins) in units.into_iter().zip(begins) {
        let at = unit.started_at;
        match blocks.last_mut() {
            Some(block) if !begins => {
                if is_cut(since, before, at) {
                    block.goes_on_at = Some(at);
                    blocks.push(Block::new(unit));
                } else {
                    block.add(unit);
                }
            }
            last => {
                if last.is_some() || !window.is_cut_before {
                    since = at;
                }
                blocks.push(Block::new(unit));
            }
        }
        before = at;
    }
    if let Some(last) = blocks.last_mut() {
        last.goes_on_at = window.goes_on_at;
    }
    blocks
}

/// Whether a block that began at `since` is cut between two units that begin at `before` and `at`.
/// It is cut at the start of the UTC day between them, so that nothing long ago matters. Units do
/// not cross the bound of an hour.
fn is_cut(since: UnixMicroseconds, before: UnixMicroseconds, at: UnixMicroseconds) -> bool {
    let edge = at.0.div_euclid(DAY_MICROSECONDS) * DAY_MICROSECONDS;
    before.0 < edge && since.0 <= edge.saturating_sub(LONG_MICROSECONDS)
}

/// Whether a block begins with each of the units.
fn begins(units: &[Unit]) -> Vec<bool> {
    // Of all units before, only the one that ends last matters, so that units far away do not.
    let mut last: Option<&Unit> = None;
    let mut lasts = Vec::with_capacity(units.len());
    for unit in units {
        lasts.push(last);
        if last.is_none_or(|last| unit.ended_at >= last.ended_at) {
            last = Some(unit);
        }
    }
    let mut begins: Vec<bool> = units
        .iter()
        .zip(&lasts)
        .map(|(unit, last)| !last.is_some_and(|last| continues(last, unit)))
        .collect();
    for index in 0..units.len() {
        if let Some(last) = lasts[index].filter(|_| begins[index])
            && let Some(next) = trip_continues(units, &begins, index, last)
        {
            begins[index] = false;
            begins[next] = false;
        }
    }
    begins
}

/// Whether the next unit, by start, belongs to the block whose `last` unit ended last.
fn continues(last: &Unit, next: &Unit) -> bool {
    // Units at the same instant belong together: one block ends before the next one begins.
    if next.started_at <= last.ended_at {
        return true;
    }
    let silence = next.started_at.0.saturating_sub(last.ended_at.0);
    if silence > SILENCE_MICROSECONDS_MAX {
        return false;
    }
    match (last.trip, next.trip) {
        // A drive cycle counter may restart, so that a number comes again. It is the same trip only
        // if there is no other unit between them.
        (Some(last), Some(next)) => last == next,
        (None, None) => {
            let (last, next) = (&last.odometer_km, &next.odometer_km);
            let odometers = next.first_value().zip(last.last_value());
            let unseen_km = odometers.map_or(0.0, |(first, last)| first - last);
            unseen_km.abs() <= UNSEEN_KM_MAX
        }
        _ => false,
    }
}

/// The index at which the trip of `last` continues, if the bus was only on a plug since `index`,
/// with the key on in the same drive cycle. As after silence, for a day at most.
fn trip_continues(units: &[Unit], begins: &[bool], index: usize, last: &Unit) -> Option<usize> {
    let key_on = last.trip.and_then(|(number, _)| number)?;
    let mut next = index;
    while let Some(unit) = units.get(next) {
        if unit.trip.is_some() {
            break;
        }
        if unit.key_on != Some(key_on) || (next > index && begins[next]) {
            return None;
        }
        next += 1;
    }
    let unit = units.get(next).filter(|unit| unit.trip == last.trip)?;
    let pause = unit.started_at.0.saturating_sub(last.ended_at.0);
    (next > index && pause <= SILENCE_MICROSECONDS_MAX).then_some(next)
}

#[cfg(test)]
mod tests {
    use crate::Activity::{Charging, Parking, Trip};
    use crate::activity::Activity;

    use super::*;

    const HOUR: i64 = 60;
    const DAY: i64 = 24 * HOUR;

    /// Units that last to the end of their hour, or to the start of the next one.
    fn each_hour(kind: Activity, (from, to): (i64, i64)) -> impl Iterator<Item = Unit> {
        let starts = std::iter::successors(Some(from), |at| Some((at / HOUR + 1) * HOUR));
        starts
            .take_while(move |at| *at < to)
            .map(move |at| Unit::of_minutes(kind, (at, (at / HOUR * HOUR + HOUR - 1).min(to))))
    }

    fn begin_minutes(units: &[Unit]) -> Vec<i64> {
        let begins = begins(units);
        let of = units.iter().zip(begins).filter(|(_, begins)| *begins);
        of.map(|(unit, _)| unit.started_at.0 / 60_000_000).collect()
    }

    #[test]
    fn a_charge_with_the_key_on_does_not_end_the_trip() {
        let with_key_on = |number: Option<i64>, minutes| {
            let mut charge: Vec<Unit> = each_hour(Charging, minutes).collect();
            charge.iter_mut().for_each(|unit| unit.key_on = number);
            charge
        };
        let check = |charge: Vec<Unit>, end: i64, expected: &[i64]| {
            let mut units: Vec<Unit> = each_hour(Trip, (0, 40)).collect();
            units.extend(charge);
            units.extend(each_hour(Trip, (end, end + 30)));
            assert_eq!(begin_minutes(&units), expected, "{units:#?}");
        };
        for end in [50, 80, 200, 40 + DAY] {
            check(with_key_on(Some(1), (41, end - 1)), end, &[0]);
            // Key off, or another drive cycle.
            check(with_key_on(None, (41, end - 1)), end, &[0, 41, end]);
            check(with_key_on(Some(2), (41, end - 1)), end, &[0, 41, end]);
        }
        let end = 41 + DAY;
        check(with_key_on(Some(1), (41, end - 1)), end, &[0, 41, end]);
        // Key off for a moment.
        let mut charge = with_key_on(Some(1), (41, 199));
        charge[1].key_on = None;
        check(charge, 200, &[0, 41, 200]);
    }

    /// Start of a block, and start of a unit that follows another one after 40 minutes.
    #[test]
    fn a_long_block_is_cut_at_the_start_of_a_day_after_three_days() {
        let check = |since: i64, at: i64, expected| {
            let of = |minute: i64| UnixMicroseconds(minute * 60_000_000);
            let found = is_cut(of(since), of(at - 40), of(at));
            assert_eq!(found, expected, "{since} {at}");
        };
        check(0, 3 * DAY, true);
        check(0, 3 * DAY + 39, true);
        check(0, 3 * DAY + 40, false);
        check(0, 3 * DAY - 1, false);
        check(1, 3 * DAY, false);
        check(1, 4 * DAY, true);
        check(-100 * DAY, 0, true);
        check(-100 * DAY, HOUR, false);
        let ever = UnixMicroseconds(i64::MIN);
        assert!(is_cut(ever, ever, ever.plus(DAY_MICROSECONDS)));
        assert!(!is_cut(ever, UnixMicroseconds(0), UnixMicroseconds(1)));
    }

    #[test]
    fn the_bus_drives_while_trip_units_last() {
        let mut block = Block::new(Unit::of_minutes(Trip, (0, 40)));
        block.add(Unit::of_minutes(Trip, (10, 20)));
        block.add(Unit::of_minutes(Parking, (41, 69)));
        block.add(Unit::of_minutes(Trip, (70, 80)));
        let is_driven = |from: i64, to: i64| {
            let at = |minute: i64| UnixMicroseconds(minute * 60_000_000);
            block.is_driven(at(from), at(to))
        };
        assert!(is_driven(30, 35) && is_driven(39, 60) && is_driven(60, 71));
        assert!(!is_driven(40, 70) && !is_driven(80, 90) && !is_driven(-5, 0));
    }
}
