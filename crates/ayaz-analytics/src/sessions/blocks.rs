//! Trips, and the times between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ayaz_model::UnixMicroseconds;
use ayaz_store::analytics::{Activity, Piece, Window};

use super::{SILENCE_MICROSECONDS_MAX, UNSEEN_KM_MAX, unit};

/// Number of the drive cycle, or when the trip began.
pub(super) type TripKey = (Option<i64>, Option<UnixMicroseconds>);

/// A trip, what an hour has of it, or a stretch of another activity within an hour.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unit {
    pub(super) kind: Activity,
    /// Of a trip, or of what an hour has of one.
    pub(super) trip: Option<TripKey>,
    pub(super) plugged_in: bool,
    pub(super) charging_station: Option<Arc<str>>,
    pub(super) started_at: UnixMicroseconds,
    pub(super) ended_at: UnixMicroseconds,
    /// First and last.
    pub(super) odometer_km: Option<(f64, f64)>,
    /// Its pieces, in their order.
    pub(super) pieces: Vec<usize>,
}

/// Trips that overlap, with what was parked meanwhile (by another boot of the device, or on a plug
/// with the key on), or the time between two trips.
#[derive(Debug, PartialEq)]
pub(super) struct Block {
    pub(super) started_at: UnixMicroseconds,
    /// The end of what ends last, which alone decides about what follows: so that blocks far away
    /// do not.
    ended_at: UnixMicroseconds,
    last_trip: Option<TripKey>,
    last_odometer_km: Option<f64>,
    pub(super) trips: Vec<Unit>,
    pub(super) parked: Vec<Unit>,
}

impl Block {
    pub(super) fn new(unit: Unit) -> Self {
        let mut block = Self {
            started_at: unit.started_at,
            ended_at: unit.ended_at,
            last_trip: None,
            last_odometer_km: None,
            trips: Vec::new(),
            parked: Vec::new(),
        };
        block.add(unit);
        block
    }

    pub(super) fn add(&mut self, unit: Unit) {
        if unit.ended_at >= self.ended_at {
            self.ended_at = unit.ended_at;
            self.last_trip = unit.trip;
            self.last_odometer_km = unit.odometer_km.map(|(_, last)| last);
        }
        if unit.trip.is_none() {
            self.parked.push(unit);
        } else if let Some(trip) = self.trips.iter_mut().find(|trip| trip.trip == unit.trip) {
            trip.ended_at = trip.ended_at.max(unit.ended_at);
            trip.pieces.extend(unit.pieces);
        } else {
            self.trips.push(unit);
        }
    }

    /// Whether the next unit, by start, belongs to it.
    fn goes_on(&self, next: &Unit) -> bool {
        // Also if it begins in that instant: a block is told from the next by its bounds.
        if next.started_at <= self.ended_at {
            return true;
        }
        let silence = next.started_at.0.saturating_sub(self.ended_at.0);
        if silence > SILENCE_MICROSECONDS_MAX {
            return false;
        }
        match (self.last_trip, next.trip) {
            // A counter of drive cycles may start over, so that a number comes again: it is the same
            // trip only if nothing else was heard in between.
            (Some(last), Some(next)) => last == next,
            (None, None) => {
                let odometers = next.odometer_km.zip(self.last_odometer_km);
                let unseen_km = odometers.map_or(0.0, |((first, _), last)| first - last);
                unseen_km.abs() <= UNSEEN_KM_MAX
            }
            _ => false,
        }
    }
}

/// The window's blocks, in order. What begins outside of the window is of blocks that stay.
pub(super) fn of(pieces: &[Piece], window: Window) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for unit in units(pieces) {
        if !window.holds(unit.started_at) {
            continue;
        }
        match blocks.last_mut() {
            Some(block) if block.goes_on(&unit) => block.add(unit),
            _ => blocks.push(Block::new(unit)),
        }
    }
    blocks
}

/// By start; of those that start together, trips come first.
fn units(pieces: &[Piece]) -> Vec<Unit> {
    let mut parts: BTreeMap<Part, Vec<usize>> = BTreeMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        let part = match piece.activity {
            Activity::Trip => Part::Trip(piece.hour, (piece.drive_cycle, piece.trip_started_at)),
            _ => Part::Stretch(piece.hour, piece.stretch_started_at),
        };
        parts.entry(part).or_default().push(index);
    }
    let mut units: Vec<Unit> = parts
        .into_values()
        .filter_map(|of| unit(pieces, of))
        .collect();
    units.sort_by_key(|unit| (unit.started_at, unit.kind, unit.ended_at));
    units
}

/// What belongs together within an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Trip(UnixMicroseconds, TripKey),
    Stretch(UnixMicroseconds, Option<UnixMicroseconds>),
}
