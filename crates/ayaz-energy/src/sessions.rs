//! Sessions: what a vehicle did and when, from its buckets.
//!
//! A **trip** is a numbered drive cycle, or else a trip that [`crate::trips`] found. Between two
//! trips the bus is parked. That time is divided completely:
//!
//! - **charging**: plugged in, and the battery gains energy ([`crate::activity`]);
//! - **conditioning**: heaters or air conditioning run, from grid or battery, and the battery gains
//!   no energy;
//! - pauses of less than [`PAUSE_MICROSECONDS_MAX`] belong to either of them, if the plug does not
//!   change in the pause. A change of the plug ends both;
//! - **parking**: the rest, and charging or conditioning of less than [`SESSION_MICROSECONDS_MIN`].
//!
//! A session lasts to the start of the next one; the last one before a trip lasts to its own last
//! sample. Silence does not end a session, because a parked bus may sleep and a trip may pass an
//! area without network: it shows as coverage. But a new block begins after more than
//! [`SILENCE_MICROSECONDS_MAX`] of silence, or if the odometer of a parked bus has moved.
//!
//! A bus may charge on a trip, with the key on. This is a separate session within the trip. The
//! trip continues if the bus drives on in the same drive cycle within that time.
//!
//! No session crosses the bounds of a **block** (a trip, or the time between two trips). So late
//! data only changes the blocks that it touches. A bus may be parked for months, or its drive cycle
//! may never change. So a block that has lasted for [`LONG_MICROSECONDS`] at the start of a UTC day
//! is cut there: a new block with other sessions begins. Nights, weekends and charges stay whole.
//! The readings of a few days around a block define where it begins; [`Window`] selects them.
//!
//! All intervals of a bucket belong to one session, so sums of sessions equal those of their
//! buckets, and no time of a boot counts twice. A session's first interval may begin before it (at
//! the last movement of a trip without a number), and its last one may end after it, by a minute
//! each.

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

/// Shorter pauses belong to a charge or to conditioning, µs.
pub const PAUSE_MICROSECONDS_MAX: i64 = 15 * 60_000_000;

/// Shorter charging or conditioning does not count, µs.
pub const SESSION_MICROSECONDS_MIN: i64 = 3 * 60_000_000;

/// After a longer silence a new block begins, µs.
pub const SILENCE_MICROSECONDS_MAX: i64 = GAP_MICROSECONDS_MAX;

/// If the odometer of a parked bus grows by more, the bus made a trip without readings, km.
pub const UNSEEN_KM_MAX: f64 = 0.5;

/// The sessions of a window, by their start, from the buckets of its hours, which are in the order
/// of the table.
pub fn assemble(buckets: &[Bucket], window: Window) -> Vec<Session> {
    let mut sessions = Vec::new();
    for block in blocks::assemble(buckets, window) {
        add_block(buckets, &block, &mut sessions);
    }
    // Sessions with the same start have a stable order: trips first.
    sessions.sort_by_key(|session| (session.started_at, session.kind, session.ended_at));
    sessions
}

fn add_block(buckets: &[Bucket], block: &Block, sessions: &mut Vec<Session>) {
    for trip in &block.trips {
        let continues = block.last_trip == Some(trip.key);
        let span = Span {
            kind: Activity::Trip,
            started_at: trip.started_at,
            ended_at: block
                .goes_on_at
                .filter(|_| continues)
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

/// Groups of units that are divided together: the whole time between two trips; during a trip (on a
/// plug with the key on), only units without driving between them.
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

/// A session without its sums.
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
    // The share of a trip on a plug includes charging, although that is a session of its own.
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

/// The text, if all present texts are equal.
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
    fn driving_separates_charges_with_the_key_on() {
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
