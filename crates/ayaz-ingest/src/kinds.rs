//! Whether a payload is of the kind that its topic says. Pure.
//!
//! The three messages look alike on the wire: a batch of telemetry decodes as a status, since what a
//! decoder does not know it skips. So fields that only another kind has refuse a payload, and numbers
//! that no kind uses are those of a later version. Payloads without any field of the one or the other,
//! such as readings without a value, are of both kinds, and say nothing either way.

use std::sync::LazyLock;

use ayaz_model::TopicKind;
use ayaz_proto::telemetry::v1::MESSAGE_FIELDS;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::reject::{Reason, Reject};

/// The message of a kind, and that of its readings.
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

/// Field numbers as bits. Those of the schema are under 128, which a test holds.
type Numbers = u128;

fn bit(number: u32) -> Numbers {
    1_u128.checked_shl(number).unwrap_or(0)
}

/// Numbers that only other kinds have: in the message, and in its readings.
static FOREIGN: LazyLock<[(Numbers, Numbers); 3]> = LazyLock::new(|| {
    let numbers = |message: &str| -> Numbers {
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

/// Looks at the fields of a payload before it is decoded: at their numbers, and at how many readings
/// there are. An empty reading has two bytes on the wire and hundreds in memory, so that a payload
/// within its limit could become a hundred megabytes.
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
                // A flag is 0 or 1; a batch has its count of readings there.
                let online = decode_varint(&mut value).map_err(undecodable)?;
                if online > 1 {
                    return Err(another_kind(kind, format!("field {number} of {online}")));
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
        "{what} is none of a message on …/{}, but of another kind of message",
        kind.name()
    );
    Reject::new(Reason::PayloadOfAnotherKind, detail)
}

#[cfg(test)]
mod tests;
