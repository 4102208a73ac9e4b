//! What a vehicle did from when to when, from its pieces.
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
//! Nothing crosses the bounds of a **block** (a trip, or the time between two trips), so that late
//! data has only those blocks worked out again that it touches.

mod blocks;
mod parked;

use std::collections::BTreeMap;
use std::sync::Arc;

use ayaz_model::UnixMicroseconds;
use ayaz_store::analytics::{Activity, Ends, Energy, Piece, Session, TripBand, Window};

use crate::interval::INTERVAL_MICROSECONDS_MAX;
use blocks::{Block, Unit};

/// Pauses up to here, excluding it, belong to a charge or to conditioning, µs.
pub const PAUSE_MICROSECONDS_MAX: i64 = 15 * 60_000_000;

/// Charging and conditioning that last less are none, µs.
pub const SESSION_MICROSECONDS_MIN: i64 = 3 * 60_000_000;

/// After a longer silence a new block begins, µs.
pub const SILENCE_MICROSECONDS_MAX: i64 = 24 * 3_600_000_000;

/// A parked bus whose odometer has grown by more was on a trip that nobody heard of, km.
pub const UNSEEN_KM_MAX: f64 = 0.5;

/// The sessions of a window, in the order of their start, from the pieces of its hours, which are in
/// the order of the table.
pub fn assemble(pieces: &[Piece], window: Window) -> Vec<Session> {
    let mut sessions = Vec::new();
    for block in blocks::of(pieces, window) {
        add_block(pieces, &block, &mut sessions);
    }
    // A stable order of those that start together: trips first.
    sessions.sort_by_key(|session| (session.started_at, session.kind, session.ended_at));
    sessions
}

fn add_block(pieces: &[Piece], block: &Block, sessions: &mut Vec<Session>) {
    for trip in &block.trips {
        let span = (trip.started_at, trip.ended_at);
        sessions.push(session(pieces, block, Activity::Trip, span, &trip.pieces));
    }
    for stay in stays(block) {
        for part in parked::divide(stay) {
            let units = &stay[part.units.clone()];
            let mut of_part: Vec<usize> =
                units.iter().flat_map(|unit| unit.pieces.clone()).collect();
            of_part.sort_unstable();
            let span = (part.started_at, part.ended_at);
            sessions.push(session(pieces, block, part.kind, span, &of_part));
        }
    }
}

/// What is divided together: all of a time between two trips; and of what was parked during a trip
/// (on a plug with the key on) only what follows without a gap, as the bus drove in between.
fn stays(block: &Block) -> Vec<&[Unit]> {
    if block.trips.is_empty() {
        return vec![&block.parked];
    }
    block
        .parked
        .chunk_by(|a, b| b.started_at.0.saturating_sub(a.ended_at.0) <= INTERVAL_MICROSECONDS_MAX)
        .collect()
}

/// `of` are the session's pieces, in the order of the table.
fn session(
    pieces: &[Piece],
    block: &Block,
    kind: Activity,
    (started_at, ended_at): (UnixMicroseconds, UnixMicroseconds),
    of: &[usize],
) -> Session {
    let own = || of.iter().filter_map(|index| pieces.get(*index));
    let mut energy = Energy::default();
    let mut ends = Ends::default();
    let (mut intervals, mut plugged_seconds, mut plugged) = (0, 0.0, false);
    // A trip that was charged on the way says so, though the charge is a session of its own.
    if kind == Activity::Trip {
        let units = block.parked.iter().filter(|unit| unit.plugged_in);
        let nested =
            units.flat_map(|unit| unit.pieces.iter().filter_map(|index| pieces.get(*index)));
        plugged_seconds += nested.map(|piece| piece.energy.seconds).sum::<f64>();
    }
    for piece in own() {
        energy.merge(&piece.energy);
        ends.merge(&piece.ends);
        intervals += piece.intervals;
        if piece.plugged_in {
            plugged_seconds += piece.energy.seconds;
            plugged = true;
        }
    }
    let first = own().min_by_key(|piece| piece.started_at);
    Session {
        kind,
        started_at,
        ended_at,
        block_started_at: block.started_at,
        service_day: first.map_or(jiff::civil::Date::ZERO, |piece| piece.service_day),
        drive_cycle: first.and_then(|piece| piece.drive_cycle),
        trip_started_at: first.and_then(|piece| piece.trip_started_at),
        route: only(own().map(|piece| piece.route.as_ref())),
        charging_station: only(own().map(|piece| piece.charging_station.as_ref())),
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

fn bands<'a>(pieces: impl Iterator<Item = &'a Piece>) -> Vec<TripBand> {
    let mut bands: BTreeMap<BandKey, (i64, Energy)> = BTreeMap::new();
    for piece in pieces {
        let key = (piece.band_celsius, piece.route.clone());
        let (intervals, energy) = bands.entry(key).or_default();
        *intervals += piece.intervals;
        energy.merge(&piece.energy);
    }
    let band = |((band_celsius, route), (intervals, energy))| TripBand {
        band_celsius,
        route,
        intervals,
        energy,
    };
    bands.into_iter().map(band).collect()
}

/// What belongs together before anything is joined: a trip, or a stretch within an hour.
fn unit(pieces: &[Piece], of: Vec<usize>) -> Option<Unit> {
    let own = || of.iter().filter_map(|index| pieces.get(*index));
    let first = own().next()?;
    let mut ends = Ends::default();
    own().for_each(|piece| ends.merge(&piece.ends));
    Some(Unit {
        kind: first.activity,
        trip: (first.activity == Activity::Trip)
            .then_some((first.drive_cycle, first.trip_started_at)),
        plugged_in: first.plugged_in,
        charging_station: first.charging_station.clone(),
        started_at: own().map(|piece| piece.started_at).min()?,
        ended_at: own().map(|piece| piece.ended_at).max()?,
        odometer_km: ends
            .odometer_km
            .first_value()
            .zip(ends.odometer_km.last_value()),
        pieces: of,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(kind: Activity, minutes: (i64, i64)) -> Unit {
        let at = |minute: i64| UnixMicroseconds(minute * 60_000_000);
        Unit {
            kind,
            trip: (kind == Activity::Trip).then_some((Some(1), None)),
            plugged_in: kind != Activity::Trip,
            charging_station: None,
            started_at: at(minutes.0),
            ended_at: at(minutes.1),
            odometer_km: None,
            pieces: Vec::new(),
        }
    }

    #[test]
    fn charges_with_the_key_on_are_not_joined_over_the_driving_between_them() {
        let mut block = Block::new(unit(Activity::Trip, (0, 600)));
        for minutes in [(60, 70), (70, 75), (360, 370)] {
            block.add(unit(Activity::Charging, minutes));
        }
        let minutes: Vec<_> = stays(&block)
            .into_iter()
            .flat_map(parked::divide)
            .map(|part| (part.started_at.0 / 60_000_000, part.ended_at.0 / 60_000_000))
            .collect();
        assert_eq!(minutes, [(60, 75), (360, 370)]);
    }
}
