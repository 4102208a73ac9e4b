//! Compares the simulated bus with physics and with its truth. A failure is: an impossible reading, energy
//! that does not balance, consumption outside of published figures, or two different results for one seed.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

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

/// 05:00 local time, before any bus leaves.
const MORNING: &str = "2025-01-15T00:00:00Z";

fn at(text: &str) -> UnixMicroseconds {
    UnixMicroseconds::from(text.parse::<Timestamp>().unwrap())
}

fn bus_in(climate: Climate, config: BusConfig, start: &str) -> Bus {
    Bus::new(config, Arc::new(climate), at(start))
}

/// The readings of the next hours.
fn hours(bus: &mut Bus, hours: i64) -> Vec<Reading> {
    let end = bus.now().plus(hours * 3_600_000_000);
    let mut readings = Vec::new();
    while bus.now() < end {
        readings.push(bus.next_reading());
    }
    readings
}

/// The truth and the readings of a day at a constant temperature.
fn day_at(temperature_celsius: f32, config: BusConfig) -> (Truth, Vec<Reading>) {
    let mut bus = bus_in(Climate::constant(temperature_celsius), config, MORNING);
    let readings = hours(&mut bus, 24);
    (*bus.truth(), readings)
}
