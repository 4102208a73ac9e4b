//! The simulated bus against physics and against itself. What counts as failure: a reading that
//! cannot be true, energy that appears or vanishes, consumption outside published figures, or a
//! seed that does not say all.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod consumption;
mod determinism;
mod duty;
mod energy;
mod limits;
mod physical;

use std::sync::Arc;

use ayaz_model::{Reading, UnixMicroseconds};
use ayaz_sim::{Bus, BusConfig, Climate, Truth};
use jiff::Timestamp;

/// A local morning at 05:00, before any bus leaves.
const MORNING: &str = "2025-01-15T00:00:00Z";

fn at(text: &str) -> UnixMicroseconds {
    UnixMicroseconds::from(text.parse::<Timestamp>().unwrap())
}

fn bus_in(climate: Climate, config: BusConfig, start: &str) -> Bus {
    Bus::new(config, Arc::new(climate), at(start))
}

/// The readings of the next so many hours.
fn hours(bus: &mut Bus, hours: i64) -> Vec<Reading> {
    let end = bus.now().plus(hours * 3_600_000_000);
    let mut readings = Vec::new();
    while bus.now() < end {
        readings.push(bus.next_reading());
    }
    readings
}

/// A day at a constant temperature: its truth and its readings.
fn day_at(temperature_celsius: f32, config: BusConfig) -> (Truth, Vec<Reading>) {
    let mut bus = bus_in(Climate::constant(temperature_celsius), config, MORNING);
    let readings = hours(&mut bus, 24);
    (*bus.truth(), readings)
}
