//! Buckets grouped to units, before units are joined.

use std::collections::BTreeMap;
use std::sync::Arc;

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

use crate::activity::Activity;
use crate::buckets::Bucket;
use crate::ends::FirstLast;

/// Number of the drive cycle, or start of the trip.
pub(super) type TripKey = (Option<i64>, Option<UnixMicroseconds>);

/// A trip's part in one hour, or a parked segment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unit {
    pub(super) kind: Activity,
    /// The trip, unless it is parked.
    pub(super) trip: Option<TripKey>,
    /// The drive cycle of all its buckets, on a plug too: the key was on throughout.
    pub(super) key_on: Option<i64>,
    pub(super) plugged_in: bool,
    pub(super) charging_station: Option<Arc<str>>,
    pub(super) started_at: UnixMicroseconds,
    pub(super) ended_at: UnixMicroseconds,
    pub(super) odometer_km: FirstLast,
    pub(super) head: Head,
    /// Its buckets, in their order.
    pub(super) buckets: Vec<usize>,
}

/// What the first bucket defines of a session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Head {
    pub(super) service_day: Date,
    pub(super) drive_cycle: Option<i64>,
    pub(super) trip_started_at: Option<UnixMicroseconds>,
}

impl Head {
    fn of(bucket: &Bucket) -> Self {
        Self {
            service_day: bucket.service_day,
            drive_cycle: bucket.drive_cycle,
            trip_started_at: bucket.trip_started_at,
        }
    }
}

impl Unit {
    fn new(index: usize, bucket: &Bucket) -> Self {
        Self {
            kind: bucket.activity,
            trip: (bucket.activity == Activity::Trip)
                .then_some((bucket.drive_cycle, bucket.trip_started_at)),
            key_on: bucket.drive_cycle,
            plugged_in: bucket.plugged_in,
            charging_station: bucket.charging_station.clone(),
            started_at: bucket.started_at,
            ended_at: bucket.ended_at,
            odometer_km: bucket.ends.odometer_km,
            head: Head::of(bucket),
            buckets: vec![index],
        }
    }

    fn add(&mut self, index: usize, bucket: &Bucket) {
        self.key_on = self.key_on.filter(|_| bucket.drive_cycle == self.key_on);
        if bucket.started_at < self.started_at {
            self.started_at = bucket.started_at;
            self.head = Head::of(bucket);
        }
        self.ended_at = self.ended_at.max(bucket.ended_at);
        self.odometer_km.merge(&bucket.ends.odometer_km);
        self.buckets.push(index);
    }
}

/// Units by start. Of those with the same start, trips come first.
pub(super) fn group(buckets: &[Bucket]) -> Vec<Unit> {
    let mut units: BTreeMap<Part, Unit> = BTreeMap::new();
    for (index, bucket) in buckets.iter().enumerate() {
        let part = match bucket.activity {
            Activity::Trip => Part::Trip(bucket.hour, (bucket.drive_cycle, bucket.trip_started_at)),
            _ => Part::Parked(bucket.hour, bucket.stretch_started_at),
        };
        units
            .entry(part)
            .and_modify(|unit| unit.add(index, bucket))
            .or_insert_with(|| Unit::new(index, bucket));
    }
    let mut units: Vec<Unit> = units.into_values().collect();
    units.sort_by_key(|unit| (unit.started_at, unit.kind, unit.ended_at));
    units
}

/// What a unit groups within an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Trip(UnixMicroseconds, TripKey),
    Parked(UnixMicroseconds, Option<UnixMicroseconds>),
}

#[cfg(test)]
impl Unit {
    /// From minutes, without buckets; a trip has drive cycle 1.
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
            buckets: Vec::new(),
        }
    }
}
