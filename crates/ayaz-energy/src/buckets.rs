//! Energy buckets: the sums of one hour, grouped as reports need them.

mod bucket;

pub use bucket::Bucket;

use std::collections::HashMap;
use std::sync::Arc;

use ayaz_model::{UnixMicroseconds, temperature_band};
use jiff::civil::Date;

use crate::activity::Activity;
use crate::ends::{Ends, FirstLast};
use crate::integrate::{Comfort, Sums};
use crate::interval::{Interval, Placed};
use crate::sample::Sample;

/// What an hour is grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketKey {
    service_day: Date,
    activity: Activity,
    stretch_started_at: Option<UnixMicroseconds>,
    drive_cycle: Option<i64>,
    trip_started_at: Option<UnixMicroseconds>,
    plugged_in: bool,
    charging_station: Option<Arc<str>>,
    route: Option<Arc<str>>,
    band_celsius: Option<i16>,
}

impl BucketKey {
    /// The key for a sample, and for the interval that it begins. Numbered drive cycles need no
    /// `trip_started_at`.
    pub fn of(placed: &Placed, day: Date, trip_started_at: Option<UnixMicroseconds>) -> Self {
        let sample = &placed.sample;
        let (activity, stretch_started_at) = activity(placed, trip_started_at);
        Self {
            service_day: day,
            activity,
            stretch_started_at,
            drive_cycle: sample.drive_cycle,
            trip_started_at,
            plugged_in: sample.is_plugged_in(),
            charging_station: charging_station(sample).cloned(),
            route: sample.route.clone(),
            band_celsius: band_celsius(sample),
        }
    }

    /// The key for all buckets above the limit. It keeps day and plug: charge is not regeneration.
    fn overflow(self) -> Self {
        Self {
            service_day: self.service_day,
            activity: Activity::Parking,
            stretch_started_at: None,
            drive_cycle: None,
            trip_started_at: None,
            plugged_in: self.plugged_in,
            charging_station: None,
            route: None,
            band_celsius: None,
        }
    }

    fn matches(
        &self,
        placed: &Placed,
        day: Date,
        trip_started_at: Option<UnixMicroseconds>,
    ) -> bool {
        let sample = &placed.sample;
        (self.activity, self.stretch_started_at) == activity(placed, trip_started_at)
            && self.service_day == day
            && self.drive_cycle == sample.drive_cycle
            && self.trip_started_at == trip_started_at
            && self.plugged_in == sample.is_plugged_in()
            && self.band_celsius == band_celsius(sample)
            && self.route == sample.route
            && self.charging_station.as_ref() == charging_station(sample)
    }
}

/// Most buckets of an hour; the rest goes into one bucket outside of trips. A source whose drive
/// cycle or route changes with each reading must not make a row of each.
const BUCKETS_MAX: usize = 2_000;

/// Only later readings show a trip without a number.
fn activity(
    placed: &Placed,
    trip_started_at: Option<UnixMicroseconds>,
) -> (Activity, Option<UnixMicroseconds>) {
    match trip_started_at {
        Some(_) => (Activity::Trip, None),
        None => (placed.activity, placed.stretch_started_at),
    }
}

/// The station, while plugged in: some sources repeat the last station for ever.
fn charging_station(sample: &Sample) -> Option<&Arc<str>> {
    let station = sample.charging_station.as_ref();
    station.filter(|_| sample.is_plugged_in())
}

fn band_celsius(sample: &Sample) -> Option<i16> {
    sample
        .exterior_temperature_celsius
        .map(temperature_band::lower_edge_celsius)
}

/// Samples and intervals of one bucket.
#[derive(Debug, Clone)]
struct Content {
    key: BucketKey,
    started_at: UnixMicroseconds,
    ended_at: UnixMicroseconds,
    ends: Ends,
    sums: Sums,
}

impl Content {
    fn new(key: BucketKey, at: UnixMicroseconds) -> Self {
        Self {
            key,
            started_at: at,
            ended_at: at,
            ends: Ends::default(),
            sums: Sums::default(),
        }
    }

    fn add_sample(&mut self, sample: &Sample) {
        let at = sample.recorded_at;
        self.started_at = self.started_at.min(at);
        self.ended_at = self.ended_at.max(at);
        let of = |value| FirstLast::of(at, value);
        self.ends.merge(&Ends {
            soc_percent: of(sample.soc_percent),
            odometer_km: of(sample.odometer_km),
            exterior_celsius: of(sample.exterior_temperature_celsius),
            cabin_celsius: of(sample.cabin_temperature_celsius),
            battery_celsius: of(sample.battery_temperature_celsius),
        });
    }

    fn merge(&mut self, other: &Self) {
        self.started_at = self.started_at.min(other.started_at);
        self.ended_at = self.ended_at.max(other.ended_at);
        self.ends.merge(&other.ends);
        self.sums.merge(&other.sums);
    }

    fn into_bucket(self, hour: UnixMicroseconds) -> Bucket {
        let key = self.key;
        Bucket {
            hour,
            service_day: key.service_day,
            activity: key.activity,
            stretch_started_at: key.stretch_started_at,
            drive_cycle: key.drive_cycle,
            trip_started_at: key.trip_started_at,
            plugged_in: key.plugged_in,
            charging_station: key.charging_station,
            route: key.route,
            band_celsius: key.band_celsius,
            started_at: self.started_at,
            ended_at: self.ended_at,
            intervals: self.sums.intervals,
            energy: self.sums.energy(),
            ends: self.ends,
        }
    }
}

/// Buckets by their key.
#[derive(Debug, Clone, Default)]
pub struct BucketMap {
    contents: Vec<Content>,
    index: HashMap<BucketKey, usize>,
    /// Where the last lookup ended: neighbours nearly always share a bucket.
    recent: usize,
}

impl BucketMap {
    /// Adds a sample to its bucket: its time, and its first and last values.
    pub fn add_sample(&mut self, placed: &Placed, day: Date, trip: Option<UnixMicroseconds>) {
        self.find(placed, day, trip).add_sample(&placed.sample);
    }

    /// Adds an interval to the bucket of its first sample.
    pub fn add_interval(
        &mut self,
        first: &Placed,
        interval: &Interval<'_>,
        day: Date,
        trip: Option<UnixMicroseconds>,
        comfort: Comfort,
    ) {
        self.find(first, day, trip).sums.add(interval, comfort);
    }

    /// Moves the buckets of `other` into this one and assigns them to the trip, or to none.
    pub fn absorb(&mut self, other: &mut Self, trip_started_at: Option<UnixMicroseconds>) {
        for content in std::mem::take(other).contents {
            let mut key = BucketKey {
                trip_started_at,
                ..content.key.clone()
            };
            if trip_started_at.is_some() {
                (key.activity, key.stretch_started_at) = (Activity::Trip, None);
            }
            self.entry(key, content.started_at).merge(&content);
        }
    }

    /// All buckets of the hour. Their order depends on their content alone.
    pub fn into_buckets(mut self, hour: UnixMicroseconds) -> Vec<Bucket> {
        self.contents
            .sort_unstable_by(|a, b| a.started_at.cmp(&b.started_at).then(a.key.cmp(&b.key)));
        self.contents
            .into_iter()
            .map(|content| content.into_bucket(hour))
            .collect()
    }

    /// Approximate memory use.
    pub fn bytes(&self) -> usize {
        self.contents.len() * (size_of::<Content>() + size_of::<(BucketKey, usize)>())
    }

    fn find(&mut self, placed: &Placed, day: Date, trip: Option<UnixMicroseconds>) -> &mut Content {
        let recent = self.recent;
        if self
            .contents
            .get(recent)
            .is_some_and(|content| content.key.matches(placed, day, trip))
        {
            return &mut self.contents[recent];
        }
        self.entry(BucketKey::of(placed, day, trip), placed.sample.recorded_at)
    }

    fn entry(&mut self, key: BucketKey, at: UnixMicroseconds) -> &mut Content {
        let is_full = self.contents.len() >= BUCKETS_MAX && !self.index.contains_key(&key);
        let key = if is_full { key.overflow() } else { key };
        let next = self.contents.len();
        self.recent = *self.index.entry(key.clone()).or_insert(next);
        if self.recent == next {
            self.contents.push(Content::new(key, at));
        }
        &mut self.contents[self.recent]
    }
}

#[cfg(test)]
mod tests {
    use crate::interval::Flag;

    use super::*;

    #[test]
    fn a_drive_cycle_that_changes_with_each_reading_does_not_make_a_bucket_of_each() {
        let mut buckets = BucketMap::default();
        for second in 0..3 * BUCKETS_MAX as i64 {
            let at = UnixMicroseconds(second * 1_000_000);
            let placed = Placed {
                sample: Sample::bare(at, 1, Some(second)),
                flag: Flag::None,
                activity: Activity::Trip,
                stretch_started_at: None,
            };
            buckets.add_sample(&placed, Date::ZERO, None);
        }
        let buckets = buckets.into_buckets(UnixMicroseconds(0));
        assert_eq!(buckets.len(), BUCKETS_MAX + 1);
        let rest = buckets.last().unwrap();
        assert_eq!((rest.activity, rest.drive_cycle), (Activity::Parking, None));
    }
}
