//! Codes for "no value" that lie within a signal's limits.
//!
//! **At once**, whatever the neighbours show:
//! - latitude or longitude of exactly 0: a receiver without a fix. (A bus that crosses the equator
//!   or the Greenwich meridian can lose the position of one sample.)
//! - a pack voltage of exactly 0 with 5 A or more;
//! - a current of 1,651.2 to 1,676.75 A into the battery, the raw values 0xFE00 to 0xFFFF of SAE
//!   J1939 (0.05 A, −1,600 A): "error" and "not available". No charger delivers it.
//!
//! **If a jump leads to or from it**: temperatures of exactly −40 (raw 0 of J1939 and GB/T 32960),
//! −50 and −55 (lower ends of sensors), 0 (memory never written) and 85 °C (a digital sensor that
//! has not measured); of the coolant, which passes 0 and 85 °C every day, only the lower three; a
//! state of charge or an odometer of 0; and a current of −1,600, −1,000 or −3,000 A (raw 0 of
//! J1939, and of GB/T 32960 of 2016 and 2025). They are flagged while they repeat, up to 90 s from
//! the jump. A jump is from a neighbour at most 20 s away that the vehicle cannot have come from
//! (limits of `rate_of_change`; coolant: those of the battery; current: 500 A).
//!
//! A night of −40 °C is reached in tenths of a kelvin and lasts. The middle of a code that lasts
//! longer than three minutes is not flagged here, because no reading near it distinguishes it from
//! such a night. For the exterior, the comparison with the fleet does.

use ayaz_model::Signal;

use super::buffer::{Buffer, Trail};
use super::limits::{BATTERY, CABIN, CELL_MAX, CELL_MIN, EXTERIOR, Limits, ODOMETER, SOC, seconds};
use super::{Check, Settings};
use crate::sample::Sample;

/// How far from its jump a code is flagged, µs.
const HELD_MICROSECONDS: i64 = 90_000_000;

/// Neighbours further away are not compared, µs.
const NEIGHBOUR_MICROSECONDS: i64 = 20_000_000;

/// Largest change of current between neighbours, A.
const CURRENT_JUMP_AMPERES: f64 = 500.0;

const NOT_AVAILABLE_AMPERES: std::ops::RangeInclusive<f64> = 1_651.19..=1_676.76;
const VOLTLESS_AMPERES: f64 = 5.0;

const TEMPERATURE_CODES: &[f64] = &[-40.0, 0.0, 85.0, -50.0, -55.0];
/// A starting pump changes the coolant by tens of kelvin, but not exactly to one of these.
const COOLANT_CODES: &[f64] = &[-40.0, -50.0, -55.0];
const CURRENT_CODES: &[f64] = &[-1_600.0, -1_000.0, -3_000.0];
const ZERO: &[f64] = &[0.0];

/// Signals with codes, and the quantity of `rate_of_change` whose limits define a jump, if any.
const WATCHED: [(Signal, Option<usize>, &[f64]); 9] = [
    (
        Signal::exterior_temperature_celsius,
        Some(EXTERIOR),
        TEMPERATURE_CODES,
    ),
    (
        Signal::cabin_temperature_celsius,
        Some(CABIN),
        TEMPERATURE_CODES,
    ),
    (
        Signal::battery_temperature_celsius,
        Some(BATTERY),
        TEMPERATURE_CODES,
    ),
    (
        Signal::cell_temperature_min_celsius,
        Some(CELL_MIN),
        TEMPERATURE_CODES,
    ),
    (
        Signal::cell_temperature_max_celsius,
        Some(CELL_MAX),
        TEMPERATURE_CODES,
    ),
    (Signal::soc_percent, Some(SOC), ZERO),
    (Signal::odometer_km, Some(ODOMETER), ZERO),
    (Signal::pack_current_amperes, None, CURRENT_CODES),
    (
        Signal::coolant_temperature_celsius,
        Some(BATTERY),
        COOLANT_CODES,
    ),
];

fn watched(s: &Sample) -> [Option<f64>; WATCHED.len()] {
    [
        s.exterior_temperature_celsius,
        s.cabin_temperature_celsius,
        s.battery_temperature_celsius,
        s.cell_temperature_min_celsius,
        s.cell_temperature_max_celsius,
        s.soc_percent,
        s.odometer_km,
        s.pack_current_amperes,
        s.coolant_temperature_celsius,
    ]
}

/// A signal's last value, and since when it is a code.
#[derive(Debug, Clone, Copy)]
struct Held {
    value: f64,
    at: i64,
    /// First place and time of the code.
    code: Option<(u64, i64)>,
    /// Whether a jump led to it.
    jumped: bool,
}

/// The codes of one boot.
#[derive(Debug, Clone, Default)]
pub(super) struct Sentinel {
    held: [Option<Held>; WATCHED.len()],
}

impl Sentinel {
    /// Checks the newest sample.
    pub(super) fn take(&mut self, trail: &Trail, buffer: &mut Buffer, settings: &Settings) {
        let limits = &settings.limits;
        let place = trail.end() - 1;
        let Some(entry) = trail.entry_mut(buffer, place) else {
            return;
        };
        flag_at_once(entry);
        let at = entry.sample.recorded_at.0;
        let values = watched(&entry.sample);
        for (index, value) in values.into_iter().enumerate() {
            let Some(value) = value else { continue };
            match &mut self.held[index] {
                // Nearly all values: neither a code nor after one.
                Some(held) if held.code.is_none() && !is_whole(value) => {
                    held.value = value;
                    held.at = at;
                }
                Some(held) if held.value == value => {
                    held.at = at;
                    if held.jumped
                        && let Some((_, since)) = held.code
                        && at.saturating_sub(since) <= HELD_MICROSECONDS
                        && let Some(entry) = trail.entry_mut(buffer, place)
                    {
                        entry.flags.flag(Check::Sentinel, WATCHED[index].0);
                    }
                }
                held => {
                    let before = held.take();
                    *held = Some(next(
                        before,
                        index,
                        (value, place, at),
                        trail,
                        buffer,
                        limits,
                    ));
                }
            }
        }
    }
}

/// Whether it may be a code. Codes are whole numbers, and truncating is faster than comparing.
fn is_whole(value: f64) -> bool {
    f64::from(value as i32) == value
}

fn flag_at_once(entry: &mut super::buffer::Entry) {
    let sample = &entry.sample;
    let (flags, check) = (&mut entry.flags, Check::Sentinel);
    if sample.latitude_degrees == Some(0.0) || sample.longitude_degrees == Some(0.0) {
        flags.flag(check, Signal::latitude_degrees);
        flags.flag(check, Signal::longitude_degrees);
    }
    let Some(amperes) = sample.pack_current_amperes else {
        return;
    };
    if NOT_AVAILABLE_AMPERES.contains(&amperes) {
        flags.flag(check, Signal::pack_current_amperes);
    } else if sample.pack_voltage_volts == Some(0.0) && amperes.abs() >= VOLTLESS_AMPERES {
        flags.flag(check, Signal::pack_voltage_volts);
    }
}

/// The state after a new value. The value ends the code before it, if any, and may be a code
/// itself.
fn next(
    before: Option<Held>,
    index: usize,
    (value, place, at): (f64, u64, i64),
    trail: &Trail,
    buffer: &mut Buffer,
    limits: &Limits,
) -> Held {
    let (signal, quantity, codes) = WATCHED[index];
    let is_code = codes.contains(&value);
    let held = Held {
        value,
        at,
        code: is_code.then_some((place, at)),
        jumped: false,
    };
    let Some(before) = before else { return held };
    if (!is_code && before.code.is_none()) || at.saturating_sub(before.at) > NEIGHBOUR_MICROSECONDS
    {
        return held;
    }
    let agree = match quantity {
        Some(quantity) => limits.agree(
            quantity,
            [before.value, 0.0],
            [value, 0.0],
            seconds(before.at, at),
        ),
        None => (value - before.value).abs() <= CURRENT_JUMP_AMPERES,
    };
    if agree {
        return held;
    }
    if let Some((since, _)) = before.code {
        let (near, _) = trail.between(at.saturating_sub(HELD_MICROSECONDS), i64::MAX);
        for place in since.max(near)..place {
            if let Some(entry) = trail.entry_mut(buffer, place)
                && watched(&entry.sample)[index] == Some(before.value)
            {
                entry.flags.flag(Check::Sentinel, signal);
            }
        }
    }
    if is_code && let Some(entry) = trail.entry_mut(buffer, place) {
        entry.flags.flag(Check::Sentinel, signal);
    }
    Held {
        jumped: is_code,
        ..held
    }
}
