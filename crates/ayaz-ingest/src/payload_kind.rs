//! Checks that a payload is of its topic's kind. Pure.
//!
//! The three messages are similar on the wire: a batch of telemetry also decodes as a status, since a
//! decoder skips unknown fields. So a field that only another kind has rejects the payload. A field that
//! no kind has belongs to a later version. A payload without such fields, for example readings without a
//! value, is valid as both kinds.

use std::sync::LazyLock;

use ayaz_model::TopicKind;
use ayaz_proto::telemetry::v1::MESSAGE_FIELDS;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::reject::{Reason, Reject};

/// The names of a kind's message and of its readings' message.
fn message_names(kind: TopicKind) -> (&'static str, &'static str) {
    match kind {
        TopicKind::Telemetry => ("TelemetryBatch", "Reading"),
        TopicKind::Cells => ("CellBatch", "CellReading"),
        TopicKind::Status => ("VehicleStatus", ""),
    }
}

/// Field number of `readings` in `TelemetryBatch` and `CellBatch`, and of `online` in `VehicleStatus`.
const READINGS: u32 = 7;
const ONLINE: u32 = 2;

/// A set of field numbers, one bit each. A test checks that all numbers are below 128.
type FieldSet = u128;

fn bit(number: u32) -> FieldSet {
    1_u128.checked_shl(number).unwrap_or(0)
}

/// For each kind, fields that only other kinds have: in the message and in its readings.
static FOREIGN: LazyLock<[(FieldSet, FieldSet); 3]> = LazyLock::new(|| {
    let numbers = |message: &str| -> FieldSet {
        let fields = MESSAGE_FIELDS.iter().filter(|(name, _)| *name == message);
        let fields = fields.flat_map(|(_, fields)| fields.iter());
        fields.fold(0, |bits, (_, number)| bits | bit(*number))
    };
    let of = TopicKind::ALL.map(|kind| {
        let (message, reading) = message_names(kind);
        (numbers(message), numbers(reading))
    });
    let all = of.iter().fold((0, 0), |(messages, readings), it| {
        (messages | it.0, readings | it.1)
    });
    of.map(|it| (all.0 & !it.0, all.1 & !it.1))
});

/// Whether only readings of another kind have this field.
pub(crate) fn is_foreign_in_reading(kind: TopicKind, number: u32) -> bool {
    FOREIGN[kind as usize].1 & bit(number) != 0
}

/// Checks the field numbers and the number of readings before the payload is decoded. An empty reading
/// has two bytes on the wire and hundreds in memory, so a payload within its limit could need a hundred
/// megabytes.
pub(crate) fn check(kind: TopicKind, payload: &[u8], readings_max: usize) -> Result<(), Reject> {
    let undecodable =
        |error: ayaz_proto::DecodeError| Reject::new(Reason::PayloadUndecodable, error.to_string());
    let (foreign, foreign_in_reading) = FOREIGN[kind as usize];
    let mut rest = payload;
    let mut count = 0;
    while !rest.is_empty() {
        let (number, wire_type) = decode_key(&mut rest).map_err(undecodable)?;
        if foreign & bit(number) != 0 {
            return Err(another_kind(kind, format!("field {number}")));
        }
        let mut value = rest;
        skip_field(wire_type, number, &mut rest, DecodeContext::default()).map_err(undecodable)?;
        match (kind, number, wire_type) {
            (TopicKind::Status, ONLINE, WireType::Varint) => {
                // A flag is 0 or 1. In a batch this field is the number of readings.
                let online = decode_varint(&mut value).map_err(undecodable)?;
                if online > 1 {
                    return Err(another_kind(kind, format!("field {number} = {online}")));
                }
            }
            (TopicKind::Telemetry | TopicKind::Cells, READINGS, _) => {
                count += 1;
                if count > readings_max {
                    return Err(Reject::new(
                        Reason::ReadingsTooMany,
                        format!("more than the {readings_max} readings that are accepted"),
                    ));
                }
                if wire_type == WireType::LengthDelimited {
                    let length = decode_varint(&mut value).map_err(undecodable)?;
                    let reading = usize::try_from(length).ok().and_then(|it| value.get(..it));
                    let mut reading = reading.unwrap_or_default();
                    while !reading.is_empty() {
                        let (number, wire_type) = decode_key(&mut reading).map_err(undecodable)?;
                        if foreign_in_reading & bit(number) != 0 {
                            let what = format!("field {number} in a reading");
                            return Err(another_kind(kind, what));
                        }
                        skip_field(wire_type, number, &mut reading, DecodeContext::default())
                            .map_err(undecodable)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn another_kind(kind: TopicKind, what: String) -> Reject {
    let detail = format!(
        "{what} does not belong to a message on …/{}, but to another kind of message",
        kind.name()
    );
    Reject::new(Reason::PayloadOfAnotherKind, detail)
}

#[cfg(test)]
mod tests;
