//! Straight lines that bridge a gap of the logger.
//!
//! **Rule.** A sample is flagged as a whole if it lies in a window of 15 s (up to 20 s, if samples
//! are far apart) with at least ten samples, in which
//! - every lively signal that is present follows the straight line between its values at the
//!   window's ends, within a small multiple of the finest resolution of loggers; there are at least
//!   three such signals; and
//! - at least three of them clearly rise or fall (by two and a half times that tolerance or more),
//!   one of them a signal of motion: speed, accelerator, torque or traction power. Or the bus
//!   drives at 5 km/h or more, at least five such signals are present, and one rises or falls. (A
//!   long ramp is too flat for three. If none changes, a source repeats its last values.)
//!
//! **Why.** At ten samples a second or one, driver and road bend every line within a few seconds,
//! and no two signals bend alike: power grows with the square of current, traction with torque
//! *times* speed. Standing vehicles do have straight lines, because chargers and heaters ramp by
//! rule; hence the signal of motion. A bridged gap between two stops is missed; its energy is about
//! right.
//!
//! In 29 recorded trips of a car, at 10 Hz and 1 Hz, only the windows of the one real ramp match:
//! also with four times the tolerance, and with two sloped signals of any kind.

use super::Settings;
use super::buffer::{Buffer, Trail, WindowStart};
use crate::sample::Sample;

/// How far beyond its length the window's start may lie, µs.
const SLACK_MICROSECONDS: i64 = 5_000_000;

/// Fewest samples of a window. Fewer may lie on lines by chance.
const SAMPLES_MIN: u64 = 10;

/// Fewest lively signals that must be present.
const LIVELY_MIN: usize = 3;

/// Fewest lively signals that show a ramp by one slope while the bus drives, and that speed, km/h.
const LIVELY_MIN_DRIVING: usize = 5;
const DRIVING_KMH_MIN: f64 = 5.0;

const LIVELY: usize = 11;

/// How far from the line a signal may lie, and from which change on it clearly rises or falls.
/// Signals of motion come first.
const LIMITS: [(f64, f64); LIVELY] = [
    // Speed, km/h.
    (0.06, 0.15),
    // Accelerator, %.
    (0.15, 0.4),
    // Torque, N·m.
    (0.3, 0.8),
    // Traction power, W.
    (50.0, 150.0),
    // Current, A.
    (0.12, 0.3),
    // Voltage, V.
    (0.06, 0.15),
    // Cabin heater, heat pump, battery heater, air conditioning, auxiliaries, W.
    (20.0, 50.0),
    (20.0, 50.0),
    (20.0, 50.0),
    (20.0, 50.0),
    (20.0, 50.0),
];

/// How many of them are signals of motion.
const MOTION: usize = 4;

fn lively(s: &Sample) -> [Option<f64>; LIVELY] {
    [
        s.speed_kmh,
        s.accelerator_percent,
        s.motor_torque_nm,
        s.traction_power_watts,
        s.pack_current_amperes,
        s.pack_voltage_volts,
        s.cabin_heater_power_watts,
        s.heat_pump_power_watts,
        s.battery_heater_power_watts,
        s.air_conditioning_power_watts,
        s.auxiliary_power_watts,
    ]
}

/// The windows of one boot.
#[derive(Debug, Clone, Default)]
pub(super) struct Ramp {
    start: WindowStart,
    /// All places before this one are marked for the last ramp.
    marked: u64,
}

impl Ramp {
    /// Checks the window that ends at the newest sample.
    pub(super) fn take(&mut self, trail: &Trail, buffer: &mut Buffer, settings: &Settings) {
        let config = &settings.config.interpolated_ramp;
        let length = (config.window_seconds.clamp(10.0, 60.0) * 1e6) as i64;
        let Some(first) = self.start.advance(trail, length, SLACK_MICROSECONDS) else {
            return;
        };
        let end = trail.end();
        if end - first < SAMPLES_MIN
            || !is_ramp(trail, buffer, first, config.sloped_signals_min).unwrap_or(false)
        {
            return;
        }
        for place in first.max(self.marked)..end {
            if let Some(entry) = trail.entry_mut(buffer, place) {
                entry.flags.flag_whole_row();
            }
        }
        self.marked = end;
    }
}

/// A straight line between a signal's values at the window's ends.
#[derive(Clone, Copy)]
struct Line {
    first: f64,
    rise: f64,
    tolerance: f64,
}

fn is_ramp(trail: &Trail, buffer: &Buffer, first: u64, sloped_min: usize) -> Option<bool> {
    let last = trail.end() - 1;
    let (first_at, last_at) = (trail.at(first)?, trail.at(last)?);
    let from = &trail.entry(buffer, first)?.sample;
    let to = &trail.entry(buffer, last)?.sample;
    let middle_place = first + (last - first) / 2;
    let middle = &trail.entry(buffer, middle_place)?.sample;
    let span = last_at.saturating_sub(first_at) as f64;
    let share = |at: i64| at.saturating_sub(first_at) as f64 / span;
    // Most windows end here: speed or current is not on the line in the middle.
    let middle_share = share(trail.at(middle_place)?);
    let bends = |a: Option<f64>, b: Option<f64>, x: Option<f64>, tolerance: f64| match (a, b, x) {
        (Some(a), Some(b), Some(x)) => (a + (b - a) * middle_share - x).abs() > tolerance,
        _ => false,
    };
    if bends(from.speed_kmh, to.speed_kmh, middle.speed_kmh, LIMITS[0].0)
        || bends(
            from.pack_current_amperes,
            to.pack_current_amperes,
            middle.pack_current_amperes,
            LIMITS[4].0,
        )
    {
        return Some(false);
    }
    let (mut present, mut sloped, mut in_motion) = (0, 0, false);
    let mut lines = [None; LIVELY];
    let ends = lively(from).into_iter().zip(lively(to));
    for (index, (line, (first, last))) in lines.iter_mut().zip(ends).enumerate() {
        if let (Some(first), Some(last)) = (first, last) {
            let (tolerance, clear) = LIMITS[index];
            let rise = last - first;
            present += 1;
            if rise.abs() >= clear {
                sloped += 1;
                in_motion |= index < MOTION;
            }
            *line = Some(Line {
                first,
                rise,
                tolerance,
            });
        }
    }
    let drives = |sample: &Sample| {
        let speed = sample.speed_kmh;
        speed.is_some_and(|kmh| kmh.abs() >= DRIVING_KMH_MIN)
    };
    let shown_by_slopes = present >= LIVELY_MIN && sloped >= sloped_min.max(2) && in_motion;
    let shown_while_driving =
        present >= LIVELY_MIN_DRIVING && sloped >= 1 && drives(from) && drives(to);
    if !shown_by_slopes && !shown_while_driving {
        return Some(false);
    }
    let straight = trail.samples(buffer, first, last + 1).all(|(at, sample)| {
        let share = share(at);
        lively(sample)
            .iter()
            .zip(&lines)
            .all(|(value, line)| match (value, line) {
                (Some(value), Some(line)) => {
                    (line.first + line.rise * share - value).abs() <= line.tolerance
                }
                _ => true,
            })
    });
    Some(straight)
}
