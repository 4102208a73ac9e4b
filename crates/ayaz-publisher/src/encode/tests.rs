//! Compares encoded messages with their readings.

use ayaz_model::{Gear, TimeQuality, UnixMicroseconds};
use ayaz_model::{SignalKind, SignalSet};
use prost::Message;

use super::*;

fn reading(sequence: u64, recorded_at: i64, measurements: Measurements) -> Reading {
    Reading {
        key: ReadingKey {
            recorded_at: UnixMicroseconds(recorded_at),
            boot_id: 7,
            sequence,
        },
        received_at: UnixMicroseconds(0),
        historical: true,
        time_quality: TimeQuality::Good,
        invalid: SignalSet::EMPTY,
        measurements,
    }
}

/// A value for every signal, each valid.
fn full() -> Measurements {
    let mut measurements = Measurements::default();
    for &signal in Signal::ALL {
        match signal.kind() {
            SignalKind::Text => measurements.set_text(signal, "name"),
            _ => measurements.set_number(signal, 1.0),
        }
        .unwrap();
    }
    measurements
}

#[test]
fn offsets_keep_time_and_sequence_of_each_reading() {
    let keys = [(10, 1_000_000), (11, 1_100_000), (9, 900_000)];
    let readings: Vec<_> = keys
        .iter()
        .map(|&(s, t)| reading(s, t, Measurements::default()))
        .collect();
    let vehicle = "bus-1".parse().unwrap();
    let batch = telemetry_batch(&vehicle, true, &readings);
    assert_eq!(
        (batch.vehicle.as_str(), batch.reading_count, batch.boot_id),
        ("bus-1", 3, 7)
    );
    let base_time = batch.base_time_unix_microseconds.unwrap();
    let decoded: Vec<_> = batch
        .readings
        .iter()
        .map(|r| {
            let sequence = batch.base_sequence + u64::from(r.sequence_offset);
            (sequence, base_time + r.time_offset_microseconds)
        })
        .collect();
    assert_eq!(decoded, keys);
    assert_eq!(telemetry_batch(&vehicle, false, &[]).reading_count, 0);
}

#[test]
fn every_signal_is_encoded_from_the_model_and_from_a_log() {
    let key = reading(0, 0, Measurements::default()).key;
    let base = BatchBase::of([key]).unwrap();
    let from_model = wire_reading(&base, key, &full());

    let mut from_log = wire::Reading::default();
    for &signal in Signal::ALL {
        match signal.kind() {
            SignalKind::Text => set_text(&mut from_log, signal, "name"),
            _ => set_text(&mut from_log, signal, "1"),
        }
        .unwrap();
    }
    assert_eq!(from_model, from_log);
    let decoded = wire::Reading::decode(from_model.encode_to_vec().as_slice()).unwrap();
    assert_eq!(decoded, from_model);
    // Every field is encoded, except the two offsets, which are 0 here. prost prints absent fields
    // as None.
    let printed = format!("{decoded:?}");
    assert!(
        !printed.contains("None") && !printed.contains("[]"),
        "{printed}"
    );
    assert_eq!(
        printed.matches("Some(").count() + 1,
        Signal::ALL.len(),
        "{printed}"
    );
}

#[test]
fn values_out_of_range_are_encoded() {
    let mut reading = wire::Reading::default();
    set_number(&mut reading, Signal::accelerator_percent, 135.0).unwrap();
    set_number(&mut reading, Signal::soc_percent, f64::NAN).unwrap();
    set_number(&mut reading, Signal::odometer_km, -1e300).unwrap();
    assert_eq!(reading.accelerator_percent, Some(135.0));
    assert!(reading.soc_percent.unwrap().is_nan());
    assert_eq!(reading.odometer_km, Some(-1e300));

    set_number(&mut reading, Signal::gear, 9.0).unwrap();
    assert_eq!(reading.gear, Some(9), "the receiver checks unknown codes");
    set_text(&mut reading, Signal::gear, Gear::Drive.name()).unwrap();
    assert_eq!(reading.gear, Some(4));
    assert_eq!(
        set_text(&mut reading, Signal::gear, "fifth"),
        Err(NotEncodable::NotNamed(&[
            "park", "reverse", "neutral", "drive"
        ]))
    );
    let not_whole = [-1.0, 0.5, f64::NAN, f64::INFINITY];
    for (signal, value, why) in not_whole
        .map(|value| (Signal::passenger_count, value, NotEncodable::NotWhole))
        .into_iter()
        .chain([
            (
                Signal::passenger_count,
                5e9,
                NotEncodable::TooLarge(u32::MAX.into()),
            ),
            (Signal::doors_open, 50.0, NotEncodable::NotFlag),
        ])
    {
        let set = set_number(&mut reading, signal, value);
        assert_eq!(set, Err(why), "{value}");
    }
    for (signal, why) in [
        (Signal::doors_open, NotEncodable::NotFlag),
        (Signal::speed_kmh, NotEncodable::NotNumber),
    ] {
        assert_eq!(set_text(&mut reading, signal, "yes"), Err(why));
    }
}

#[test]
fn a_missing_cell_value_keeps_its_position() {
    let cells = CellReading {
        key: reading(3, 5, Measurements::default()).key,
        received_at: UnixMicroseconds(0),
        historical: false,
        time_quality: TimeQuality::Good,
        voltages_volts: [Some(3.2), None, Some(3.3)].into(),
        temperatures_celsius: [Some(-20.0)].into(),
    };
    let batch = cell_batch(&"b".parse().unwrap(), false, &[cells]);
    assert_eq!((batch.reading_count, batch.base_sequence), (1, 3));
    let voltages = &batch.readings[0].voltages_volts;
    assert_eq!((voltages[0], voltages[2]), (3.2, 3.3));
    assert!(voltages[1].is_nan());
}
