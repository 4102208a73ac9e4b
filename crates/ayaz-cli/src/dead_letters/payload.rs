//! Decodes a payload up to the first field that is broken.

use ayaz_model::{TopicKind, UnixMicroseconds, topic};
use ayaz_proto::telemetry::v1::{CellBatch, TelemetryBatch, VehicleStatus};
use ayaz_proto::{DecodeError, Message};
use prost::encoding::{DecodeContext, decode_key, skip_field};

/// The decoded part of a payload.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// The message type of the topic.
    pub(super) message: &'static str,
    /// Names and values.
    pub(super) fields: Vec<(&'static str, String)>,
    /// Where and why decoding fails; `None` if it succeeds.
    pub(super) broken: Option<String>,
}

/// Both batch types have the same header, but no common trait.
macro_rules! decode_batch {
    ($batch:ident, $payload:expr) => {{
        let (batch, broken) = merge::<$batch>($payload);
        let keys = batch
            .readings
            .iter()
            .map(|reading| (reading.sequence_offset, reading.time_offset_microseconds));
        let header = Header {
            vehicle: &batch.vehicle,
            reading_count: batch.reading_count,
            boot_id: batch.boot_id,
            base_sequence: batch.base_sequence,
            base_time: batch.base_time_unix_microseconds,
            historical: batch.historical,
            keys: keys.collect(),
        };
        Decoded {
            message: stringify!($batch),
            fields: header.fields(),
            broken,
        }
    }};
}

/// Decodes as much as possible; `None` if the topic has no message type.
pub(super) fn decode(topic: &str, payload: &[u8]) -> Option<Decoded> {
    let [_, _, kind] = topic::split(topic.as_bytes())?;
    match TopicKind::by_name(kind)? {
        TopicKind::Telemetry => Some(decode_batch!(TelemetryBatch, payload)),
        TopicKind::Cells => Some(decode_batch!(CellBatch, payload)),
        TopicKind::Status => {
            let (status, broken) = merge::<VehicleStatus>(payload);
            Some(Decoded {
                message: "VehicleStatus",
                fields: vec![
                    ("vehicle", format!("{:?}", status.vehicle)),
                    ("online", status.online.to_string()),
                    ("boot_id", status.boot_id.to_string()),
                ],
                broken,
            })
        }
    }
}

/// The header of a batch, and the offsets of its readings.
struct Header<'a> {
    vehicle: &'a str,
    reading_count: u32,
    boot_id: u32,
    base_sequence: u64,
    base_time: Option<i64>,
    historical: bool,
    keys: Vec<(u32, i64)>,
}

impl Header<'_> {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let base_time = match self.base_time {
            Some(base) => UnixMicroseconds(base).to_string(),
            None => "not set".to_owned(),
        };
        let mut fields = vec![
            ("vehicle", format!("{:?}", self.vehicle)),
            ("reading_count", self.reading_count.to_string()),
            ("boot_id", self.boot_id.to_string()),
            ("base_sequence", self.base_sequence.to_string()),
            ("base_time", base_time),
            ("historical", self.historical.to_string()),
            ("readings", self.keys.len().to_string()),
        ];
        if let [first, .., last] | [first @ last] = self.keys.as_slice() {
            fields.push(("first reading", self.reading(first)));
            fields.push(("last reading", self.reading(last)));
        }
        fields
    }

    fn reading(&self, (sequence, time): &(u32, i64)) -> String {
        let sequence = self.base_sequence.saturating_add(u64::from(*sequence));
        match self.base_time {
            Some(base) => {
                let recorded_at = UnixMicroseconds(base).plus(*time);
                format!("sequence {sequence}, {recorded_at}")
            }
            None => format!("sequence {sequence}, {time} µs after the base time"),
        }
    }
}

/// Merges one field after another into a message. Protobuf fields are independent, so all fields
/// before a broken one are complete.
fn merge<M: Message + Default>(payload: &[u8]) -> (M, Option<String>) {
    let mut message = M::default();
    let mut rest = payload;
    while !rest.is_empty() {
        let at = payload.len() - rest.len();
        let mut field = None;
        let merged = field_length(rest, &mut field).and_then(|length| {
            message.merge(&rest[..length])?;
            Ok(length)
        });
        match merged {
            Ok(length) => rest = &rest[length..],
            Err(error) => {
                let field = field.map_or("no field begins here".to_owned(), |number| {
                    format!("field {number} does not decode")
                });
                let broken = format!("byte {at} of {}: {field}: {error}", payload.len());
                return (message, Some(broken));
            }
        }
    }
    (message, None)
}

/// Length of the first field with its key. Stores the field number as soon as it is decoded.
fn field_length(bytes: &[u8], number: &mut Option<u32>) -> Result<usize, DecodeError> {
    let mut rest = bytes;
    let (field, wire_type) = decode_key(&mut rest)?;
    *number = Some(field);
    skip_field(wire_type, field, &mut rest, DecodeContext::default())?;
    Ok(bytes.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use ayaz_proto::telemetry::v1::Reading;

    use super::*;

    const TOPIC: &str = "ayaz/v1/astana/b1/telemetry";

    fn batch() -> TelemetryBatch {
        TelemetryBatch {
            vehicle: "b\u{1b}1".to_owned(),
            reading_count: 3,
            boot_id: 7,
            base_sequence: 40,
            base_time_unix_microseconds: Some(1_768_028_390_000_000),
            historical: true,
            readings: (0..3)
                .map(|n| Reading {
                    sequence_offset: n,
                    time_offset_microseconds: i64::from(n) * 1_000_000,
                    speed_kmh: Some(30.0),
                    ..Reading::default()
                })
                .collect(),
        }
    }

    fn field<'a>(decoded: &'a Decoded, name: &str) -> Option<&'a str> {
        let field = decoded.fields.iter().find(|(field, _)| *field == name);
        field.map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_complete_message_shows_its_header() {
        let decoded = decode(TOPIC, &batch().encode_to_vec()).unwrap();
        assert_eq!(decoded.broken, None);
        for (name, value) in [
            ("vehicle", r#""b\u{1b}1""#),
            ("reading_count", "3"),
            ("boot_id", "7"),
            ("base_sequence", "40"),
            ("base_time", "2026-01-10T06:59:50Z"),
            ("historical", "true"),
            ("readings", "3"),
            ("first reading", "sequence 40, 2026-01-10T06:59:50Z"),
            ("last reading", "sequence 42, 2026-01-10T06:59:52Z"),
        ] {
            assert_eq!(field(&decoded, name), Some(value), "{name}");
        }
    }

    #[test]
    fn a_truncated_message_shows_its_complete_fields_and_where_it_ends() {
        let whole = batch().encode_to_vec();
        let two = TelemetryBatch {
            readings: batch().readings[..2].to_vec(),
            ..batch()
        };
        let last_at = two.encode_to_vec().len();
        for length in last_at + 1..whole.len() {
            let decoded = decode(TOPIC, &whole[..length]).unwrap();
            assert_eq!(field(&decoded, "readings"), Some("2"));
            let broken = decoded.broken.unwrap();
            let place = format!("byte {last_at} of {length}: ");
            assert!(broken.starts_with(&place), "{broken}");
        }
        assert_eq!(decode(TOPIC, &whole[..last_at]).unwrap().broken, None);
    }

    #[test]
    fn a_field_that_is_broken_inside_is_named() {
        let mut bytes = TelemetryBatch {
            readings: vec![],
            ..batch()
        }
        .encode_to_vec();
        let at = bytes.len();
        // A reading whose speed is a text.
        bytes.extend([7 << 3 | 2, 3, 11 << 3 | 2, 1, b'x']);
        let decoded = decode(TOPIC, &bytes).unwrap();
        let broken = decoded.broken.as_deref().unwrap();
        let place = format!("byte {at} of {}: field 7 does not decode", bytes.len());
        assert!(broken.starts_with(&place), "{broken}");
        assert!(broken.contains("speed_kmh"), "{broken}");
        assert_eq!(field(&decoded, "base_sequence"), Some("40"));
    }

    #[test]
    fn random_bytes_fail_at_byte_0_and_unknown_topics_are_not_decoded() {
        let decoded = decode(TOPIC, &[0xff; 30]).unwrap();
        assert!(decoded.broken.unwrap().starts_with("byte 0 of 30: "));
        let status = VehicleStatus {
            vehicle: "b1".to_owned(),
            online: true,
            boot_id: 9,
        };
        let decoded = decode("ayaz/v1/astana/b1/status", &status.encode_to_vec()).unwrap();
        assert_eq!(field(&decoded, "online"), Some("true"));
        for topic in ["", "x", "ayaz/v1/astana/b1/odd", "ayaz/v1/a/b/telemetry/x"] {
            assert_eq!(decode(topic, &[]), None, "{topic}");
        }
        let cells = CellBatch {
            vehicle: "b1".to_owned(),
            ..CellBatch::default()
        };
        let decoded = decode("ayaz/v1/astana/b1/cells", &cells.encode_to_vec()).unwrap();
        assert_eq!(decoded.message, "CellBatch");
        assert_eq!(field(&decoded, "base_time"), Some("not set"));
    }
}
