//! Neighbouring hours of one vehicle, from its samples: their buckets, and which neighbours have to
//! be refreshed too.
//!
//! An hour depends on
//!
//! - its own readings;
//! - readings within [`reach`] of it: its last interval may end there, and its checks use them;
//! - for trips without a number, the trip that was open at its start, and whether the trip that is
//!   open at its end continues.
//!
//! [`HourState`] records what an hour used and what it passes on. After a refresh, these states
//! show whether a neighbour used something else. Only then the neighbour is refreshed again. Open
//! trips only affect later hours, and effects on earlier hours depend on readings alone. So this
//! ends, and the result depends on the readings alone: not on their arrival order, nor on which
//! hours were refreshed together.
//!
//! Readings that were recorded with a wrong time ([`crate::clock`]) are counted and excluded before
//! anything else uses them.

pub mod checkpoint;
mod outcome;
mod parked_segments;
mod quality;
pub mod reach;

pub use outcome::{FlaggedSpan, HourSequence, HourState, HoursOutcome, Neighbours, OpenTrip};

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;

use crate::buckets::BucketMap;
use crate::clock::Excluded;
use crate::clock::runs::Runs;
use crate::integrate::Comfort;
use crate::interval::{Flag, INTERVAL_MICROSECONDS_MAX, Interval, Placed, Streams};
use crate::plausibility::{Checked, Plausibility, PlausibilityConfig, REACH_ON_MICROSECONDS};
use crate::sample::Sample;
use crate::service_days::ServiceDays;
use crate::trips::{TripDetector, TripStart, Verdict};
use parked_segments::ParkedSegments;
use quality::Quality;
use reach::{AFTER_MICROSECONDS, BEFORE_MICROSECONDS, Reach};

/// Settings that all hours of a vehicle share.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// A trip without a number ends after a stop or silence of this length, s.
    pub trip_gap_seconds: u32,
    /// The checks that flag.
    pub plausibility: PlausibilityConfig,
    /// The vehicle's service days.
    pub service_days: ServiceDays,
    /// What counts as near a set-point.
    pub comfort: Comfort,
}

/// Hours in a refresh.
#[derive(Debug, Clone)]
pub struct Hours {
    from: UnixMicroseconds,
    hours: Vec<Hour>,
    reach: Reach,
    excluded: Excluded,
    runs: Runs,
    plausibility: Plausibility,
    /// Checked samples, not added to their hour yet.
    ready: Vec<Checked>,
    days: ServiceDays,
    comfort: Comfort,
    parked_segments: ParkedSegments,
    streams: Streams,
    trips: TripDetector,
    /// How many hours the samples have passed.
    passed: usize,
    /// Whether the trip that was open at `from` continued.
    open_trip_continued: bool,
}

#[derive(Debug, Clone)]
struct Hour {
    buckets: BucketMap,
    /// What happened since the last movement of an open trip. It may or may not belong to the trip.
    pending: BucketMap,
    quality: Quality,
    start: UnixMicroseconds,
    open_trip: Option<OpenTrip>,
    open_trip_continued: bool,
}

impl Hours {
    /// `count` hours from `from`; `before` is the state of the hour before them, if it has one.
    pub fn new(
        from: UnixMicroseconds,
        count: usize,
        before: Option<&HourState>,
        rules: &Rules,
    ) -> Self {
        let hour = |index| Hour {
            buckets: BucketMap::default(),
            pending: BucketMap::default(),
            quality: Quality::default(),
            start: from.plus(index as i64 * HOUR_MICROSECONDS),
            open_trip: None,
            open_trip_continued: false,
        };
        let open_trip = before.and_then(|state| state.open_trip);
        Self {
            from,
            hours: (0..count).map(hour).collect(),
            reach: Reach::new(from, count),
            excluded: Excluded::default(),
            runs: Runs::default(),
            plausibility: Plausibility::new(rules.plausibility),
            ready: Vec::new(),
            days: rules.service_days.clone(),
            comfort: rules.comfort,
            parked_segments: ParkedSegments::default(),
            streams: Streams::default(),
            trips: TripDetector::new(rules.trip_gap_seconds, open_trip),
            passed: 0,
            open_trip_continued: false,
        }
    }

    /// Excludes readings that were recorded with a wrong time.
    #[must_use]
    pub fn excluding(self, excluded: Excluded) -> Self {
        Self { excluded, ..self }
    }

    /// The end of the last hour.
    pub fn to(&self) -> UnixMicroseconds {
        self.from.plus(self.hours.len() as i64 * HOUR_MICROSECONDS)
    }

    /// Samples are needed from here.
    pub fn since(&self) -> UnixMicroseconds {
        self.from.plus(-BEFORE_MICROSECONDS)
    }

    /// All samples are needed up to here.
    pub fn until(&self) -> UnixMicroseconds {
        // An interval of 60 s from the hour's last microsecond ends before this.
        self.to().plus(AFTER_MICROSECONDS)
    }

    /// Approximate memory use: the parts that grow with the readings.
    pub fn bytes(&self) -> usize {
        let of = |hour: &Hour| hour.buckets.bytes() + hour.pending.bytes() + hour.quality.bytes();
        let hours: usize = self.hours.iter().map(of).sum();
        let clock = self.runs.bytes() + self.excluded.bytes();
        size_of::<Self>() + hours + clock + self.streams.bytes() + self.plausibility.bytes()
    }

    /// Adds the next sample, in the order of their identity.
    pub fn push(&mut self, sample: Sample) {
        let at = sample.recorded_at;
        let hour = self.index(at);
        if hour.is_some() {
            self.runs.push(&sample);
        }
        let part = self.excluded.find(&sample);
        self.reach.count(&sample, part.is_some());
        if let Some(part) = part {
            if let Some(index) = hour {
                let day = self.days.day(at);
                self.hours[index].quality.exclude(&sample, day, part);
            }
            return;
        }
        let mut ready = std::mem::take(&mut self.ready);
        self.plausibility
            .push(sample, |checked| ready.push(checked));
        self.take_all(ready);
    }

    /// Tells that all samples before this instant were pushed.
    pub fn advance(&mut self, to: UnixMicroseconds) {
        let mut ready = std::mem::take(&mut self.ready);
        self.plausibility.advance(to, |checked| ready.push(checked));
        self.take_all(ready);
    }

    /// Call after [`advance`](Self::advance) to [`until`](Self::until). Up to where more samples
    /// are needed to decide whether the open trip continues.
    pub fn undecided_until(&mut self) -> Option<UnixMicroseconds> {
        self.pass_to(self.to());
        let waits = self.hours.last()?.open_trip?;
        // A reading that may continue it is checked with the readings within reach after it.
        let ends_at = self.trips.ends_at(waits).plus(REACH_ON_MICROSECONDS);
        (self.trips.open() == Some(waits) && ends_at > self.until()).then_some(ends_at)
    }

    fn take_all(&mut self, mut ready: Vec<Checked>) {
        for checked in ready.drain(..) {
            self.take(checked);
        }
        self.ready = ready;
    }

    fn take(&mut self, checked: Checked) {
        let Checked { mut sample, flags } = checked;
        let at = sample.recorded_at;
        // It only serves as context for the checks.
        if at < self.from {
            return;
        }
        self.pass_to(at);
        let hour = self.index(at);
        let day = self.days.day(at);
        if let Some(index) = hour {
            self.hours[index].quality.add(&sample, day, flags);
        }
        flags.clear(&mut sample);
        let numbered = sample.drive_cycle.is_some();
        if !numbered {
            match self.trips.push(&sample) {
                Verdict::Open => {}
                Verdict::Ended(trip) => self.close_trip(trip, None),
                Verdict::Continued(trip) => {
                    self.note_continued(trip, at);
                    self.close_trip(trip, Some(trip.started_at));
                }
            }
        }
        let (activity, stretch_started_at) = self.parked_segments.place(&sample);
        let flag = if flags.is_none() {
            Flag::None
        } else if flags.whole_row() {
            Flag::Whole
        } else {
            Flag::Values
        };
        let placed = Placed {
            sample,
            flag,
            activity,
            stretch_started_at,
        };
        if let Some(index) = hour {
            let place = if numbered {
                Some(None)
            } else {
                self.trips.place_sample(at)
            };
            let (buckets, trip) = self.hours[index].at(place);
            buckets.add_sample(&placed, day, trip);
        }
        if at < self.to().plus(INTERVAL_MICROSECONDS_MAX) {
            self.add_interval(placed, numbered);
        }
    }

    fn add_interval(&mut self, placed: Placed, numbered: bool) {
        let (Some(before), placed) = self.streams.push(placed) else {
            return;
        };
        let Some(interval) = Interval::between(&before, placed) else {
            return;
        };
        let began_at = before.sample.recorded_at;
        if let Some(index) = index(self.from, self.hours.len(), began_at) {
            let place = if numbered {
                Some(None)
            } else {
                self.trips.place_interval(began_at)
            };
            let day = self.days.day(began_at);
            let (buckets, trip) = self.hours[index].at(place);
            buckets.add_interval(&before, &interval, day, trip, self.comfort);
        }
    }

    /// Call when all samples were pushed. `known` are the stored states of these hours, of the one
    /// before and of the one after.
    pub fn finish(mut self, known: &[HourState]) -> HoursOutcome {
        self.pass_to(self.to());
        if let Some(trip) = self.trips.open() {
            self.close_trip(trip, None);
        }
        let known = |hour| known.iter().find(|state| state.hour == hour);
        let before = known(self.from.plus(-HOUR_MICROSECONDS)).is_some_and(|before| {
            self.reach.is_outdated_before(before)
                || before.open_trip_continued != self.open_trip_continued
        });
        let open = self.hours.last().and_then(|hour| hour.open_trip);
        let last = self.to().plus(-HOUR_MICROSECONDS);
        let after = open != known(last).and_then(|state| state.open_trip)
            || known(self.to()).is_some_and(|after| self.reach.is_outdated_after(after));
        let mut outcome = HoursOutcome {
            neighbours: Neighbours { before, after },
            clock_runs: self.runs.finish(),
            ..HoursOutcome::default()
        };
        for (index, hour) in self.hours.into_iter().enumerate() {
            let counts = self.reach.counts(index);
            if counts.readings == 0 {
                continue;
            }
            outcome
                .buckets
                .extend(hour.buckets.into_buckets(hour.start));
            let (sequences, spans) = hour.quality.into_rows(hour.start);
            outcome.sequences.extend(sequences);
            outcome.flagged_spans.extend(spans);
            outcome.states.push(HourState {
                hour: hour.start,
                readings: counts.readings,
                readings_before: counts.readings_before,
                readings_after: counts.readings_after,
                doubted_before: counts.doubted_before,
                doubted_after: counts.doubted_after,
                open_trip: hour.open_trip,
                open_trip_continued: hour.open_trip_continued,
            });
        }
        outcome
    }

    fn index(&self, at: UnixMicroseconds) -> Option<usize> {
        index(self.from, self.hours.len(), at)
    }

    /// Records the open trip at each hour's end up to this instant.
    fn pass_to(&mut self, at: UnixMicroseconds) {
        while let Some(hour) = self.hours.get_mut(self.passed) {
            let end = hour.start.plus(HOUR_MICROSECONDS);
            if end > at {
                break;
            }
            hour.open_trip = self.trips.open_at(end);
            self.passed += 1;
        }
    }

    /// Assigns what happened since the trip's last movement to `place`. A trip stays open for at
    /// most an hour, so this concerns at most two hours.
    fn close_trip(&mut self, trip: OpenTrip, place: TripStart) {
        let first = match self.index(trip.moved_at) {
            Some(index) => index,
            None if trip.moved_at < self.from => 0,
            None => return,
        };
        for hour in self.hours.iter_mut().skip(first).take(2) {
            hour.buckets.absorb(&mut hour.pending, place);
        }
    }

    /// Records that a trip that was open at an hour's end continued after it. Movements of a trip
    /// are less than an hour apart, so there is at most one such end between them.
    fn note_continued(&mut self, open: OpenTrip, at: UnixMicroseconds) {
        if open.moved_at.hour() == at.hour() {
            return;
        }
        match self.index(open.moved_at) {
            Some(index) => self.hours[index].open_trip_continued = true,
            None if open.moved_at < self.from => self.open_trip_continued = true,
            None => {}
        }
    }
}

impl Hour {
    /// The buckets for a sample or interval: final if its trip is known, else pending.
    fn at(&mut self, place: Option<TripStart>) -> (&mut BucketMap, TripStart) {
        match place {
            Some(trip) => (&mut self.buckets, trip),
            None => (&mut self.pending, None),
        }
    }
}

/// Which of `count` hours from `from` holds the instant.
fn index(from: UnixMicroseconds, count: usize, at: UnixMicroseconds) -> Option<usize> {
    let hours = at.0.saturating_sub(from.0).div_euclid(HOUR_MICROSECONDS);
    usize::try_from(hours).ok().filter(|index| *index < count)
}
