//! Converts readings to wire types.

use ayaz_model::{CellReading, Measurements, Reading, ReadingKey, Signal, VehicleId};
use ayaz_proto::telemetry::v1 as wire;

mod raw;

pub use raw::{NotEncodable, set_number, set_text};

/// The base values of one message. Each of its readings has offsets from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchBase {
    /// Boot of every reading in the message.
    pub boot_id: u32,
    /// The lowest sequence in the message.
    pub sequence: u64,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub time_unix_microseconds: i64,
}

impl BatchBase {
    /// Boot and time of the first reading, and the lowest sequence, since offsets are not negative.
    pub fn of(keys: impl IntoIterator<Item = ReadingKey>) -> Option<BatchBase> {
        let mut keys = keys.into_iter();
        let first = keys.next()?;
        Some(BatchBase {
            boot_id: first.boot_id,
            sequence: keys.map(|key| key.sequence).fold(first.sequence, u64::min),
            time_unix_microseconds: first.recorded_at.0,
        })
    }

    /// The offsets of a reading: sequence and microseconds. Sequences of one message differ by less
    /// than 2³².
    pub fn offsets(&self, key: ReadingKey) -> (u32, i64) {
        debug_assert_eq!(
            self.boot_id, key.boot_id,
            "a message holds readings of one boot"
        );
        let sequence = key.sequence.saturating_sub(self.sequence);
        let time = key
            .recorded_at
            .0
            .saturating_sub(self.time_unix_microseconds);
        (u32::try_from(sequence).unwrap_or(u32::MAX), time)
    }
}

/// Builds one message of 1 to 1,000 readings of one boot.
pub fn telemetry_batch(
    vehicle: &VehicleId,
    historical: bool,
    readings: &[Reading],
) -> wire::TelemetryBatch {
    let base = BatchBase::of(readings.iter().map(|reading| reading.key));
    let encode = |base: &BatchBase| {
        readings
            .iter()
            .map(|r| wire_reading(base, r.key, &r.measurements))
            .collect()
    };
    batch_of(
        vehicle,
        historical,
        base,
        base.as_ref().map(encode).unwrap_or_default(),
    )
}

/// Builds one message of readings in wire form.
pub fn batch_of(
    vehicle: &VehicleId,
    historical: bool,
    base: Option<BatchBase>,
    readings: Vec<wire::Reading>,
) -> wire::TelemetryBatch {
    wire::TelemetryBatch {
        vehicle: vehicle.to_string(),
        reading_count: readings.len() as u32,
        boot_id: base.map_or(0, |base| base.boot_id),
        base_sequence: base.map_or(0, |base| base.sequence),
        base_time_unix_microseconds: base.map(|base| base.time_unix_microseconds),
        historical,
        readings,
    }
}

macro_rules! define_wire_reading {
    ($($(#[$doc:meta])* $name:ident: $kind:ident($($argument:tt)*);)+) => {
        /// One reading, with every signal that has a value.
        pub fn wire_reading(
            base: &BatchBase,
            key: ReadingKey,
            measurements: &Measurements,
        ) -> wire::Reading {
            let (sequence_offset, time_offset_microseconds) = base.offsets(key);
            wire::Reading {
                sequence_offset,
                time_offset_microseconds,
                $($name: wire_value!($kind, measurements.$name)),+
            }
        }
    };
}

macro_rules! wire_value {
    (bits, $value:expr) => {
        $value.map(|bits| bits as u64)
    };
    (choice, $value:expr) => {
        $value.map(|choice| i32::from(choice.code()))
    };
    (text, $value:expr) => {
        $value.as_deref().map(str::to_owned)
    };
    (codes, $value:expr) => {
        $value.as_deref().map(<[u32]>::to_vec).unwrap_or_default()
    };
    ($kind:ident, $value:expr) => {
        $value
    };
}

ayaz_model::for_each_signal!(define_wire_reading);

/// Builds one message of 1 to 1,000 cell readings of one boot.
pub fn cell_batch(
    vehicle: &VehicleId,
    historical: bool,
    readings: &[CellReading],
) -> wire::CellBatch {
    let base = BatchBase::of(readings.iter().map(|reading| reading.key));
    let values = |values: &[Option<f32>]| values.iter().map(|v| v.unwrap_or(f32::NAN)).collect();
    let encode = |base: &BatchBase| {
        let reading = |reading: &CellReading| {
            let (sequence_offset, time_offset_microseconds) = base.offsets(reading.key);
            wire::CellReading {
                sequence_offset,
                time_offset_microseconds,
                voltages_volts: values(&reading.voltages_volts),
                temperatures_celsius: values(&reading.temperatures_celsius),
            }
        };
        readings.iter().map(reading).collect()
    };
    wire::CellBatch {
        vehicle: vehicle.to_string(),
        reading_count: readings.len() as u32,
        boot_id: base.map_or(0, |base| base.boot_id),
        base_sequence: base.map_or(0, |base| base.sequence),
        base_time_unix_microseconds: base.map(|base| base.time_unix_microseconds),
        historical,
        readings: base.as_ref().map(encode).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
