//! Neighbouring hours of one vehicle, from its samples: what their buckets are, and which neighbours
//! they concern.
//!
//! An hour depends on its own readings; on those within [`reach`] of it, into which its last interval
//! may lead and by which its readings are judged; and, for trips without a number, on the trip that was
//! open when it began and whether the one that is open when it ends goes on. What an hour took and left
//! is its [`HourState`]. When it is worked out anew, the states tell whether a neighbour had taken
//! something else, and only then is the neighbour worked out again. The way forward (open trips)
//! only ever leads to later hours, and the way back depends on readings alone, so this comes to
//! rest, and where it rests depends on the readings alone: not on the order in which they arrived,
//! nor on which hours were worked out together.
//!
//! Readings that were recorded with a wrong time ([`crate::clock`]) are counted and left out before
//! anything else looks at them.

pub mod checkpoint;
mod outcome;
mod parked_segments;
mod quality;
pub mod reach;

pub use outcome::{FlaggedSpan, HourSequence, HourState, HoursOutcome, Neighbours, OpenTrip};

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;

use crate::buckets::BucketMap;
use crate::clock::LeftOut;
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

/// What is the same for all hours of a vehicle.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// A trip without a number ends after so long a stand or silence, s.
    pub trip_gap_seconds: u32,
    /// What is flagged.
    pub plausibility: PlausibilityConfig,
    /// The vehicle's service days.
    pub service_days: ServiceDays,
    /// What is near a set-point.
    pub comfort: Comfort,
}

/// Hours being worked out.
#[derive(Debug, Clone)]
pub struct Hours {
    from: UnixMicroseconds,
    hours: Vec<Hour>,
    reach: Reach,
    left_out: LeftOut,
    runs: Runs,
    plausibility: Plausibility,
    /// Samples whose flags are decided, not yet taken into their hour.
    ready: Vec<Checked>,
    days: ServiceDays,
    comfort: Comfort,
    parked_segments: ParkedSegments,
    streams: Streams,
    trips: TripDetector,
    /// How many hours the samples have passed.
    passed: usize,
    /// Whether the trip that was open at `from` went on.
    open_trip_continued: bool,
}

#[derive(Debug, Clone)]
struct Hour {
    buckets: BucketMap,
    /// What happened since the last movement of an open trip: of it, or of none.
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
            left_out: LeftOut::default(),
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

    /// Leaves out what was recorded with a wrong time.
    #[must_use]
    pub fn without(self, left_out: LeftOut) -> Self {
        Self { left_out, ..self }
    }

    /// The end of the last hour.
    pub fn to(&self) -> UnixMicroseconds {
        self.from.plus(self.hours.len() as i64 * HOUR_MICROSECONDS)
    }

    /// From where samples are needed.
    pub fn since(&self) -> UnixMicroseconds {
        self.from.plus(-BEFORE_MICROSECONDS)
    }

    /// Up to where all samples are needed.
    pub fn until(&self) -> UnixMicroseconds {
        // An interval of just 60 s from the hour's last microsecond ends before this.
        self.to().plus(AFTER_MICROSECONDS)
    }

    /// About how much memory they take: the parts that grow with the readings.
    pub fn bytes(&self) -> usize {
        let of = |hour: &Hour| hour.buckets.bytes() + hour.pending.bytes() + hour.quality.bytes();
        let hours: usize = self.hours.iter().map(of).sum();
        let clock = self.runs.bytes() + self.left_out.bytes();
        size_of::<Self>() + hours + clock + self.streams.bytes() + self.plausibility.bytes()
    }

    /// Takes the next sample, in the order of their identity.
    pub fn push(&mut self, sample: Sample) {
        let at = sample.recorded_at;
        let hour = self.index(at);
        if hour.is_some() {
            self.runs.push(&sample);
        }
        let part = self.left_out.find(&sample);
        self.reach.count(&sample, part.is_some());
        if let Some(part) = part {
            if let Some(index) = hour {
                let day = self.days.of(at);
                self.hours[index].quality.leave_out(&sample, day, part);
            }
            return;
        }
        let mut ready = std::mem::take(&mut self.ready);
        self.plausibility
            .push(sample, |checked| ready.push(checked));
        self.take_all(ready);
    }

    /// All samples before this instant were pushed.
    pub fn advance(&mut self, to: UnixMicroseconds) {
        let mut ready = std::mem::take(&mut self.ready);
        self.plausibility.advance(to, |checked| ready.push(checked));
        self.take_all(ready);
    }

    /// After [`advance`](Self::advance) to [`until`](Self::until): up to where samples are needed
    /// beyond it, to know whether the open trip goes on.
    pub fn undecided_until(&mut self) -> Option<UnixMicroseconds> {
        self.pass_to(self.to());
        let waits = self.hours.last()?.open_trip?;
        // What would continue it is judged by what follows within reach.
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
        // Only to judge those that follow.
        if at < self.from {
            return;
        }
        self.pass_to(at);
        let hour = self.index(at);
        let day = self.days.of(at);
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
            let day = self.days.of(began_at);
            let (buckets, trip) = self.hours[index].at(place);
            buckets.add_interval(&before, &interval, day, trip, self.comfort);
        }
    }

    /// When all samples were pushed; `known` are the earlier states of these hours, of the one
    /// before and of the one after.
    pub fn finish(mut self, known: &[HourState]) -> HoursOutcome {
        self.pass_to(self.to());
        if let Some(trip) = self.trips.open() {
            self.close_trip(trip, None);
        }
        let known = |hour| known.iter().find(|state| state.hour == hour);
        let before = known(self.from.plus(-HOUR_MICROSECONDS)).is_some_and(|before| {
            self.reach.is_wrong_before(before)
                || before.open_trip_continued != self.open_trip_continued
        });
        let open = self.hours.last().and_then(|hour| hour.open_trip);
        let last = self.to().plus(-HOUR_MICROSECONDS);
        let after = open != known(last).and_then(|state| state.open_trip)
            || known(self.to()).is_some_and(|after| self.reach.is_wrong_after(after));
        let mut outcome = HoursOutcome {
            neighbours: Neighbours { before, after },
            clock_runs: self.runs.finish(),
            ..HoursOutcome::default()
        };
        for (index, hour) in self.hours.into_iter().enumerate() {
            let counts = self.reach.of(index);
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

    /// Notes the trip that is open at each hour's end up to this instant.
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

    /// What has hung in the air since the trip's last movement belongs to `place`. A trip stays
    /// open for at most an hour, so that is at most two hours' worth.
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

    /// A trip that was open at an hour's end went on after it. Movements of a trip are less than
    /// an hour apart, so there is at most one such end between them.
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
    /// Where something goes whose trip is known, or not yet.
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
