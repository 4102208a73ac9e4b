//! Properties that must hold for all input bytes. The fuzzer (`fuzz/`) checks them, and a test with random
//! mutations for one minute.

use std::cell::RefCell;

use ayaz_model::UnixMicroseconds;
use ayaz_store::{Content, ReadingEncoder};

use crate::decode::decode;
use crate::validate::{InvalidCounts, Limits, validate};

/// 2026-01-20T00:00:00Z.
const NOW: UnixMicroseconds = UnixMicroseconds(1_768_867_200_000_000);

/// Maximum bytes of a row, without its fault codes.
const ROW_BYTES_MAX: usize = 1_024;

thread_local! {
    /// An encoder that is used for all inputs, like the daemon's.
    static USED_ENCODER: RefCell<ReadingEncoder> = RefCell::default();
}

/// Decodes, validates and encodes an input. Its first byte selects the kind of the topic; the rest is the
/// payload.
///
/// # Panics
///
/// If the code panics, uses too much memory for the payload, or encodes a row that PostgreSQL cannot
/// read.
pub fn check(input: &[u8]) {
    let Some((kind, payload)) = input.split_first() else {
        return;
    };
    let kinds = ["telemetry", "cells", "status"];
    let kind = kinds[usize::from(*kind) % 3];
    let topic = format!("ayaz/v1/astana/E12-001/{kind}");
    let limits = Limits::default();
    let mut encoder = ReadingEncoder::default();
    let mut invalid = InvalidCounts::default();
    let checked = decode(topic.as_bytes(), payload, &limits)
        .and_then(|frame| validate(frame, &limits, NOW, &mut encoder, &mut invalid));
    USED_ENCODER.with_borrow_mut(|used| {
        let mut invalid = InvalidCounts::default();
        let again = decode(topic.as_bytes(), payload, &limits)
            .and_then(|frame| validate(frame, &limits, NOW, used, &mut invalid));
        let same = match (&checked, &again) {
            (Ok(fresh), Ok(used)) => fresh == used,
            (fresh, used) => fresh.is_err() && used.is_err(),
        };
        assert!(
            same,
            "earlier inputs change the result: {checked:?}, {again:?}"
        );
    });
    if checked.is_ok() && !payload.is_empty() {
        for other in kinds {
            // Readings without a value are valid in both kinds of batch.
            if (other == "status") == (kind == "status") {
                continue;
            }
            let topic = format!("ayaz/v1/astana/E12-001/{other}");
            let also = decode(topic.as_bytes(), payload, &limits).and_then(|frame| {
                let mut invalid = InvalidCounts::default();
                validate(frame, &limits, NOW, &mut encoder, &mut invalid)
            });
            assert!(
                also.is_err(),
                "a message of kind {kind} is also valid as {other}"
            );
        }
    }
    match checked {
        Ok(Content::Readings(_, rows)) => {
            assert!((1..=limits.readings_max).contains(&rows.len()));
            // A fault code needs at least one byte on the wire, and twelve in a row.
            let bytes_max = rows.len() * ROW_BYTES_MAX + 12 * payload.len();
            assert!(rows.bytes() <= bytes_max, "{} bytes of rows", rows.bytes());
            rows.check().unwrap_or_else(|what| panic!("{what}"));
        }
        Ok(Content::Cells(_, cells)) => {
            assert!((1..=limits.readings_max).contains(&cells.len()));
        }
        Ok(Content::Status { .. }) => {}
        Ok(Content::Rejected(_)) => unreachable!("validation rejects with an error"),
        Err(reject) => assert!(!reject.detail.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use ayaz_proto::Message as _;
    use ayaz_proto::telemetry::v1::{CellBatch, CellReading, Reading, TelemetryBatch};
    use rand::{RngExt, SeedableRng, seq::IndexedRandom};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Inputs that the fuzzer or a failed test has found.
    fn corpus() -> Vec<Vec<u8>> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/any_payload");
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        files
            .filter_map(|file| std::fs::read(file.path()).ok())
            .collect()
    }

    fn well_formed() -> [Vec<u8>; 2] {
        let reading = Reading {
            sequence_offset: 1,
            time_offset_microseconds: -5,
            drive_cycle: Some(3),
            odometer_km: Some(1_000.5),
            speed_kmh: Some(3.0),
            gear: Some(1),
            doors_open: Some(true),
            route: Some("10".to_owned()),
            alarm_flags: Some(u64::MAX),
            fault_codes: vec![1, 300, 70_000],
            ..Reading::default()
        };
        let telemetry = TelemetryBatch {
            vehicle: "E12-001".to_owned(),
            reading_count: 3,
            boot_id: 1,
            base_sequence: 300,
            base_time_unix_microseconds: Some(NOW.0),
            historical: true,
            readings: vec![reading; 3],
        };
        let cells = CellBatch {
            vehicle: "E12-001".to_owned(),
            reading_count: 1,
            base_time_unix_microseconds: Some(NOW.0),
            readings: vec![CellReading {
                voltages_volts: vec![3.2; 4],
                ..CellReading::default()
            }],
            ..CellBatch::default()
        };
        let with_kind = |kind: u8, message: Vec<u8>| [vec![kind], message].concat();
        [
            with_kind(0, telemetry.encode_to_vec()),
            with_kind(1, cells.encode_to_vec()),
        ]
    }

    fn mutate(rng: &mut ChaCha8Rng, input: &mut Vec<u8>, other: &[u8]) {
        const SPECIAL_BYTES: &[u8] = &[0, 1, 7, 8, 0x7f, 0x80, 0xff];
        for _ in 0..rng.random_range(1..6) {
            let at = rng.random_range(0..=input.len());
            match rng.random_range(0..6) {
                0 => input.insert(at, rng.random()),
                1 => input.insert(at, *SPECIAL_BYTES.choose(rng).unwrap()),
                2 => drop(input.splice(at..at, [0xff; 9])),
                3 => input.truncate(at.max(1)),
                4 => {
                    let from = rng.random_range(0..=other.len());
                    let to = rng.random_range(from..=other.len());
                    input.splice(at..at, other[from..to].iter().copied());
                }
                _ => {
                    if let Some(byte) = input.get_mut(at) {
                        *byte ^= 1 << rng.random_range(0..8);
                    }
                }
            }
        }
    }

    /// Runs for one minute, or for `AYAZ_TEST_FUZZ_S` seconds.
    #[test]
    fn every_input_is_accepted_or_rejected() {
        let seconds = std::env::var("AYAZ_TEST_FUZZ_S").ok();
        let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(60);
        let seed = rand::rng().random();
        println!("seed {seed}");
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut inputs = [corpus(), well_formed().to_vec()].concat();
        inputs.iter().for_each(|input| check(input));
        let deadline = Instant::now() + Duration::from_secs(seconds);
        let mut tried = 0_u64;
        while Instant::now() < deadline {
            let other = inputs.choose(&mut rng).unwrap().clone();
            let mut input = inputs.choose(&mut rng).unwrap().clone();
            mutate(&mut rng, &mut input, &other);
            input.truncate(4_000);
            let kept = input.clone();
            if std::panic::catch_unwind(|| check(&kept)).is_err() {
                panic!("add it to fuzz/corpus/any_payload: {input:02x?}");
            }
            // Some mutated inputs are mutated again.
            if tried.is_multiple_of(1_000) && inputs.len() < 500 {
                inputs.push(input);
            }
            tried += 1;
        }
        println!("{tried} inputs");
    }
}
