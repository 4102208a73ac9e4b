//! Neighbouring hours of one vehicle, from its samples: what their pieces are, and which neighbours
//! they concern.
//!
//! An hour depends on three things: its own readings; those of the minute after it, into which its
//! last interval may reach; and, for trips without a number, the trip that was open when it began
//! and whether the one that is open when it ends goes on. What an hour took and left is its
//! [`HourState`]. When it is worked out anew, the states tell whether a neighbour had taken
//! something else, and only then is the neighbour worked out again. The way forward (open trips)
//! only ever leads to later hours, and the way back depends on readings alone, so this comes to
//! rest, and where it rests depends on the readings alone: not on the order in which they arrived,
//! nor on which hours were worked out together.

use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_store::analytics::{HourState, Neighbours, OpenTrip, Piece, Sample};

use crate::interval::{INTERVAL_MICROSECONDS_MAX, Interval, Streams};
use crate::pieces::PieceMap;
use crate::trips::{TripDetector, TripStart, Verdict};

/// Hours being worked out.
#[derive(Debug)]
pub struct Hours {
    from: UnixMicroseconds,
    hours: Vec<Hour>,
    streams: Streams,
    trips: TripDetector,
    /// How many hours the samples have passed.
    passed: usize,
    /// Readings in the first minute, and whether the trip that was open at `from` went on.
    readings_first_minute: i64,
    open_trip_continued: bool,
}

#[derive(Debug)]
struct Hour {
    pieces: PieceMap,
    /// What happened since the last movement of an open trip: of it, or of none.
    pending: PieceMap,
    state: HourState,
}

/// What came out.
#[derive(Debug, PartialEq)]
pub struct Refreshed {
    /// All pieces, sorted by hour.
    pub pieces: Vec<Piece>,
    /// Of every hour that has readings.
    pub states: Vec<HourState>,
    /// Which hours beside these are no longer right.
    pub neighbours: Neighbours,
}

impl Hours {
    /// `count` hours from `from`; `before` is the state of the hour before them, if it has one.
    pub fn new(
        from: UnixMicroseconds,
        count: usize,
        before: Option<&HourState>,
        trip_gap_seconds: u32,
    ) -> Self {
        let hour = |index| {
            let hour = from.plus(index as i64 * HOUR_MICROSECONDS);
            Hour {
                pieces: PieceMap::default(),
                pending: PieceMap::default(),
                state: HourState {
                    hour,
                    readings: 0,
                    readings_after: 0,
                    open_trip: None,
                    open_trip_continued: false,
                },
            }
        };
        Self {
            from,
            hours: (0..count).map(hour).collect(),
            streams: Streams::default(),
            trips: TripDetector::new(trip_gap_seconds, before.and_then(|state| state.open_trip)),
            passed: 0,
            readings_first_minute: 0,
            open_trip_continued: false,
        }
    }

    /// The end of the last hour.
    pub fn to(&self) -> UnixMicroseconds {
        self.from.plus(self.hours.len() as i64 * HOUR_MICROSECONDS)
    }

    /// Up to where all samples are needed.
    pub fn until(&self) -> UnixMicroseconds {
        // An interval of just 60 s from the hour's last microsecond ends before this.
        self.to().plus(INTERVAL_MICROSECONDS_MAX)
    }

    /// After all samples before [`until`](Self::until): up to where samples without a drive cycle
    /// are needed beyond it, to know whether the open trip goes on.
    pub fn unsettled_until(&mut self) -> Option<UnixMicroseconds> {
        self.pass_to(self.to());
        let waits = self.hours.last()?.state.open_trip?;
        let ends_at = self.trips.ends_at(waits);
        (self.trips.open() == Some(waits) && ends_at > self.until()).then_some(ends_at)
    }

    /// Takes the next sample, in the order of their identity.
    pub fn push(&mut self, sample: Sample) {
        let at = sample.recorded_at;
        self.pass_to(at);
        self.count(at);
        let numbered = sample.drive_cycle.is_some();
        if !numbered {
            match self.trips.push(&sample) {
                Verdict::Open => {}
                Verdict::Ended(trip) => self.settle(trip, None),
                Verdict::Continued(trip) => {
                    self.note_continued(trip, at);
                    self.settle(trip, Some(trip.started_at));
                }
            }
        }
        if let Some(index) = self.index(at) {
            let place = if numbered {
                Some(None)
            } else {
                self.trips.place_sample(at)
            };
            let (pieces, trip) = self.hours[index].at(place);
            pieces.add_sample(&sample, trip);
        }
        if at >= self.until() {
            return;
        }
        let (Some(before), sample) = self.streams.push(sample) else {
            return;
        };
        let Some(interval) = Interval::between(&before, sample) else {
            return;
        };
        if let Some(index) = index(self.from, self.hours.len(), before.recorded_at) {
            let place = if numbered {
                Some(None)
            } else {
                self.trips.place_interval(before.recorded_at)
            };
            let (pieces, trip) = self.hours[index].at(place);
            pieces.add_interval(&interval, trip);
        }
    }

    /// When all samples were pushed; `known` are the earlier states of these hours and of the one
    /// before.
    pub fn finish(mut self, known: &[HourState]) -> Refreshed {
        self.pass_to(self.to());
        if let Some(trip) = self.trips.open() {
            self.settle(trip, None);
        }
        let known = |hour| known.iter().find(|state| state.hour == hour);
        let before = known(self.from.plus(-HOUR_MICROSECONDS)).is_some_and(|before| {
            before.readings_after != self.readings_first_minute
                || before.open_trip_continued != self.open_trip_continued
        });
        let open = self.hours.last().and_then(|hour| hour.state.open_trip);
        let last = self.to().plus(-HOUR_MICROSECONDS);
        let after = open != known(last).and_then(|state| state.open_trip);
        let mut refreshed = Refreshed {
            pieces: Vec::new(),
            states: Vec::new(),
            neighbours: Neighbours { before, after },
        };
        for hour in self
            .hours
            .into_iter()
            .filter(|hour| hour.state.readings > 0)
        {
            refreshed
                .pieces
                .extend(hour.pieces.into_pieces(hour.state.hour));
            refreshed.states.push(hour.state);
        }
        refreshed
    }

    fn index(&self, at: UnixMicroseconds) -> Option<usize> {
        index(self.from, self.hours.len(), at)
    }

    /// Notes the trip that is open at each hour's end up to this instant.
    fn pass_to(&mut self, at: UnixMicroseconds) {
        while let Some(hour) = self.hours.get_mut(self.passed) {
            let end = hour.state.hour.plus(HOUR_MICROSECONDS);
            if end > at {
                break;
            }
            hour.state.open_trip = self.trips.open_at(end);
            self.passed += 1;
        }
    }

    fn count(&mut self, at: UnixMicroseconds) {
        let first_minute =
            (at.0 - self.from.0).rem_euclid(HOUR_MICROSECONDS) < INTERVAL_MICROSECONDS_MAX;
        if let Some(index) = self.index(at) {
            self.hours[index].state.readings += 1;
        }
        if !first_minute {
            return;
        }
        match self.index(at.plus(-HOUR_MICROSECONDS)) {
            Some(index) => self.hours[index].state.readings_after += 1,
            None if at < self.to() => self.readings_first_minute += 1,
            None => {}
        }
    }

    /// What has hung in the air since the trip's last movement belongs to `place`. A trip stays
    /// open for at most an hour, so that is at most two hours' worth.
    fn settle(&mut self, trip: OpenTrip, place: TripStart) {
        let first = match self.index(trip.moved_at) {
            Some(index) => index,
            None if trip.moved_at < self.from => 0,
            None => return,
        };
        for hour in self.hours.iter_mut().skip(first).take(2) {
            hour.pieces.settle(&mut hour.pending, place);
        }
    }

    /// A trip that was open at an hour's end went on after it. Movements of a trip are less than
    /// an hour apart, so there is at most one such end between them.
    fn note_continued(&mut self, open: OpenTrip, at: UnixMicroseconds) {
        if open.moved_at.hour() == at.hour() {
            return;
        }
        match self.index(open.moved_at) {
            Some(index) => self.hours[index].state.open_trip_continued = true,
            None if open.moved_at < self.from => self.open_trip_continued = true,
            None => {}
        }
    }
}

impl Hour {
    /// Where something goes whose trip is known, or not yet.
    fn at(&mut self, place: Option<TripStart>) -> (&mut PieceMap, TripStart) {
        match place {
            Some(trip) => (&mut self.pieces, trip),
            None => (&mut self.pending, None),
        }
    }
}

/// Which of `count` hours from `from` holds the instant.
fn index(from: UnixMicroseconds, count: usize, at: UnixMicroseconds) -> Option<usize> {
    let hours = at.0.saturating_sub(from.0).div_euclid(HOUR_MICROSECONDS);
    usize::try_from(hours).ok().filter(|index| *index < count)
}
