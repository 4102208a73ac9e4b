//! What belongs together before anything is joined.

use std::collections::BTreeMap;
use std::sync::Arc;

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

use crate::activity::Activity;
use crate::ends::FirstLast;
use crate::pieces::Piece;

/// Number of the drive cycle, or when the trip began.
pub(super) type TripKey = (Option<i64>, Option<UnixMicroseconds>);

/// What an hour has of a trip, or a stretch of another activity within an hour.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unit {
    pub(super) kind: Activity,
    /// Of what an hour has of a trip.
    pub(super) trip: Option<TripKey>,
    /// The drive cycle that all of it is of, on a plug too: the key was on throughout.
    pub(super) key_on: Option<i64>,
    pub(super) plugged_in: bool,
    pub(super) charging_station: Option<Arc<str>>,
    pub(super) started_at: UnixMicroseconds,
    pub(super) ended_at: UnixMicroseconds,
    pub(super) odometer_km: FirstLast,
    pub(super) head: Head,
    /// Its pieces, in their order.
    pub(super) pieces: Vec<usize>,
}

/// What is told of a session by its first piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Head {
    pub(super) service_day: Date,
    pub(super) drive_cycle: Option<i64>,
    pub(super) trip_started_at: Option<UnixMicroseconds>,
}

impl Head {
    fn of(piece: &Piece) -> Self {
        Self {
            service_day: piece.service_day,
            drive_cycle: piece.drive_cycle,
            trip_started_at: piece.trip_started_at,
        }
    }
}

impl Unit {
    fn new(index: usize, piece: &Piece) -> Self {
        Self {
            kind: piece.activity,
            trip: (piece.activity == Activity::Trip)
                .then_some((piece.drive_cycle, piece.trip_started_at)),
            key_on: piece.drive_cycle,
            plugged_in: piece.plugged_in,
            charging_station: piece.charging_station.clone(),
            started_at: piece.started_at,
            ended_at: piece.ended_at,
            odometer_km: piece.ends.odometer_km,
            head: Head::of(piece),
            pieces: vec![index],
        }
    }

    fn add(&mut self, index: usize, piece: &Piece) {
        self.key_on = self.key_on.filter(|_| piece.drive_cycle == self.key_on);
        if piece.started_at < self.started_at {
            self.started_at = piece.started_at;
            self.head = Head::of(piece);
        }
        self.ended_at = self.ended_at.max(piece.ended_at);
        self.odometer_km.merge(&piece.ends.odometer_km);
        self.pieces.push(index);
    }
}

/// By start; of those that start together, trips come first.
pub(super) fn of(pieces: &[Piece]) -> Vec<Unit> {
    let mut units: BTreeMap<Part, Unit> = BTreeMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        let part = match piece.activity {
            Activity::Trip => Part::Trip(piece.hour, (piece.drive_cycle, piece.trip_started_at)),
            _ => Part::Stretch(piece.hour, piece.stretch_started_at),
        };
        units
            .entry(part)
            .and_modify(|unit| unit.add(index, piece))
            .or_insert_with(|| Unit::new(index, piece));
    }
    let mut units: Vec<Unit> = units.into_values().collect();
    units.sort_by_key(|unit| (unit.started_at, unit.kind, unit.ended_at));
    units
}

/// What belongs together within an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Trip(UnixMicroseconds, TripKey),
    Stretch(UnixMicroseconds, Option<UnixMicroseconds>),
}

#[cfg(test)]
impl Unit {
    /// Of minutes, without pieces; a trip's drive cycle is the first.
    pub(super) fn of_minutes(kind: Activity, minutes: (i64, i64)) -> Self {
        let at = |minute: i64| UnixMicroseconds(minute * 60_000_000);
        let drive_cycle = (kind == Activity::Trip).then_some(1);
        Self {
            kind,
            trip: drive_cycle.map(|number| (Some(number), None)),
            key_on: drive_cycle,
            plugged_in: kind != Activity::Trip,
            charging_station: None,
            started_at: at(minutes.0),
            ended_at: at(minutes.1),
            odometer_km: FirstLast::default(),
            head: Head {
                service_day: Date::constant(2026, 1, 10),
                drive_cycle,
                trip_started_at: None,
            },
            pieces: Vec::new(),
        }
    }
}
