//! Checks what each kind of wrong input becomes.

use ayaz_model::measurements::Value;
use ayaz_model::{Measurements, Reading, Signal, SignalSet, TimeQuality, UnixMicroseconds};
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1::{self as wire, CellBatch, TelemetryBatch};
use ayaz_store::{Content, EncodedReadings, ReadingEncoder, RowHead};
use proptest::prelude::*;

use super::telemetry::{Arrival, Rows};
use super::{InvalidCounts, Limits, validate};
use crate::decode::decode;
use crate::reject::Reason;
use crate::wire::Wire;

/// 2026-01-20T00:00:00Z.
const NOW: UnixMicroseconds = UnixMicroseconds(1_768_867_200_000_000);

const TOPIC: &str = "ayaz/v1/astana/E12-001/telemetry";

fn batch(readings: Vec<wire::Reading>) -> TelemetryBatch {
    TelemetryBatch {
        vehicle: "E12-001".to_owned(),
        reading_count: readings.len() as u32,
        boot_id: 7,
        base_sequence: 100,
        base_time_unix_microseconds: Some(NOW.0),
        historical: false,
        readings,
    }
}

fn accept(topic: &str, payload: impl AsRef<[u8]>) -> Result<(Content, InvalidCounts), Reason> {
    let mut encoder = ReadingEncoder::default();
    let limits = Limits::default();
    let mut invalid = InvalidCounts::default();
    decode(topic.as_bytes(), payload.as_ref(), &limits)
        .and_then(|frame| validate(frame, &limits, NOW, &mut encoder, &mut invalid))
        .map(|content| (content, invalid))
        .map_err(|reject| reject.reason)
}

/// Collects readings instead of encoded rows.
#[derive(Debug, Clone, PartialEq, Default)]
struct Collected(Vec<Reading>);

impl Rows for Collected {
    fn reset(&mut self, _: usize, _: usize) {
        self.0.clear();
    }

    fn begin(&mut self, head: RowHead) {
        self.0.push(Reading {
            key: head.key,
            received_at: head.received_at,
            historical: head.historical,
            time_quality: head.time_quality,
            invalid: SignalSet::EMPTY,
            measurements: Measurements::default(),
        });
    }

    fn put(&mut self, signal: Signal, value: Value<'_>) {
        let m = &mut self.0.last_mut().unwrap().measurements;
        macro_rules! set {
            ($($(#[$doc:meta])* $name:ident: $kind:ident($($argument:tt)*);)+) => {
                match (signal, value) {
                    $((Signal::$name, set!(pattern $kind value)) => {
                        let value = set!(value $kind value);
                        assert!(m.$name.replace(value).is_none(), "{signal:?} twice");
                    })+
                    other => panic!("{other:?}"),
                }
            };
            (pattern float $v:ident) => { Value::Float($v) };
            (pattern double $v:ident) => { Value::Double($v) };
            (pattern flag $v:ident) => { Value::Flag($v) };
            (pattern count $v:ident) => { Value::Count($v) };
            (pattern counter $v:ident) => { Value::Counter($v) };
            (pattern bits $v:ident) => { Value::Bits($v) };
            (pattern choice $v:ident) => { Value::Choice($v) };
            (pattern text $v:ident) => { Value::Text($v) };
            (pattern codes $v:ident) => { Value::Codes($v) };
            (value choice $v:ident) => { i32::from($v).try_into().unwrap() };
            (value text $v:ident) => { $v.into() };
            (value codes $v:ident) => { $v.into() };
            (value $kind:ident $v:ident) => { $v };
        }
        ayaz_model::for_each_signal!(set);
    }

    fn finish(&mut self, invalid: SignalSet) {
        self.0.last_mut().unwrap().invalid = invalid;
    }
}

fn collect(payload: &[u8]) -> Result<(Vec<Reading>, InvalidCounts), Reason> {
    let mut invalid = InvalidCounts::default();
    let vehicle = "E12-001".parse().unwrap();
    let mut collected = Collected::default();
    let arrival = Arrival {
        vehicle: &vehicle,
        limits: &Limits::default(),
        received_at: NOW,
    };
    arrival
        .telemetry(payload, &mut collected, &mut invalid)
        .map(|()| (collected.0, invalid))
        .map_err(|reject| reject.reason)
}

fn readings(batch: &TelemetryBatch) -> Vec<Reading> {
    collect(&batch.encode_to_vec()).unwrap().0
}

fn rejection(change: impl FnOnce(&mut TelemetryBatch)) -> Reason {
    let mut batch = batch(vec![wire::Reading::default()]);
    change(&mut batch);
    accept(TOPIC, batch.encode_to_vec()).unwrap_err()
}

#[test]
fn a_reading_keeps_all_its_values() {
    let reading = wire::Reading {
        sequence_offset: 3,
        time_offset_microseconds: -1_500_000,
        exterior_temperature_celsius: Some(0.0),
        gear: Some(wire::Gear::Unspecified.into()),
        charge_state: Some(wire::ChargeState::Charging.into()),
        ..wire::Reading::default()
    };
    let read = readings(&batch(vec![reading])).remove(0);
    assert_eq!((read.key.boot_id, read.key.sequence), (7, 103));
    assert_eq!(read.key.recorded_at, NOW.plus(-1_500_000));
    assert_eq!(
        read.measurements.exterior_temperature_celsius,
        Some(0.0),
        "0 °C is a value"
    );
    assert_eq!(read.measurements.cabin_temperature_celsius, None);
    assert_eq!(read.measurements.gear, None, "code 0 means not sent");
    assert_eq!(read.measurements.is_plugged_in(), Some(true));
    assert!(read.invalid.is_empty());
}

#[test]
fn a_wrong_message_is_rejected() {
    assert_eq!(
        rejection(|b| b.vehicle = "E12-002".to_owned()),
        Reason::VehicleMismatch
    );
    assert_eq!(rejection(|b| b.vehicle.clear()), Reason::VehicleMismatch);
    assert_eq!(
        rejection(|b| b.reading_count = 2),
        Reason::ReadingCountMismatch
    );
    assert_eq!(rejection(|b| *b = batch(vec![])), Reason::ReadingsMissing);
    assert_eq!(
        rejection(|b| b.base_time_unix_microseconds = None),
        Reason::TimeMissing
    );
    let too_many = vec![wire::Reading::default(); 1_001];
    assert_eq!(rejection(|b| *b = batch(too_many)), Reason::ReadingsTooMany);
    for time in [-1, i64::MIN, i64::MAX, 7_258_118_400_000_000] {
        assert_eq!(
            rejection(|b| b.base_time_unix_microseconds = Some(time)),
            Reason::TimeOutOfRange
        );
    }
    assert_eq!(
        rejection(|b| b.readings[0].time_offset_microseconds = i64::MAX),
        Reason::TimeOutOfRange
    );
    for sequence in [(1 << 62) + 1, u64::MAX] {
        assert_eq!(
            rejection(|b| b.base_sequence = sequence),
            Reason::SequenceOutOfRange
        );
    }
}

#[test]
fn a_topic_of_no_vehicle_is_rejected() {
    let payload = batch(vec![wire::Reading::default()]).encode_to_vec();
    for topic in [
        "",
        "ayaz/v1/astana/E12-001",
        "ayaz/v1/astana/E12-001/telemetry/x",
        "ayaz/v2/astana/E12-001/telemetry",
        "ayaz/v1/astana/E12-001/commands",
        "ayaz/v1/as tana/E12-001/telemetry",
        "ayaz/v1//E12-001/telemetry",
    ] {
        assert_eq!(
            accept(topic, payload.clone()).unwrap_err(),
            Reason::TopicUnknown,
            "{topic}"
        );
    }
}

#[test]
fn an_implausible_date_is_kept_and_marked() {
    for (time, quality) in [
        // 1970-01-02 and 2090-01-01.
        (86_400_000_000, TimeQuality::Ancient),
        (3_786_912_000_000_000, TimeQuality::Future),
        (NOW.0 + 299_000_000, TimeQuality::Good),
        (NOW.0 + 301_000_000, TimeQuality::Future),
    ] {
        let mut batch = batch(vec![wire::Reading::default()]);
        batch.base_time_unix_microseconds = Some(time);
        assert_eq!(readings(&batch)[0].time_quality, quality, "{time}");
    }
}

#[test]
fn an_invalid_value_is_left_out_and_the_others_stay() {
    let reading = wire::Reading {
        speed_kmh: Some(f32::NAN),
        pack_voltage_volts: Some(f32::INFINITY),
        soc_percent: Some(101.0),
        gear: Some(99),
        passenger_count: Some(501),
        route: Some("x".repeat(65)),
        fault_codes: vec![1; 65],
        cabin_temperature_celsius: Some(18.5),
        ..wire::Reading::default()
    };
    let (read, invalid) = collect(&batch(vec![reading]).encode_to_vec()).unwrap();
    let expected = [
        Signal::speed_kmh,
        Signal::gear,
        Signal::passenger_count,
        Signal::route,
        Signal::soc_percent,
        Signal::pack_voltage_volts,
        Signal::fault_codes,
    ];
    assert!(read[0].invalid.iter().eq(expected));
    assert_eq!(
        read[0].measurements.present().iter().collect::<Vec<_>>(),
        [Signal::cabin_temperature_celsius]
    );
    let counts = InvalidCounts {
        not_finite: 2,
        out_of_range: 2,
        unknown_value: 1,
        malformed: 2,
    };
    assert_eq!(invalid, counts);
}

#[test]
fn cells_keep_their_positions() {
    let batch = CellBatch {
        vehicle: "E12-001".to_owned(),
        reading_count: 1,
        base_time_unix_microseconds: Some(NOW.0),
        readings: vec![wire::CellReading {
            voltages_volts: vec![3.2, f32::NAN, 9.0],
            temperatures_celsius: vec![-41.5],
            ..wire::CellReading::default()
        }],
        ..CellBatch::default()
    };
    let topic = "ayaz/v1/astana/E12-001/cells";
    let Ok((Content::Cells(_, read), invalid)) = accept(topic, batch.encode_to_vec()) else {
        panic!("the message must be accepted");
    };
    assert_eq!(*read[0].voltages_volts, [Some(3.2), None, None]);
    assert_eq!(*read[0].temperatures_celsius, [Some(-41.5)]);
    assert_eq!(
        invalid.out_of_range, 1,
        "a cell without a value is not invalid"
    );
}

/// A reading with any values, valid or not.
fn any_reading() -> impl Strategy<Value = wire::Reading> {
    let number = prop_oneof![any::<f32>(), -100.0..700.0_f32];
    let text = prop_oneof![
        Just(String::new()),
        "[a-z\\n]{1,70}",
        Just("аяз".to_owned())
    ];
    (
        any::<(u16, i32, Option<u32>, Option<bool>, Option<u64>)>(),
        proptest::collection::vec(proptest::option::of(number), 6),
        proptest::option::of(-1..9_i32),
        proptest::option::of(text),
        proptest::collection::vec(any::<u32>(), 0..70),
    )
        .prop_map(|(whole, floats, choice, text, codes)| wire::Reading {
            sequence_offset: whole.0.into(),
            time_offset_microseconds: whole.1.into(),
            drive_cycle: whole.2,
            passenger_count: whole.2.map(|count| count % 1_000),
            doors_open: whole.3,
            alarm_flags: whole.4,
            speed_kmh: floats[0],
            odometer_km: floats[1].map(f64::from),
            latitude_degrees: floats[2].map(f64::from),
            soc_percent: floats[3],
            cabin_temperature_celsius: floats[4],
            motor_torque_nm: floats[5],
            gear: choice,
            charge_state: choice,
            route: text.clone(),
            charging_station: text,
            fault_codes: codes,
            ..wire::Reading::default()
        })
}

/// The fields of a message, each with its bytes.
fn fields(message: &[u8]) -> Vec<Vec<u8>> {
    let mut wire = Wire::new(message);
    let mut fields = Vec::new();
    let mut from = message.len();
    while let Some((_, wire_type)) = wire.field().unwrap() {
        wire.skip(wire_type).unwrap();
        let to = wire.len();
        fields.push(message[message.len() - from..message.len() - to].to_vec());
        from = to;
    }
    fields
}

proptest! {
    /// A writer may send fields in any order. Of a repeated field the last value counts.
    #[test]
    fn the_order_of_fields_changes_nothing(
        reading in any_reading(), seed in any::<u64>(), twice in any::<bool>()
    ) {
        use rand::{SeedableRng, seq::SliceRandom};
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let mut inner = fields(&reading.encode_to_vec());
        inner.shuffle(&mut rng);
        if twice && reading.fault_codes.is_empty() {
            inner.extend(inner.clone());
        }
        let inner = inner.concat();
        let mut whole = fields(&batch(vec![]).encode_to_vec());
        whole.push(vec![2 << 3, 1]);
        let mut readings = vec![7 << 3 | 2];
        prost::encoding::encode_varint(inner.len() as u64, &mut readings);
        readings.extend(inner);
        whole.push(readings);
        whole.shuffle(&mut rng);
        prop_assert_eq!(collect(&whole.concat()), collect(&batch(vec![reading]).encode_to_vec()));
    }

    /// The encoded rows are equal to the readings that the other tests check.
    #[test]
    fn rows_are_encoded_as_their_readings(sent in proptest::collection::vec(any_reading(), 1..5)) {
        let payload = batch(sent).encode_to_vec();
        let (readings, invalid) = collect(&payload).unwrap();
        let (content, counted) = accept(TOPIC, payload).unwrap();
        let Content::Readings(_, rows) = content else { panic!("{content:?}") };
        prop_assert_eq!(rows, readings.iter().collect::<EncodedReadings>());
        prop_assert_eq!(counted, invalid);
    }

    /// prost accepts whatever the single pass accepts, with the same values.
    #[test]
    fn the_single_pass_and_prost_read_the_same_values(
        reading in any_reading(), at in any::<proptest::sample::Index>(), byte in any::<u8>()
    ) {
        let mut payload = batch(vec![reading]).encode_to_vec();
        *at.get_mut(&mut payload) = byte;
        if let Ok((accepted, _)) = collect(&payload) {
            let read = TelemetryBatch::decode(&payload[..]).unwrap();
            prop_assert_eq!(accepted, readings(&read));
        }
    }

    #[test]
    fn a_truncated_payload_is_never_accepted(
        count in 1..20_usize, cut in 0.0..1.0_f64
    ) {
        let readings = (0..count).map(|i| wire::Reading {
            sequence_offset: i as u32,
            time_offset_microseconds: i as i64,
            soc_percent: Some(50.0),
            ..wire::Reading::default()
        });
        let whole = batch(readings.collect()).encode_to_vec();
        let length = (whole.len() as f64 * cut) as usize;
        prop_assert!(accept(TOPIC, &whole[..length]).is_err());
    }

    #[test]
    fn random_bytes_never_panic(
        payload in proptest::collection::vec(any::<u8>(), 0..2_000),
        kind in prop_oneof![Just("telemetry"), Just("cells"), Just("status")],
    ) {
        let _ = accept(&format!("ayaz/v1/astana/E12-001/{kind}"), payload);
    }
}
