//! The same seed gives the same readings.

use std::sync::Arc;

use ayaz_model::{Reading, UnixMicroseconds};
use ayaz_sim::{BusConfig, Climate, Fleet};

use crate::{MORNING, at, bus_in};

fn readings(seed: u64, index: usize, start: &str) -> Vec<Reading> {
    bus_in(Climate::new(seed), BusConfig::new(seed, index), start)
        .take(8_000)
        .collect()
}

#[test]
fn the_same_seed_bus_and_start_give_the_same_readings() {
    let once = readings(1, 3, MORNING);
    assert_eq!(once, readings(1, 3, MORNING));
    let values = |readings: &[Reading]| -> Vec<_> {
        readings.iter().map(|r| r.measurements.clone()).collect()
    };
    for (seed, index, start) in [
        (2, 3, MORNING),
        (1, 4, MORNING),
        (1, 3, "2025-01-16T00:00:00Z"),
    ] {
        let other = readings(seed, index, start);
        assert_ne!(
            values(&once),
            values(&other),
            "seed {seed}, bus {index}, start {start}"
        );
        assert_ne!(once[0].key.boot_id, other[0].key.boot_id);
    }
}

#[test]
fn times_and_sequence_numbers_rise_and_periods_are_as_configured() {
    let start = at(MORNING);
    for (name, mut bus) in Fleet::new(4, 6, Arc::new(Climate::new(4)), start) {
        let mut last: Option<Reading> = None;
        for _ in 0..70_000 {
            let reading = bus.next_reading();
            assert_eq!(reading.key.recorded_at, bus.now());
            assert_eq!(reading.received_at, reading.key.recorded_at);
            if let Some(last) = &last {
                let step = reading.key.recorded_at.seconds_since(last.key.recorded_at);
                assert!(
                    step > 0.0 && step <= 60.0,
                    "{name} at {}: {step} s",
                    bus.now()
                );
                if last.measurements.drive_cycle.is_some() {
                    assert_eq!(step, 1.0, "{name} at {}", bus.now());
                }
                assert_eq!(reading.key.sequence, last.key.sequence + 1);
                assert_eq!(reading.key.boot_id, last.key.boot_id);
            } else {
                assert_eq!(reading.key.sequence, 0);
            }
            last = Some(reading);
        }
    }
}

#[test]
fn another_start_date_uses_other_drive_cycle_numbers() {
    let cycles = |start: &str| -> Vec<u32> {
        let mut cycles: Vec<u32> = readings(1, 0, start)
            .iter()
            .chain(&readings(1, 0, start))
            .filter_map(|r| r.measurements.drive_cycle)
            .collect();
        cycles.dedup();
        cycles.sort_unstable();
        cycles.dedup();
        cycles
    };
    let (first, second) = (
        cycles("2025-01-15T00:00:00Z"),
        cycles("2025-01-16T00:00:00Z"),
    );
    assert!(!first.is_empty() && !second.is_empty());
    assert!(
        first.iter().max() < second.iter().min(),
        "{first:?} {second:?}"
    );
}

#[test]
fn any_start_date_can_be_simulated() {
    for start in [
        UnixMicroseconds(0),
        at("2024-02-29T17:00:00Z"),
        at("2060-07-01T09:30:00Z"),
    ] {
        for (_, mut bus) in Fleet::new(1, 2, Arc::new(Climate::new(1)), start) {
            let readings = bus.by_ref().take(2_000).count();
            assert_eq!(readings, 2_000);
            assert!(bus.now() > start);
        }
    }
}
