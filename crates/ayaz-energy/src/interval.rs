//! An interval joins a sample and the next one of its stream.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use ayaz_model::UnixMicroseconds;

use crate::activity::Activity;
use crate::sample::Sample;

/// Longest interval that counts. A longer gap is not integrated; it shows as missing coverage.
pub const INTERVAL_MICROSECONDS_MAX: i64 = 60_000_000;

/// Whether a sample is flagged. The greater value wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// Nothing is flagged.
    None,
    /// Some of its values are flagged, and removed from it.
    Values,
    /// The whole sample is flagged.
    Whole,
}

/// A sample with what is known from it alone.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The sample, without its flagged values.
    pub sample: Sample,
    /// Whether it is flagged.
    pub flag: Flag,
    /// Its activity, unless it turns out to be on a trip.
    pub activity: Activity,
    /// When that activity began within the hour; `None` for trips.
    pub stretch_started_at: Option<UnixMicroseconds>,
}

/// Two neighbouring samples of one boot, of the same drive cycle, more than 0 and at most 60 s apart.
#[derive(Debug, Clone, Copy)]
pub struct Interval<'a> {
    /// The start. Hour, band, route and plug of an interval are those of this sample.
    pub first: &'a Sample,
    /// The end.
    pub second: &'a Sample,
    /// Its length, s.
    pub seconds: f64,
    /// Whether it is flagged: the greater flag of its ends.
    pub flag: Flag,
}

impl<'a> Interval<'a> {
    /// The interval between two neighbours, if it counts.
    pub fn between(first: &'a Placed, second: &'a Placed) -> Option<Self> {
        let flag = first.flag.max(second.flag);
        let (first, second) = (&first.sample, &second.sample);
        let microseconds = second.recorded_at.0.saturating_sub(first.recorded_at.0);
        (0 < microseconds && microseconds <= INTERVAL_MICROSECONDS_MAX).then(|| Self {
            first,
            second,
            seconds: second.recorded_at.seconds_since(first.recorded_at),
            flag,
        })
    }

    /// Integrates a value over the interval by the trapezoidal rule: value · s; `None` if it is
    /// missing at either end.
    pub fn integral(&self, value: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        Some((value(self.first)? + value(self.second)?) / 2.0 * self.seconds)
    }
}

/// The last sample of each boot.
#[derive(Debug, Clone, Default)]
pub struct Streams {
    last: HashMap<i64, Placed>,
    /// Number of boots above which ended ones are removed.
    prune_above: usize,
}

impl Streams {
    /// Approximate memory use.
    pub fn bytes(&self) -> usize {
        self.last.len() * size_of::<(i64, Placed)>()
    }

    /// Adds the next sample. Returns the sample before it in its boot, if the two make an interval,
    /// and the sample itself. Samples come in the order of time.
    ///
    /// Two readings of a drive cycle with another drive cycle between them make no interval.
    /// Otherwise a drive cycle that changes back and forth would count time and energy twice.
    pub fn push(&mut self, placed: Placed) -> (Option<Placed>, &Placed) {
        let now = placed.sample.recorded_at;
        if self.last.len() > self.prune_above.max(16) {
            self.last
                .retain(|_, last| !is_over(last.sample.recorded_at, now));
            self.prune_above = self.last.len() * 2;
        }
        let drive_cycle = placed.sample.drive_cycle;
        match self.last.entry(placed.sample.boot_id) {
            Entry::Occupied(entry) => {
                let last = entry.into_mut();
                let before = std::mem::replace(last, placed);
                let counts = before.sample.drive_cycle == drive_cycle
                    && !is_over(before.sample.recorded_at, now);
                (counts.then_some(before), last)
            }
            Entry::Vacant(entry) => (None, entry.insert(placed)),
        }
    }
}

fn is_over(last: UnixMicroseconds, now: UnixMicroseconds) -> bool {
    now.0.saturating_sub(last.0) > INTERVAL_MICROSECONDS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64, boot_id: i64, drive_cycle: Option<i64>) -> Placed {
        Placed {
            sample: Sample::bare(UnixMicroseconds(milliseconds * 1000), boot_id, drive_cycle),
            flag: Flag::None,
            activity: Activity::Parking,
            stretch_started_at: None,
        }
    }

    #[test]
    fn an_interval_counts_from_more_than_zero_to_sixty_seconds() {
        for (milliseconds, seconds) in [
            (-1, None),
            (0, None),
            (1, Some(0.001)),
            (60_000, Some(60.0)),
            (60_001, None),
        ] {
            let (first, second) = (at(0, 1, None), at(milliseconds, 1, None));
            let interval = Interval::between(&first, &second);
            assert_eq!(
                interval.map(|interval| interval.seconds),
                seconds,
                "{milliseconds} ms"
            );
        }
    }

    #[test]
    fn each_boot_is_a_stream_and_drive_cycles_split_it() {
        let mut streams = Streams::default();
        let mut before = |sample| {
            streams
                .push(sample)
                .0
                .map(|placed| placed.sample.recorded_at.0 / 1000)
        };
        assert_eq!(before(at(0, 1, Some(7))), None);
        assert_eq!(before(at(1, 2, Some(7))), None, "another boot");
        assert_eq!(
            before(at(2, 1, Some(7))),
            Some(0),
            "past the other boot's sample"
        );
        assert_eq!(before(at(3, 1, Some(8))), None, "another drive cycle");
        assert_eq!(before(at(4, 1, None)), None, "no drive cycle");
        assert_eq!(before(at(4, 1, Some(8))), None, "another one in between");
        assert_eq!(before(at(5, 2, Some(7))), Some(1));
        assert_eq!(before(at(65_002, 1, Some(7))), None, "over a minute later");
    }

    #[test]
    fn ended_streams_are_removed() {
        let mut streams = Streams::default();
        for minute in 0..10_000 {
            streams.push(at(minute * 60_000, minute, Some(minute)));
        }
        assert!(streams.last.len() < 40, "{}", streams.last.len());
    }
}
