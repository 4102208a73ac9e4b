//! What a vehicle did from when to when, from its buckets.
//!
//! A **trip** is a drive cycle where those are numbered, and else what [`crate::trips`] found.
//! Between two trips the bus is parked, and that time is divided without a rest:
//!
//! - **charging**: plugged in, and the battery gains energy ([`crate::activity`]);
//! - **conditioning**: heaters or air conditioning run and the battery gains nothing, from the grid
//!   or from the battery;
//! - of both, pauses of less than [`PAUSE_MICROSECONDS_MAX`] belong to them, if the plug does not
//!   change meanwhile, and a change of the plug ends them;
//! - **parking**: the rest, and whatever of the two lasts less than [`SESSION_MICROSECONDS_MIN`].
//!
//! A session lasts to the start of the next one, the last before a trip to its own last sample.
//! Silence ends nothing, since a parked bus may sleep and a trip may pass a dead zone: it shows as
//! coverage. But after more than [`SILENCE_MICROSECONDS_MAX`], or when a parked bus has moved
//! meanwhile by its odometer, another block begins.
//!
//! A bus may charge on a trip, with the key on. That is a session of its own, within the trip, which
//! goes on if the bus drives on in the same drive cycle within that time.
//!
//! Nothing crosses the bounds of a **block** (a trip, or the time between two trips), so that late
//! data has only those blocks worked out again that it touches. A bus may be parked for months, or
//! its drive cycle never change; so what has gone on for [`LONG_MICROSECONDS`] at the beginning of a
//! UTC day is cut there, and is another block, and other sessions, from then on. Nights, weekends and
//! charges stay whole. Where blocks begin can be told from the readings of a few days around:
//! [`Window`] says which.
//!
//! All intervals of a bucket belong to one session, so that sums of sessions are those of their
//! buckets, and no time of a boot is counted twice. A session's first interval may lead into it (from
//! the last movement of a trip without a number) and its last one out of it, by a minute each.

mod blocks;
mod head;
mod parked;
mod session;
mod units;
mod window;

pub use head::SessionHead;
pub use session::{Session, TripBand};
pub use window::{
    BLOCKS_BEFORE, CUT_REACH_MICROSECONDS, GAP_MICROSECONDS_MAX, LONG_MICROSECONDS, Window,
};

use std::collections::BTreeMap;
use std::sync::Arc;

use ayaz_model::UnixMicroseconds;

use crate::activity::Activity;
use crate::buckets::Bucket;
use crate::ends::Ends;
use crate::energy::Energy;
use crate::interval::INTERVAL_MICROSECONDS_MAX;
use blocks::Block;
use parked::Part;
use units::{Head, Unit};

/// Pauses up to here, excluding it, belong to a charge or to conditioning, µs.
pub const PAUSE_MICROSECONDS_MAX: i64 = 15 * 60_000_000;

/// Charging and conditioning that last less are none, µs.
pub const SESSION_MICROSECONDS_MIN: i64 = 3 * 60_000_000;

/// After a longer silence a new block begins, µs.
pub const SILENCE_MICROSECONDS_MAX: i64 = GAP_MICROSECONDS_MAX;

/// A parked bus whose odometer has grown by more was on a trip that nobody heard of, km.
pub const UNSEEN_KM_MAX: f64 = 0.5;

/// The sessions of a window, in the order of their start, from the buckets of its hours, which are in
/// the order of the table.
pub fn assemble(buckets: &[Bucket], window: Window) -> Vec<Session> {
    let mut sessions = Vec::new();
    for block in blocks::of(buckets, window) {
        add_block(buckets, &block, &mut sessions);
    }
    // A stable order of those that start together: trips first.
    sessions.sort_by_key(|session| (session.started_at, session.kind, session.ended_at));
    sessions
}

fn add_block(buckets: &[Bucket], block: &Block, sessions: &mut Vec<Session>) {
    for trip in &block.trips {
        let goes_on = block.last_trip == Some(trip.key);
        let span = Span {
            kind: Activity::Trip,
            started_at: trip.started_at,
            ended_at: block
                .goes_on_at
                .filter(|_| goes_on)
                .unwrap_or(trip.ended_at),
            head: trip.head,
        };
        sessions.push(session(buckets, block, span, &trip.buckets));
    }
    let mut parked: Vec<(&[Unit], Part)> = Vec::new();
    for stay in stays(block) {
        parked.extend(parked::divide(stay).into_iter().map(|part| (stay, part)));
    }
    if let Some((_, last)) = parked.last_mut()
        && let Some(at) = block.goes_on_at.filter(|_| block.last_trip.is_none())
    {
        last.ended_at = at;
    }
    for (stay, part) in parked {
        let units = &stay[part.units];
        let mut of_part: Vec<usize> = units.iter().flat_map(|unit| unit.buckets.clone()).collect();
        of_part.sort_unstable();
        let span = Span {
            kind: part.kind,
            started_at: part.started_at,
            ended_at: part.ended_at,
            head: part.head,
        };
        sessions.push(session(buckets, block, span, &of_part));
    }
}

/// What is divided together: all of a time between two trips; and of what was parked during a trip
/// (on a plug with the key on) only what the bus did not drive in between.
fn stays(block: &Block) -> Vec<&[Unit]> {
    if block.parked.is_empty() {
        return Vec::new();
    }
    block
        .parked
        .chunk_by(|a, b| {
            b.started_at.0.saturating_sub(a.ended_at.0) <= INTERVAL_MICROSECONDS_MAX
                || !block.is_driven(a.ended_at, b.started_at)
        })
        .collect()
}

/// A session without its figures.
#[derive(Debug, Clone, Copy)]
struct Span {
    kind: Activity,
    started_at: UnixMicroseconds,
    ended_at: UnixMicroseconds,
    head: Head,
}

/// `of` are the session's buckets, in the order of the table.
fn session(buckets: &[Bucket], block: &Block, span: Span, of: &[usize]) -> Session {
    let Span {
        kind,
        started_at,
        ended_at,
        head,
    } = span;
    let own = || of.iter().filter_map(|index| buckets.get(*index));
    let mut energy = Energy::default();
    let mut ends = Ends::default();
    let (mut intervals, mut plugged_seconds, mut plugged) = (0, 0.0, false);
    // A trip that was charged on the way says so, though the charge is a session of its own.
    if kind == Activity::Trip {
        let units = block.parked.iter().filter(|unit| unit.plugged_in);
        let nested =
            units.flat_map(|unit| unit.buckets.iter().filter_map(|index| buckets.get(*index)));
        plugged_seconds += nested.map(|bucket| bucket.energy.seconds).sum::<f64>();
    }
    for bucket in own() {
        energy.merge(&bucket.energy);
        ends.merge(&bucket.ends);
        intervals += bucket.intervals;
        if bucket.plugged_in {
            plugged_seconds += bucket.energy.seconds;
            plugged = true;
        }
    }
    Session {
        kind,
        started_at,
        ended_at,
        block_started_at: block.started_at,
        service_day: head.service_day,
        drive_cycle: head.drive_cycle,
        trip_started_at: head.trip_started_at,
        route: only(own().map(|bucket| bucket.route.as_ref())),
        charging_station: only(own().map(|bucket| bucket.charging_station.as_ref())),
        plugged_in_share: if energy.seconds > 0.0 {
            (plugged_seconds / energy.seconds).min(1.0)
        } else {
            f64::from(u8::from(plugged))
        },
        intervals,
        energy,
        ends,
        bands: if kind == Activity::Trip {
            bands(own())
        } else {
            Vec::new()
        },
    }
}

/// The one text that all of them have that have any.
fn only<'a>(texts: impl Iterator<Item = Option<&'a Arc<str>>>) -> Option<Arc<str>> {
    let mut texts = texts.flatten();
    let first = texts.next()?;
    texts.all(|text| text == first).then(|| Arc::clone(first))
}

/// Band and route.
type BandKey = (Option<i16>, Option<Arc<str>>);

fn bands<'a>(buckets: impl Iterator<Item = &'a Bucket>) -> Vec<TripBand> {
    let mut bands: BTreeMap<BandKey, (i64, Energy)> = BTreeMap::new();
    for bucket in buckets {
        let key = (bucket.band_celsius, bucket.route.clone());
        let (intervals, energy) = bands.entry(key).or_default();
        *intervals += bucket.intervals;
        energy.merge(&bucket.energy);
    }
    let band = |((band_celsius, route), (intervals, energy))| TripBand {
        band_celsius,
        route,
        intervals,
        energy,
    };
    bands.into_iter().map(band).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_with_the_key_on_are_not_joined_over_the_driving_between_them() {
        let mut block = Block::new(Unit::of_minutes(Activity::Trip, (0, 600)));
        for minutes in [(60, 70), (70, 75), (360, 370)] {
            block.add(Unit::of_minutes(Activity::Charging, minutes));
        }
        let minutes: Vec<_> = stays(&block)
            .into_iter()
            .flat_map(parked::divide)
            .map(|part| (part.started_at.0 / 60_000_000, part.ended_at.0 / 60_000_000))
            .collect();
        assert_eq!(minutes, [(60, 75), (360, 370)]);
    }
}
