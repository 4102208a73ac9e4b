//! Trips of sources without numbered drive cycles.
//!
//! A trip lasts from its first to its last moving sample. It ends when no moving sample follows for
//! a while, because the bus stands or is silent, or when the bus is plugged in. Only later samples
//! show whether a standing bus is still on its trip. Until then its samples are undecided. Boots do
//! not matter: a device that restarts on the way does not end a trip.

use std::collections::VecDeque;

use ayaz_model::UnixMicroseconds;

use crate::hours::OpenTrip;
use crate::interval::INTERVAL_MICROSECONDS_MAX;
use crate::sample::Sample;

/// A slower bus stands.
pub const MOVING_KMH_MIN: f64 = 1.0;

/// What a sample shows about the trip before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing new.
    Open,
    /// That trip continued until this sample; the undecided samples belong to it.
    Continued(OpenTrip),
    /// That trip ended with its last moving sample.
    Ended(OpenTrip),
}

/// The start of the trip that something belongs to; `None` outside trips.
pub type TripStart = Option<UnixMicroseconds>;

/// Follows the samples without a drive cycle.
#[derive(Debug, Clone)]
pub struct TripDetector {
    open: Option<OpenTrip>,
    /// Ended trips in which an interval may have begun, oldest first.
    ended: VecDeque<OpenTrip>,
    gap_microseconds: i64,
}

impl TripDetector {
    /// A trip ends `gap_seconds` after its last moving sample; `open` is the current one.
    pub fn new(gap_seconds: u32, open: Option<OpenTrip>) -> Self {
        Self {
            open,
            ended: VecDeque::new(),
            gap_microseconds: i64::from(gap_seconds) * 1_000_000,
        }
    }

    /// Adds the next sample. Returns what it shows about the trip that was open before.
    pub fn push(&mut self, sample: &Sample) -> Verdict {
        let moving = is_moving(sample);
        let before = self.open;
        let ended = before
            .is_some_and(|open| sample.is_plugged_in() || sample.recorded_at >= self.ends_at(open));
        while let Some(oldest) = self.ended.front()
            && oldest.moved_at.plus(INTERVAL_MICROSECONDS_MAX) < sample.recorded_at
        {
            self.ended.pop_front();
        }
        if ended {
            self.ended.extend(self.open.take());
        }
        if moving {
            let started_at = self.open.map_or(sample.recorded_at, |open| open.started_at);
            self.open = Some(OpenTrip {
                started_at,
                moved_at: sample.recorded_at,
            });
        }
        match before {
            Some(before) if ended => Verdict::Ended(before),
            Some(before) if moving => Verdict::Continued(before),
            _ => Verdict::Open,
        }
    }

    /// The trip of an interval that began at `first` and has just ended: the one that moved after
    /// `first`. `None` if only later samples can decide.
    pub fn place_interval(&self, first: UnixMicroseconds) -> Option<TripStart> {
        if let Some(open) = self.open.filter(|open| open.started_at <= first) {
            return (first < open.moved_at).then_some(Some(open.started_at));
        }
        let mut ended = self.ended.iter().rev();
        let trip = ended.find(|trip| trip.started_at <= first && first < trip.moved_at);
        Some(trip.map(|trip| trip.started_at))
    }

    /// The trip of the latest sample. `None` if only later samples can decide.
    pub fn place_sample(&self, at: UnixMicroseconds) -> Option<TripStart> {
        match self.open {
            Some(open) => (open.moved_at == at).then_some(Some(open.started_at)),
            None => Some(None),
        }
    }

    /// The trip that had not ended by the last sample.
    pub fn open(&self) -> Option<OpenTrip> {
        self.open
    }

    /// The trip that may still continue at that instant.
    pub fn open_at(&self, at: UnixMicroseconds) -> Option<OpenTrip> {
        self.open.filter(|open| self.ends_at(*open) > at)
    }

    /// When the trip ends if it does not continue before.
    pub fn ends_at(&self, open: OpenTrip) -> UnixMicroseconds {
        open.moved_at.plus(self.gap_microseconds)
    }
}

/// Whether the bus drives. While plugged in it does not, whatever its speed says.
pub fn is_moving(sample: &Sample) -> bool {
    !sample.is_plugged_in()
        && sample
            .speed_kmh
            .is_some_and(|kmh| kmh.abs() >= MOVING_KMH_MIN)
}

#[cfg(test)]
mod tests {
    use ayaz_model::ChargeState;

    use super::*;

    const GAP_SECONDS: u32 = 600;

    /// Each sample is (second, km/h or plugged in); trips are (first, last moving second).
    fn check(samples: &[(i64, Option<f64>)], expected: &[(i64, i64)]) {
        let mut detector = TripDetector::new(GAP_SECONDS, None);
        let mut trips = Vec::new();
        let mut last = None;
        for (second, kmh) in samples {
            let mut sample = Sample::bare(UnixMicroseconds(second * 1_000_000), 1, None);
            sample.speed_kmh = *kmh;
            sample.charge_state = kmh.is_none().then_some(ChargeState::Plugged);
            if matches!(detector.push(&sample), Verdict::Ended(_)) {
                trips.extend(last);
            }
            last = detector.open();
        }
        trips.extend(last);
        let seconds: Vec<_> = trips
            .iter()
            .map(|t: &OpenTrip| (t.started_at.0 / 1_000_000, t.moved_at.0 / 1_000_000))
            .collect();
        assert_eq!(seconds, expected, "{samples:?}");
    }

    #[test]
    fn ten_minutes_without_movement_or_a_plug_end_a_trip() {
        let (stand, drive, plug) = (Some(0.9), Some(1.0), None);
        check(&[(0, stand), (60, stand)], &[]);
        check(
            &[(0, stand), (10, drive), (20, drive), (30, stand)],
            &[(10, 20)],
        );
        check(&[(0, drive), (599, drive)], &[(0, 599)]);
        check(&[(0, drive), (600, drive)], &[(0, 0), (600, 600)]);
        check(
            &[(0, drive), (300, stand), (599, stand), (600, drive)],
            &[(0, 0), (600, 600)],
        );
        check(
            &[(0, drive), (300, stand), (599, drive), (1100, drive)],
            &[(0, 1100)],
        );
        check(&[(0, drive), (10, plug), (20, drive)], &[(0, 0), (20, 20)]);
        check(&[(0, Some(-5.0)), (10, Some(-1.0))], &[(0, 10)]);
    }

    #[test]
    fn an_interval_belongs_to_the_trip_in_which_it_began() {
        let mut trips = TripDetector::new(600, None);
        let mut push = |seconds: i64, speed_kmh, plugged_in: bool| {
            let mut sample = Sample::bare(UnixMicroseconds(seconds * 1_000_000), 1, None);
            sample.speed_kmh = Some(speed_kmh);
            sample.charge_state = plugged_in.then_some(ChargeState::Plugged);
            trips.push(&sample);
        };
        // Three trips within a minute; another boot of the device measures at both ends.
        for (seconds, plugged_in) in [(0, false), (2, false), (3, true), (10, false), (12, false)] {
            push(seconds, 20.0, plugged_in);
        }
        push(13, 0.0, true);
        push(20, 20.0, false);
        push(30, 20.0, false);
        let at = |seconds: i64| UnixMicroseconds(seconds * 1_000_000);
        let place = |seconds| trips.place_interval(at(seconds));
        assert_eq!(place(1), Some(Some(at(0))));
        assert_eq!(place(2), Some(None), "after its last movement");
        assert_eq!(place(11), Some(Some(at(10))));
        assert_eq!(place(21), Some(Some(at(20))));
        assert_eq!(place(30), None, "not known yet");
    }
}
