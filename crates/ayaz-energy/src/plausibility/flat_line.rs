//! Values that repeat exactly while others show that they must change.
//!
//! **Rule.** Voltage, current and speed are watched. A value that repeats over a window of 30 s (up
//! to 40 s, if samples are far apart) with at least eight samples is contradicted there:
//! - **current** by movement (below), or by a voltage that swings by 2 % while moving;
//! - **voltage** by a current that swings by 80 A with no plug in, or by movement;
//! - **speed** by the odometer, or without one by the position: one of them advanced by a distance
//!   that differs by more than a third from speed × time. A speed above 3 km/h on no coarse scale
//!   (not a multiple of 0.1 km/h) also by traction power that swings by 30 kW, or without it by
//!   battery power that swings by 60 kW.
//!
//! *Movement*: above 5 km/h, traction power swings by 30 kW, or the accelerator by 30 % of its
//! range; or speed rises by 10 km/h and falls by 10 km/h. (Coasting may slow a bus down, or a hill
//! speed it up, at the same current, but hardly both in half a minute.) Every swing is from the
//! third highest to the third lowest value, and speed is the median of three, so that a spike of
//! another signal contradicts nothing.
//!
//! The run of equal values around the contradiction is flagged, up to 60 s to either side. A bus
//! stands at stops for half a minute, and then nothing contradicts.
//!
//! **Why so strict.** Standing buses repeat everything, cruise control repeats coarse speeds over
//! hills, gateways repeat their last value between slow updates (30 s at most in GB/T 32960), and
//! chargers hold voltage while the current falls.
//!
//! **Slow signals** are checked over minutes: state of charge in `gauge`, exterior temperature in
//! `sensor`. Healthy buses repeat both for a long time. So both are flagged only if a finer gauge
//! or a livelier sensor was seen within 400 s. A flat line of a coarse gauge or sensor, of one that
//! never changed, or of another temperature cannot be found.

use ayaz_model::Signal;

use super::buffer::{Buffer, Trail, WindowStart};
use super::{Check, Settings};
use crate::sample::Sample;

mod evidence;
mod gauge;
mod sensor;

use gauge::Gauge;
use sensor::Sensor;

/// How far from a contradiction the run is flagged, µs.
const AROUND_MICROSECONDS: i64 = 60_000_000;

/// How far beyond its length the window's start may lie, µs.
const SLACK_MICROSECONDS: i64 = 10_000_000;

/// A run ends if the signal is missing for longer, µs.
const BLANK_MICROSECONDS: i64 = 20_000_000;

/// How far back the usual behaviour of a slow signal is looked for, µs.
const LOOK_BACK_MICROSECONDS: i64 = 400_000_000;

/// How far back from its contradiction the run of a slow signal is flagged, µs.
const SLOW_AROUND_MICROSECONDS: i64 = 120_000_000;

const _: () = {
    assert!(LOOK_BACK_MICROSECONDS + BLANK_MICROSECONDS <= super::REACH_BACK_MICROSECONDS);
    assert!(SLOW_AROUND_MICROSECONDS <= super::REACH_ON_MICROSECONDS);
};

/// Fewest samples of a window.
const SAMPLES_MIN: u64 = 8;

/// A vehicle moves for certain from this speed on, km/h.
const MOVING_KMH: f64 = 5.0;

/// A watched signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watched {
    Speed,
    Current,
    Voltage,
}

impl Watched {
    const ALL: [Self; 3] = [Self::Speed, Self::Current, Self::Voltage];

    fn signal(self) -> Signal {
        match self {
            Self::Speed => Signal::speed_kmh,
            Self::Current => Signal::pack_current_amperes,
            Self::Voltage => Signal::pack_voltage_volts,
        }
    }

    fn value(self, sample: &Sample) -> Option<f64> {
        match self {
            Self::Speed => sample.speed_kmh,
            Self::Current => sample.pack_current_amperes,
            Self::Voltage => sample.pack_voltage_volts,
        }
    }
}

/// Equal values in a row.
#[derive(Debug, Clone, Copy)]
struct Run {
    value: f64,
    start: u64,
    last_at: i64,
    /// End of the last window that contradicted it.
    contradicted_at: Option<i64>,
}

/// The runs of one boot.
#[derive(Debug, Clone)]
pub(super) struct FlatLine {
    window: WindowStart,
    runs: [Option<Run>; 3],
    /// When the vehicle was last seen moving.
    moved_at: i64,
    gauge: Gauge,
    sensor: Sensor,
    /// Whether state of charge and exterior temperature were contradicted in the last sample.
    slow: [bool; 2],
}

impl Default for FlatLine {
    fn default() -> Self {
        Self {
            window: WindowStart::default(),
            runs: [None; 3],
            moved_at: i64::MIN,
            gauge: Gauge::default(),
            sensor: Sensor::default(),
            slow: [false; 2],
        }
    }
}

impl FlatLine {
    /// Checks the newest sample, and the window that ends there if a value repeats in it.
    pub(super) fn take(&mut self, trail: &Trail, buffer: &mut Buffer, settings: &Settings) {
        let config = &settings.config.flat_line;
        let place = trail.end() - 1;
        let Some(entry) = trail.entry(buffer, place) else {
            return;
        };
        let sample = &entry.sample;
        let at = sample.recorded_at.0;
        if sample.speed_kmh.is_some_and(|kmh| kmh.abs() >= MOVING_KMH) {
            self.moved_at = at;
        }
        let values = Watched::ALL.map(|watched| watched.value(sample));
        let slow = [
            self.gauge.take(at, sample, config),
            self.sensor.take(at, sample, config),
        ];
        if slow != [None; 2] || self.slow != [false; 2] {
            self.mark_slow(trail, buffer, at, slow);
        }
        let length = (config.window_seconds.clamp(20.0, 40.0) * 1e6) as i64;
        let first = self.window.advance(trail, length, SLACK_MICROSECONDS);
        let moved = at.saturating_sub(self.moved_at) <= length;
        for ((watched, value), slot) in Watched::ALL.into_iter().zip(values).zip(&mut self.runs) {
            let Some(value) = value else { continue };
            let run = match slot {
                Some(run)
                    if run.value == value
                        && at.saturating_sub(run.last_at) <= BLANK_MICROSECONDS =>
                {
                    run.last_at = at;
                    run
                }
                _ => {
                    *slot = Some(Run {
                        value,
                        start: place,
                        last_at: at,
                        contradicted_at: None,
                    });
                    continue;
                }
            };
            let window = first.filter(|first| {
                run.start <= *first
                    && trail.end() - first >= SAMPLES_MIN
                    && (moved || watched == Watched::Speed)
            });
            let contradicted = window.is_some_and(|first| {
                evidence::contradicts(trail, buffer, first, watched, value, config).unwrap_or(false)
            });
            let before = run.contradicted_at;
            if contradicted {
                run.contradicted_at = Some(at);
            }
            mark(trail, buffer, watched, run, before, at, length);
        }
    }

    /// Flags the newest sample's slow signals whose runs are contradicted since these instants. The
    /// first time, it also flags the samples before.
    fn mark_slow(&mut self, trail: &Trail, buffer: &mut Buffer, at: i64, since: [Option<i64>; 2]) {
        for ((slow, since), was_contradicted) in SLOW.into_iter().zip(since).zip(&mut self.slow) {
            let newest = trail.end() - 1;
            let was_flagged_before = std::mem::replace(was_contradicted, since.is_some());
            let Some(since) = since else { continue };
            let first = if was_flagged_before {
                newest
            } else {
                let from = since.max(at.saturating_sub(SLOW_AROUND_MICROSECONDS));
                trail.between(from, i64::MAX).0
            };
            let (signal, value_of) = slow;
            let value = trail
                .entry(buffer, newest)
                .and_then(|e| value_of(&e.sample));
            for place in first..=newest {
                if let Some(entry) = trail.entry_mut(buffer, place)
                    && value_of(&entry.sample) == value
                {
                    entry.flags.flag(Check::FlatLine, signal);
                }
            }
        }
    }
}

type Value = fn(&Sample) -> Option<f64>;

/// Slow signals, in the order of `FlatLine::slow`.
const SLOW: [(Signal, Value); 2] = [
    (Signal::soc_percent, |s| s.soc_percent),
    (Signal::exterior_temperature_celsius, |s| {
        s.exterior_temperature_celsius
    }),
];

/// Flags the samples that the contradictions of a run reach.
fn mark(
    trail: &Trail,
    buffer: &mut Buffer,
    watched: Watched,
    run: &Run,
    before: Option<i64>,
    at: i64,
    length: i64,
) {
    let reaches = |contradicted_at: i64| at.saturating_sub(contradicted_at) <= AROUND_MICROSECONDS;
    let newest = trail.end() - 1;
    let first = if run.contradicted_at == Some(at) && !before.is_some_and(reaches) {
        let from = at.saturating_sub(length + AROUND_MICROSECONDS);
        trail.between(from, i64::MAX).0.max(run.start)
    } else if run.contradicted_at.is_some_and(reaches) {
        newest
    } else {
        return;
    };
    for place in first..=newest {
        if let Some(entry) = trail.entry_mut(buffer, place)
            && watched.value(&entry.sample) == Some(run.value)
        {
            entry.flags.flag(Check::FlatLine, watched.signal());
        }
    }
}
