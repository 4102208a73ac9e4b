use ayaz_model::UnixMicroseconds;
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1::{CellBatch, CellReading, Reading, TelemetryBatch, VehicleStatus};
use ayaz_store::{Content, ReadingEncoder};
use prost::encoding::encode_key;

use super::*;
use crate::decode::decode;
use crate::validate::{InvalidCounts, Limits, validate};

/// 2026-01-20T00:00:00Z.
const NOW: UnixMicroseconds = UnixMicroseconds(1_768_867_200_000_000);

fn telemetry(readings: Vec<Reading>) -> Vec<u8> {
    let batch = TelemetryBatch {
        vehicle: "bus".to_owned(),
        reading_count: readings.len() as u32,
        boot_id: 1,
        base_sequence: 1,
        base_time_unix_microseconds: Some(NOW.0),
        historical: false,
        readings,
    };
    batch.encode_to_vec()
}

fn cells(reading: CellReading) -> Vec<u8> {
    let batch = CellBatch {
        vehicle: "bus".to_owned(),
        reading_count: 1,
        boot_id: 1,
        base_sequence: 1,
        base_time_unix_microseconds: Some(NOW.0),
        historical: true,
        readings: vec![reading],
    };
    batch.encode_to_vec()
}

fn status(online: bool, boot_id: u32) -> Vec<u8> {
    let status = VehicleStatus {
        vehicle: "bus".to_owned(),
        online,
        boot_id,
    };
    status.encode_to_vec()
}

/// One reading for each field of `Reading` except the offsets, with only this field.
fn single_fields() -> Vec<Reading> {
    let (_, fields) = MESSAGE_FIELDS
        .iter()
        .find(|(name, _)| *name == "Reading")
        .unwrap();
    let numbers = fields
        .iter()
        .map(|(_, number)| *number)
        .filter(|it| *it > 2);
    // The wire type of the field is the one that decodes.
    numbers
        .map(|number| {
            let candidates = [
                (WireType::Varint, vec![1]),
                (WireType::ThirtyTwoBit, 1_f32.to_le_bytes().to_vec()),
                (WireType::SixtyFourBit, 1_f64.to_le_bytes().to_vec()),
                (WireType::LengthDelimited, vec![1, b'7']),
            ];
            let decoded = candidates.iter().find_map(|(wire_type, value)| {
                let mut bytes = Vec::new();
                encode_key(number, *wire_type, &mut bytes);
                bytes.extend(value);
                Reading::decode(&bytes[..]).ok()
            });
            decoded.unwrap_or_else(|| panic!("field {number}"))
        })
        .collect()
}

fn samples() -> Vec<(TopicKind, Vec<u8>)> {
    let mut samples = vec![
        (TopicKind::Status, status(true, 7)),
        (TopicKind::Status, status(false, 7)),
        (TopicKind::Status, status(true, 0)),
        (TopicKind::Status, status(false, 0)),
        (TopicKind::Telemetry, telemetry(single_fields())),
    ];
    let single = single_fields().into_iter();
    samples.extend(single.map(|reading| (TopicKind::Telemetry, telemetry(vec![reading]))));
    for (voltages, temperatures) in [(vec![3.2; 4], vec![]), (vec![], vec![-20.0; 2])] {
        let reading = CellReading {
            sequence_offset: 3,
            time_offset_microseconds: -1,
            voltages_volts: voltages,
            temperatures_celsius: temperatures,
        };
        samples.push((TopicKind::Cells, cells(reading)));
    }
    samples
}

fn accepted(kind: TopicKind, payload: &[u8]) -> Result<Content, Reject> {
    let topic = format!("ayaz/v1/fleet/bus/{}", kind.name());
    let limits = Limits::default();
    let frame = decode(topic.as_bytes(), payload, &limits)?;
    let (mut encoder, mut counts) = (ReadingEncoder::default(), InvalidCounts::default());
    validate(frame, &limits, NOW, &mut encoder, &mut counts)
}

/// Adds a field that no version of the schema has yet.
fn add_unknown_field(bytes: &mut Vec<u8>) {
    encode_key(100, WireType::LengthDelimited, bytes);
    bytes.extend([2, b'h', b'i']);
}

#[test]
fn a_payload_is_accepted_only_on_the_topic_of_its_kind() {
    for (sent, payload) in samples() {
        for topic in TopicKind::ALL {
            let outcome = accepted(topic, &payload);
            assert_eq!(
                outcome.is_ok(),
                sent == topic,
                "{sent:?} on …/{}: {outcome:?} of {payload:02x?}",
                topic.name()
            );
            let Err(reject) = outcome else { continue };
            // A status has no field of its own, so the error is about missing readings.
            let expected = match sent {
                TopicKind::Status => [Reason::ReadingCountMismatch, Reason::ReadingsMissing],
                _ => [Reason::PayloadOfAnotherKind; 2],
            };
            assert!(expected.contains(&reject.reason), "{reject:?}");
        }
    }
}

#[test]
fn fields_of_later_versions_are_ignored_on_every_topic() {
    for (kind, mut payload) in samples() {
        let expected = accepted(kind, &payload).unwrap();
        add_unknown_field(&mut payload);
        assert_eq!(accepted(kind, &payload).unwrap(), expected, "{kind:?}");
    }
    // Also in a reading.
    for (kind, own) in [(TopicKind::Telemetry, 30), (TopicKind::Cells, 0)] {
        let mut reading = Vec::new();
        if own > 0 {
            encode_key(own, WireType::ThirtyTwoBit, &mut reading);
            reading.extend(70_f32.to_le_bytes());
        }
        add_unknown_field(&mut reading);
        let mut payload = match kind {
            TopicKind::Telemetry => telemetry(vec![]),
            _ => CellBatch {
                readings: vec![],
                ..CellBatch::decode(&cells(CellReading::default())[..]).unwrap()
            }
            .encode_to_vec(),
        };
        let mut batch = TelemetryBatch::decode(&payload[..]).unwrap();
        batch.reading_count = 1;
        payload = batch.encode_to_vec();
        encode_key(READINGS, WireType::LengthDelimited, &mut payload);
        payload.push(reading.len() as u8);
        payload.extend(reading);
        assert!(accepted(kind, &payload).is_ok(), "{kind:?}");
    }
}

#[test]
fn another_kind_is_rejected_in_any_order_of_fields() {
    // Out of order, so prost decodes it and skips unknown fields.
    let ours = telemetry(single_fields());
    let mut reading = Vec::new();
    encode_key(4, WireType::LengthDelimited, &mut reading);
    reading.extend([4, 0, 0, 0x80, 0x3f]);
    let mut mixed = Vec::new();
    encode_key(READINGS, WireType::LengthDelimited, &mut mixed);
    mixed.push(reading.len() as u8);
    mixed.extend(&reading);
    mixed.extend(&ours);
    let reject = accepted(TopicKind::Telemetry, &mixed).unwrap_err();
    assert_eq!(reject.reason, Reason::PayloadOfAnotherKind, "{reject:?}");
    assert!(reject.detail.contains("field 4 in a reading"), "{reject:?}");
    let reject = accepted(TopicKind::Status, &ours).unwrap_err();
    assert!(reject.detail.contains("…/status"), "{reject:?}");
    // Truncated after the number of readings, where it is most similar to a status.
    let cut_off = [&status(true, 0)[..5], &[0x10, 60]].concat();
    assert!(accepted(TopicKind::Status, &cut_off).is_err());
    assert!(
        accepted(
            TopicKind::Status,
            &[&status(true, 0)[..5], &[0x10, 1]].concat()
        )
        .is_ok()
    );
}

#[test]
fn the_check_uses_the_field_numbers_of_the_schema() {
    for (message, fields) in MESSAGE_FIELDS {
        for (name, number) in *fields {
            assert!(*number < 128, "{message}.{name}");
            let special = match (*message, *name) {
                ("TelemetryBatch" | "CellBatch", "readings") => Some(READINGS),
                ("VehicleStatus", "online") => Some(ONLINE),
                _ => None,
            };
            assert!(special.is_none_or(|it| it == *number), "{message}.{name}");
        }
    }
    assert_eq!(FOREIGN[TopicKind::Status as usize].0, 0b1111_0000);
    assert_eq!(FOREIGN[TopicKind::Telemetry as usize], (0, 0b1_1000));
    assert!(is_foreign_in_reading(TopicKind::Cells, 30));
    assert!(
        !is_foreign_in_reading(TopicKind::Cells, 4)
            && !is_foreign_in_reading(TopicKind::Cells, 100)
    );
}
