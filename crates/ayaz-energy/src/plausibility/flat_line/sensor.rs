//! An exterior temperature that repeats although its sensor is lively.
//!
//! **Rule.** A value is contradicted if it repeats to the last bit for 120 s, of which the bus
//! drove faster than 25 km/h for 60 s, and the sensor was **lively** before, within 400 s. Lively:
//! of its last 24 values at least 20 differ, they rose at least six times and fell at least six
//! times, and came evenly over 20 s or more. The run must be 20 times as long as one of these
//! values lasted.
//!
//! **What is not flagged.** A sensor with visible steps (a tenth of a kelvin, a half, one) shows
//! few values and is never lively, though it may flicker. One that is smoothed after steps
//! approaches its value from one side. One whose slower readings were resampled to ten a second
//! with smoothed steps (as in recorded trips of a car) is lively for some seconds at each step:
//! hence the 20 s. So a sensor with a new value ten times a second is not watched. Many sensors
//! hold their value while a bus is slow, because the air around it is warm then: hence the 25 km/h.
//! Round values may be the end of a sensor's range.
//!
//! The middle of a longer run is not flagged, because no reading near it shows how lively the
//! sensor is.

use std::collections::VecDeque;

use super::{BLANK_MICROSECONDS, LOOK_BACK_MICROSECONDS};
use crate::plausibility::config::FlatLineConfig;
use crate::sample::Sample;

/// Number of values that show whether a sensor is lively, how many of them must differ, and how
/// often they must rise and fall.
const VALUES: usize = 24;
const DIFFERENT_MIN: usize = 20;
const TURNS_MIN: usize = 6;

/// Shortest time of these values, µs, and longest time of one value as a multiple of their mean.
const SPAN_MICROSECONDS: i64 = 20_000_000;
const UNEVEN_MAX: i64 = 3;

/// How many times as long as the mean of these values a run must be.
const INTERVALS: i64 = 20;

/// Speed of driving, km/h, and how long the bus must drive while the value repeats, µs.
const DRIVING_KMH: f64 = 25.0;
const DRIVING_MICROSECONDS: i64 = 60_000_000;

/// Multiples of this may be the end of a sensor's range, °C.
const ROUND_CELSIUS: f64 = 5.0;

/// The sensor of one boot.
#[derive(Debug, Clone, Default)]
pub(super) struct Sensor {
    /// Values, each different from the one before, and since when, µs; the newest last.
    values: VecDeque<(f64, i64)>,
    /// Time of the last value, µs, and whether the bus drove then.
    seen_at: i64,
    drove: bool,
    /// How long the bus drove since the newest value began, µs.
    driven: i64,
    /// Whether it was lively before that value; `None` until it is needed.
    was_lively: Option<bool>,
}

impl Sensor {
    /// Checks the newest sample. Returns since when its value is flagged, µs.
    pub(super) fn take(
        &mut self,
        at: i64,
        sample: &Sample,
        config: &FlatLineConfig,
    ) -> Option<i64> {
        let celsius = sample.exterior_temperature_celsius?;
        let elapsed = at.saturating_sub(self.seen_at);
        if elapsed > BLANK_MICROSECONDS {
            self.values.clear();
        }
        self.seen_at = at;
        let drives = sample.speed_kmh.is_some_and(|kmh| kmh.abs() >= DRIVING_KMH);
        let drove = std::mem::replace(&mut self.drove, drives);
        let from = match self.values.back() {
            Some((value, from)) if *value == celsius => *from,
            _ => {
                if self.values.len() > VALUES {
                    self.values.pop_front();
                }
                self.values.push_back((celsius, at));
                self.driven = 0;
                self.was_lively = None;
                return None;
            }
        };
        if drove && drives {
            self.driven += elapsed.max(0);
        }
        let repeats = at.saturating_sub(from);
        let length = (config.exterior_seconds.clamp(60.0, 300.0) * 1e6) as i64;
        if repeats < length || self.driven < DRIVING_MICROSECONDS || self.values.len() <= VALUES {
            return None;
        }
        let oldest = self.values.front()?.1;
        let is_near = at.saturating_sub(oldest) <= LOOK_BACK_MICROSECONDS;
        let is_long = repeats / INTERVALS >= from.saturating_sub(oldest) / VALUES as i64;
        if !is_near || !is_long || celsius % ROUND_CELSIUS == 0.0 {
            return None;
        }
        let values = &self.values;
        let lively = *self.was_lively.get_or_insert_with(|| is_lively(values));
        lively.then_some(from)
    }
}

/// Whether the values before the newest come from a lively sensor.
fn is_lively(values: &VecDeque<(f64, i64)>) -> bool {
    let starts = || values.iter().map(|(_, at)| *at);
    let lasted = starts()
        .zip(starts().skip(1))
        .map(|(a, b)| b.saturating_sub(a));
    let span = lasted.clone().fold(0, i64::saturating_add);
    let longest = lasted.max().unwrap_or(i64::MAX);
    if span < SPAN_MICROSECONDS || longest > UNEVEN_MAX.saturating_mul(span / VALUES as i64) {
        return false;
    }
    let mut sorted: Vec<f64> = values
        .iter()
        .map(|(value, _)| *value)
        .take(VALUES)
        .collect();
    let (mut rises, mut falls) = (0, 0);
    for pair in sorted.windows(2) {
        rises += usize::from(pair[0] < pair[1]);
        falls += usize::from(pair[0] > pair[1]);
    }
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    sorted.len() >= DIFFERENT_MIN && rises.min(falls) >= TURNS_MIN
}
