//! Readings and vehicles for tests.

use ayaz_model::{
    Measurements, Reading, ReadingKey, SignalSet, TimeQuality, UnixMicroseconds, VehicleId,
};

/// `count` readings, one each second, the last one now.
pub(crate) fn readings(boot_id: u32, count: u64) -> Vec<Reading> {
    let now = UnixMicroseconds::now();
    (0..count)
        .map(|sequence| Reading {
            key: ReadingKey {
                recorded_at: now.plus((sequence as i64 - count as i64) * 1_000_000),
                boot_id,
                sequence,
            },
            received_at: now,
            historical: false,
            time_quality: TimeQuality::Good,
            invalid: SignalSet::EMPTY,
            measurements: Measurements {
                soc_percent: Some(80.0),
                exterior_temperature_celsius: Some(-31.5),
                route: Some("10".into()),
                ..Measurements::default()
            },
        })
        .collect()
}

/// A vehicle with this name.
pub(crate) fn vehicle(name: &str) -> VehicleId {
    name.parse().expect("a valid name")
}
