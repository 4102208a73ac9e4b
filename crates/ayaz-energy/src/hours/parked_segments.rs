//! Parked segments: spans of one activity between trips, within an hour.

use std::sync::Arc;

use ayaz_model::UnixMicroseconds;

use crate::activity;
use crate::activity::Activity;
use crate::sample::Sample;
use crate::trips::is_moving;

/// Most segments of an hour; the rest counts as part of the last one. A flickering sensor must not
/// make a row of each reading.
const SEGMENTS_MAX: usize = 120;

/// The current segment.
#[derive(Debug, Clone, Default)]
pub(super) struct ParkedSegments {
    hour: Option<UnixMicroseconds>,
    count: usize,
    /// The segment that began last.
    last: Option<ParkedSegment>,
    /// Whether a trip ended it.
    is_over: bool,
    moving: bool,
}

#[derive(Debug, Clone)]
struct ParkedSegment {
    activity: Activity,
    plugged_in: bool,
    charging_station: Option<Arc<str>>,
    started_at: UnixMicroseconds,
}

impl ParkedSegment {
    fn continues(&self, activity: Activity, sample: &Sample) -> bool {
        self.activity == activity
            && self.plugged_in == sample.is_plugged_in()
            && self.charging_station == sample.charging_station
    }
}

impl ParkedSegments {
    /// Activity of the next sample, and since when in this hour; `None` on trips. A trip without a
    /// number has segments while the bus stands, because only later samples show that it continues.
    pub(super) fn place(&mut self, sample: &Sample) -> (Activity, Option<UnixMicroseconds>) {
        let at = sample.recorded_at;
        if self.hour != Some(at.hour()) {
            *self = Self {
                hour: Some(at.hour()),
                ..Self::default()
            };
        }
        if sample.drive_cycle.is_some() && !sample.is_plugged_in() {
            self.is_over = true;
            return (Activity::Trip, None);
        }
        let activity = activity::parked(sample);
        // A movement separates the segments before and after it.
        let starts_moving = is_moving(sample) && !self.moving;
        self.moving = is_moving(sample);
        let ended = self.is_over || starts_moving;
        let continues = |last: &ParkedSegment| !ended && last.continues(activity, sample);
        if self.count < SEGMENTS_MAX && !self.last.as_ref().is_some_and(continues) {
            self.count += 1;
            self.last = Some(ParkedSegment {
                activity,
                plugged_in: sample.is_plugged_in(),
                charging_station: sample.charging_station.clone(),
                started_at: at,
            });
        }
        self.is_over = false;
        let last = self.last.as_ref();
        last.map_or((activity, None), |s| (s.activity, Some(s.started_at)))
    }
}

#[cfg(test)]
mod tests {
    use ayaz_model::ChargeState;

    use super::*;

    fn at(second: i64, drive_cycle: Option<i64>, charging: bool) -> Sample {
        let mut sample = Sample::bare(UnixMicroseconds(second * 1_000_000), 1, drive_cycle);
        sample.charge_state = Some(if charging {
            ChargeState::Charging
        } else {
            ChargeState::Unplugged
        });
        sample
    }

    fn placed(samples: &[Sample]) -> Vec<(Activity, Option<i64>)> {
        let mut segments = ParkedSegments::default();
        samples
            .iter()
            .map(|sample| segments.place(sample))
            .map(|(activity, at)| (activity, at.map(|at| at.0 / 1_000_000)))
            .collect()
    }

    #[test]
    fn a_segment_ends_with_its_activity_a_trip_and_the_hour() {
        let found = placed(&[
            at(0, None, false),
            at(60, None, true),
            at(120, None, true),
            at(130, Some(1), false),
            at(140, None, true),
            at(3600, None, true),
        ]);
        assert_eq!(
            found,
            [
                (Activity::Parking, Some(0)),
                (Activity::Charging, Some(60)),
                (Activity::Charging, Some(60)),
                (Activity::Trip, None),
                (Activity::Charging, Some(140)),
                (Activity::Charging, Some(3600)),
            ]
        );
    }

    #[test]
    fn a_flickering_state_makes_a_limited_number_of_segments() {
        let samples: Vec<Sample> = (0..3600).map(|s| at(s, None, s % 2 == 0)).collect();
        let mut starts: Vec<_> = placed(&samples).into_iter().map(|(_, at)| at).collect();
        starts.dedup();
        assert_eq!(starts.len(), SEGMENTS_MAX);
    }
}
