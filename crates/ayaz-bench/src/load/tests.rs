use std::collections::BTreeSet;

use ayaz_proto::telemetry::v1::TelemetryBatch;

use super::*;

fn load(readings_per_message: u32, vehicles: u32) -> Load {
    Load::generate(&"bench".parse().unwrap(), readings_per_message, vehicles).unwrap()
}

fn decode(load: &Load, number: u64) -> TelemetryBatch {
    let mut bytes = Vec::new();
    let payload = load.payload(number);
    payload.put(&mut bytes);
    assert_eq!(bytes.len(), payload.len());
    TelemetryBatch::decode(&bytes[..]).unwrap()
}

/// Vehicle, seconds since the start, sequence and drive cycle of every reading of a message.
fn keys(load: &Load, number: u64) -> Vec<(u64, u64, u64, u64)> {
    let batch = decode(load, number);
    let place = load.vehicle(number);
    assert_eq!(batch.vehicle, load.vehicles[place].as_str());
    assert_eq!(batch.reading_count as usize, batch.readings.len());
    assert_eq!((batch.boot_id, batch.historical), (BOOT_ID, false));
    let base = batch.base_time_unix_microseconds.unwrap();
    let key = |reading: &wire::Reading| {
        let seconds = (base + reading.time_offset_microseconds - START.0) / SECOND_MICROSECONDS;
        (
            place as u64 + 1,
            seconds as u64,
            batch.base_sequence + u64::from(reading.sequence_offset),
            u64::from(reading.drive_cycle.unwrap()),
        )
    };
    batch.readings.iter().map(key).collect()
}

#[test]
fn messages_match_the_expected_contents() {
    for (readings_per_message, vehicles, messages) in [
        (1, 10, 1),
        (1, 10, 25),
        (10, 10, 100),
        (60, 13, 40),
        (1_000, 10, 1_500),
        (7, 12_000, 12_001),
    ] {
        let load = load(readings_per_message, vehicles);
        let sent: Vec<_> = (0..messages)
            .flat_map(|number| keys(&load, number))
            .collect();
        let distinct: BTreeSet<_> = sent.iter().collect();
        let counted = Contents {
            rows: sent.len() as u64,
            keys: distinct.len() as u64,
            checksum: sent
                .iter()
                .map(|(vehicle, seconds, sequence, cycle)| {
                    u128::from(vehicle * (2 * sequence + seconds + cycle))
                })
                .sum(),
        };
        assert_eq!(load.contents(messages), counted, "{messages} messages");
    }
}

#[test]
fn a_message_equals_that_of_a_vehicle() {
    let load = load(10, 3);
    let number = 3 * 9_000 + 1;
    let sent = decode(&load, number);
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let templates: Vec<Vec<Reading>> = (0..2)
        .map(|template| {
            (0..10)
                .map(|place| reading(&mut rng, template, place))
                .collect()
        })
        .collect();
    let readings: Vec<Reading> = templates[1]
        .iter()
        .map(|template| {
            let mut reading = template.clone();
            reading.key.sequence += 90_000;
            reading.key.recorded_at = recorded_at(reading.key.sequence);
            reading
        })
        .collect();
    assert_eq!(
        sent,
        encode::telemetry_batch(&load.vehicles[1], false, &readings)
    );
}

#[test]
fn rows_match_the_messages_by_day_vehicle_and_key() {
    for (readings_per_message, vehicles, messages) in [
        (1, 10, 0..10),
        (1, 10, 7..19),
        (1, 10, 8..12),
        (10, 100, 30..95),
        (10, 100, 95..130),
        // Across midnight: second 86,400 is in the ninth reading of round 8,639.
        (10, 7, 8_638 * 7 + 3..8_641 * 7 + 2),
        (1_000, 10, 850..880),
    ] {
        let load = load(readings_per_message, vehicles);
        let mut expected: Vec<_> = messages
            .clone()
            .flat_map(|number| keys(&load, number))
            .map(|(vehicle, seconds, sequence, _)| (sequence / DAY_SECONDS, vehicle, seconds))
            .collect();
        expected.sort_unstable();
        let rows: Vec<_> = load
            .rows(messages.clone(), UnixMicroseconds(1))
            .map(|(_, row)| {
                assert_eq!(row.recorded_at, recorded_at(row.sequence));
                assert_eq!(row.received_at, UnixMicroseconds(1));
                let day = row.sequence / DAY_SECONDS;
                (day, row.vehicle as u64, row.sequence)
            })
            .collect();
        assert_eq!(rows, expected, "{messages:?}");
    }
}

#[test]
fn the_probe_counts_from_zero() {
    let load = load(10, 10);
    let batch = TelemetryBatch::decode(&load.probe_payload(3)[..]).unwrap();
    assert_eq!(batch.vehicle, "probe");
    assert_eq!(batch.base_sequence, 3);
    let time = batch.base_time_unix_microseconds.unwrap();
    assert_eq!(UnixMicroseconds(time), recorded_at(3));
    let (with, without) = (load.contents_with_probe(5, 2), load.contents(5));
    assert_eq!(with.rows - without.rows, 2);
    assert_eq!(with.checksum - without.checksum, 3 * 11);
}
