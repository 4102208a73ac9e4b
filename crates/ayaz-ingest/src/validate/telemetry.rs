//! Decodes, checks and encodes a batch of readings in one pass. Intermediate structures would cost more
//! time than all other work on a reading.
//!
//! Protobuf libraries write fields in the order of their numbers, which is the order of our columns. For
//! any other order, prost decodes the batch and encodes it again in order.

use ayaz_model::measurements::Value;
use ayaz_model::{Signal, SignalSet, TopicKind, UnixMicroseconds, VehicleId};
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1::TelemetryBatch;
use ayaz_store::{ReadingEncoder, RowHead};

use super::signals::{self, InvalidCounts};
use super::{Base, Limits, base_time, check_count, check_vehicle};
use crate::payload_kind;
use crate::reject::{Reason, Reject};
use crate::wire::{Irregular, Wire, WireType, zigzag};

/// Field number of `readings` in `TelemetryBatch`.
const READINGS: u32 = 7;

/// Receives the checked readings.
pub(super) trait Rows {
    /// Clears all rows, and reserves memory for this many readings in this many bytes.
    fn reset(&mut self, readings: usize, bytes: usize);
    fn begin(&mut self, head: RowHead);
    /// Adds a value. Calls are in the order of the signals.
    fn put(&mut self, signal: Signal, value: Value<'_>);
    fn finish(&mut self, invalid: SignalSet);
}

impl Rows for ReadingEncoder {
    fn reset(&mut self, readings: usize, bytes: usize) {
        self.reset(readings, bytes);
    }

    fn begin(&mut self, head: RowHead) {
        self.begin(head);
    }

    #[inline]
    fn put(&mut self, signal: Signal, value: Value<'_>) {
        self.put(signal, value);
    }

    fn finish(&mut self, invalid: SignalSet) {
        self.finish(invalid);
    }
}

/// The topic's vehicle and the time of receipt of a batch.
pub(super) struct Arrival<'a> {
    pub(super) vehicle: &'a VehicleId,
    pub(super) limits: &'a Limits,
    pub(super) received_at: UnixMicroseconds,
}

impl Arrival<'_> {
    /// Checks a batch and writes its rows. After an error the rows are invalid.
    pub(super) fn telemetry(
        &self,
        payload: &[u8],
        rows: &mut impl Rows,
        invalid: &mut InvalidCounts,
    ) -> Result<(), Reject> {
        let mut counts = *invalid;
        let outcome = match self.read(payload, rows, &mut counts) {
            Ok(outcome) => outcome,
            Err(Irregular) => {
                payload_kind::check(TopicKind::Telemetry, payload, self.limits.readings_max)?;
                let batch = TelemetryBatch::decode(payload)
                    .map_err(|error| Reject::new(Reason::PayloadUndecodable, error.to_string()))?;
                counts = *invalid;
                self.read(&batch.encode_to_vec(), rows, &mut counts)
                    .unwrap_or_else(|Irregular| {
                        let detail = "cannot read the batch after encoding it again";
                        Err(Reject::new(Reason::PayloadUndecodable, detail))
                    })
            }
        };
        if outcome.is_ok() {
            *invalid = counts;
        }
        outcome
    }

    fn read(
        &self,
        payload: &[u8],
        rows: &mut impl Rows,
        invalid: &mut InvalidCounts,
    ) -> Result<Result<(), Reject>, Irregular> {
        let batch = Batch::read(payload)?;
        let base = match self.check(&batch) {
            Ok(base) => base,
            Err(reject) => return Ok(Err(reject)),
        };
        rows.reset(batch.readings, payload.len());
        let mut wire = batch.from_readings;
        while let Some((number, wire_type)) = wire.field()? {
            if number != READINGS {
                wire.skip(wire_type)?;
                continue;
            }
            let reading = wire.bytes()?;
            if let Err(reject) = self.reading(reading, &base, batch.historical, rows, invalid)? {
                return Ok(Err(reject));
            }
        }
        Ok(Ok(()))
    }

    fn check(&self, batch: &Batch<'_>) -> Result<Base, Reject> {
        check_vehicle(self.vehicle, batch.vehicle)?;
        check_count(batch.readings, batch.reading_count, self.limits)?;
        Ok(Base {
            boot_id: batch.boot_id,
            sequence: batch.base_sequence,
            time: base_time(batch.base_time)?,
        })
    }

    fn reading(
        &self,
        reading: &[u8],
        base: &Base,
        historical: bool,
        rows: &mut impl Rows,
        invalid: &mut InvalidCounts,
    ) -> Result<Result<(), Reject>, Irregular> {
        let mut wire = Wire::new(reading);
        let (mut sequence_offset, mut time_offset) = (0, 0);
        let mut last = 0;
        let mut measured = Wire::new(reading);
        while let Some((number, wire_type)) = wire.field()? {
            if number <= last {
                return Err(Irregular);
            }
            last = number;
            match (number, wire_type) {
                (1, WireType::Varint) => sequence_offset = wire.varint()? as u32,
                (2, WireType::Varint) => time_offset = zigzag(wire.varint()?),
                (1 | 2, _) => return Err(Irregular),
                _ => break,
            }
            measured = wire;
        }
        let (key, time_quality) =
            match base.key(sequence_offset, time_offset, self.limits, self.received_at) {
                Ok(key) => key,
                Err(reject) => return Ok(Err(reject)),
            };
        rows.begin(RowHead {
            key,
            received_at: self.received_at,
            time_quality,
            historical,
        });
        let invalid = signals::measurements(measured, rows, invalid)?;
        rows.finish(invalid);
        Ok(Ok(()))
    }
}

/// The header of a batch.
struct Batch<'a> {
    vehicle: &'a str,
    reading_count: u32,
    boot_id: u32,
    base_sequence: u64,
    base_time: Option<i64>,
    historical: bool,
    /// The number of readings.
    readings: usize,
    /// The position of the first reading.
    from_readings: Wire<'a>,
}

impl<'a> Batch<'a> {
    fn read(payload: &'a [u8]) -> Result<Self, Irregular> {
        let mut wire = Wire::new(payload);
        let mut batch = Self {
            vehicle: "",
            reading_count: 0,
            boot_id: 0,
            base_sequence: 0,
            base_time: None,
            historical: false,
            readings: 0,
            from_readings: Wire::new(&[]),
        };
        let mut last = 0;
        let mut here = wire;
        while let Some((number, wire_type)) = wire.field()? {
            if number < last || (number == last && number != READINGS) {
                return Err(Irregular);
            }
            last = number;
            match (number, wire_type) {
                (1, WireType::Bytes) => {
                    batch.vehicle = std::str::from_utf8(wire.bytes()?).map_err(|_| Irregular)?;
                }
                (2, WireType::Varint) => batch.reading_count = wire.varint()? as u32,
                (3, WireType::Varint) => batch.boot_id = wire.varint()? as u32,
                (4, WireType::Varint) => batch.base_sequence = wire.varint()?,
                (5, WireType::Varint) => batch.base_time = Some(wire.varint()? as i64),
                (6, WireType::Varint) => batch.historical = wire.varint()? != 0,
                (READINGS, WireType::Bytes) => {
                    if batch.readings == 0 {
                        batch.from_readings = here;
                    }
                    batch.readings += 1;
                    wire.bytes()?;
                }
                (1..=READINGS, _) => return Err(Irregular),
                _ => wire.skip(wire_type)?,
            }
            here = wire;
        }
        Ok(batch)
    }
}
