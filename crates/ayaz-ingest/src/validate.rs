//! Checks decoded messages and converts them to rows. Pure.
//!
//! An error in the whole message (another vehicle, a truncated payload, a time out of range) rejects it.
//! An invalid value is only left out: it is absent in the row, and its signal is in the row's set of
//! invalid signals.

mod cells;
mod limits;
mod signals;
mod telemetry;

use ayaz_model::{ReadingKey, TimeQuality, UnixMicroseconds, VehicleId};
use ayaz_proto::telemetry::v1::VehicleStatus;
use ayaz_store::{Content, ReadingEncoder};

use crate::decode::{Body, Frame};
use crate::reject::{Reason, Reject};
pub use limits::{Limits, STORABLE};
pub use signals::InvalidCounts;
use telemetry::Arrival;

/// Checks a frame that arrived at `received_at`. Adds the numbers of invalid values to `invalid`.
/// The caller reuses `encoder`, which saves an allocation.
pub fn validate(
    frame: Frame<'_>,
    limits: &Limits,
    received_at: UnixMicroseconds,
    encoder: &mut ReadingEncoder,
    invalid: &mut InvalidCounts,
) -> Result<Content, Reject> {
    let Frame { vehicle, body } = frame;
    match body {
        Body::Telemetry(payload) => {
            let arrival = Arrival {
                vehicle: &vehicle.vehicle,
                limits,
                received_at,
            };
            arrival.telemetry(payload, encoder, invalid)?;
            Ok(Content::Readings(vehicle, encoder.take()))
        }
        Body::Cells(batch) => cells::cells(vehicle, batch, limits, received_at, invalid),
        Body::Status(status) => {
            let VehicleStatus {
                vehicle: named,
                online,
                boot_id,
            } = status;
            check_vehicle(&vehicle.vehicle, &named)?;
            Ok(Content::Status {
                vehicle,
                online,
                boot_id,
            })
        }
    }
}

/// The topic identifies the vehicle, since the broker's access rules protect it.
fn check_vehicle(topic: &VehicleId, payload: &str) -> Result<(), Reject> {
    if topic.as_str() == payload {
        return Ok(());
    }
    let named: String = payload.chars().take(64).collect();
    Err(Reject::new(
        Reason::VehicleMismatch,
        format!("the topic names {topic:?}, the payload names {named:?}"),
    ))
}

fn check_count(found: usize, announced: u32, limits: &Limits) -> Result<(), Reject> {
    if found as u64 != u64::from(announced) {
        return Err(Reject::new(
            Reason::ReadingCountMismatch,
            format!("reading_count is {announced}, the payload has {found} readings"),
        ));
    }
    match found {
        0 => Err(Reject::new(
            Reason::ReadingsMissing,
            "the batch has no readings",
        )),
        n if n > limits.readings_max => Err(Reject::new(
            Reason::ReadingsTooMany,
            format!("{n} readings, at most {} are accepted", limits.readings_max),
        )),
        _ => Ok(()),
    }
}

fn base_time(time: Option<i64>) -> Result<i64, Reject> {
    time.ok_or_else(|| {
        Reject::new(
            Reason::TimeMissing,
            "base_time_unix_microseconds is not set",
        )
    })
}

/// The base values of a batch.
struct Base {
    boot_id: u32,
    sequence: u64,
    time: i64,
}

impl Base {
    fn key(
        &self,
        sequence_offset: u32,
        time_offset: i64,
        limits: &Limits,
        received_at: UnixMicroseconds,
    ) -> Result<(ReadingKey, TimeQuality), Reject> {
        let sequence = self
            .sequence
            .checked_add(u64::from(sequence_offset))
            .filter(|sequence| *sequence <= limits::SEQUENCE_MAX)
            .ok_or_else(|| {
                let detail = format!("{} + {sequence_offset} is over 2^62", self.sequence);
                Reject::new(Reason::SequenceOutOfRange, detail)
            })?;
        let recorded_at = self
            .time
            .checked_add(time_offset)
            .map(UnixMicroseconds)
            .filter(|at| limits::STORABLE.contains(at))
            .ok_or_else(|| {
                let detail = format!("{} + {time_offset} µs is not in 1970 to 2199", self.time);
                Reject::new(Reason::TimeOutOfRange, detail)
            })?;
        let key = ReadingKey {
            recorded_at,
            boot_id: self.boot_id,
            sequence,
        };
        Ok((key, limits.time_quality(recorded_at, received_at)))
    }
}

#[cfg(test)]
mod tests;
