//! Flags have a finite reach: where a stream begins and ends does not matter beyond it.

use ayaz_energy::Sample;
use ayaz_energy::plausibility::{Check, Checked, REACH_BACK_MICROSECONDS, REACH_ON_MICROSECONDS};
use ayaz_model::{ChargeState, Signal, UnixMicroseconds};
use proptest::prelude::*;

use crate::checked;

/// How a signal changes.
#[derive(Debug, Clone, Copy)]
enum Course {
    Hold,
    Slope(f64),
    Noise,
    Set(f64),
    Blank,
}

fn course() -> impl Strategy<Value = Course> {
    prop_oneof![
        4 => Just(Course::Hold),
        4 => (-1.0..1.0).prop_map(Course::Slope),
        3 => Just(Course::Noise),
        2 => prop_oneof![Just(0.0), Just(-40.0), Just(85.0), Just(40.0), Just(-1_600.0),
            Just(1_660.0)].prop_map(Course::Set),
        1 => Just(Course::Blank),
    ]
}

const FIELDS: [fn(&mut Sample) -> &mut Option<f64>; 14] = [
    |s| &mut s.speed_kmh,
    |s| &mut s.accelerator_percent,
    |s| &mut s.traction_power_watts,
    |s| &mut s.pack_voltage_volts,
    |s| &mut s.pack_current_amperes,
    |s| &mut s.soc_percent,
    |s| &mut s.odometer_km,
    |s| &mut s.exterior_temperature_celsius,
    |s| &mut s.cabin_temperature_celsius,
    |s| &mut s.cell_temperature_max_celsius,
    |s| &mut s.latitude_degrees,
    |s| &mut s.longitude_degrees,
    |s| &mut s.motor_torque_nm,
    |s| &mut s.cabin_heater_power_watts,
];

/// A time in which each signal has one course: samples, ms between them, number of boots, courses.
type Section = (usize, i64, i64, Vec<Course>);

fn section() -> impl Strategy<Value = Section> {
    (
        1..60_usize,
        prop_oneof![
            12 => Just(1_000_i64),
            2 => Just(100),
            1 => Just(0),
            2 => 1..5_000_i64,
            1 => 5_000..70_000_i64,
            1 => Just(60_000),
        ],
        prop_oneof![6 => Just(1_i64), 1 => Just(2)],
        prop_oneof![
            3 => proptest::collection::vec(course(), FIELDS.len()),
            1 => proptest::collection::vec(
                (-1.0..1.0).prop_map(Course::Slope), FIELDS.len()),
            1 => proptest::collection::vec(
                prop_oneof![1 => Just(Course::Noise), 1 => Just(Course::Hold)], FIELDS.len()),
        ],
    )
}

fn samples(sections: &[Section], noise: &[i16]) -> Vec<Sample> {
    let mut noise = noise.iter().cycle();
    let mut values = [Some(10.0); FIELDS.len()];
    let (mut at, mut all) = (0, Vec::new());
    for (count, milliseconds, boots, courses) in sections {
        for number in 0..*count {
            at += milliseconds * 1_000;
            let boot_id = 1 + number as i64 % boots;
            let mut sample = Sample::bare(UnixMicroseconds(at), boot_id, None);
            for ((field, value), course) in FIELDS.iter().zip(&mut values).zip(courses) {
                let last = value.unwrap_or(10.0);
                *value = match course {
                    Course::Hold => Some(last),
                    Course::Slope(slope) => Some(last + slope),
                    Course::Noise => Some(last + f64::from(*noise.next().unwrap()) / 2_000.0),
                    Course::Set(to) => Some(*to),
                    Course::Blank => None,
                };
                *field(&mut sample) = *value;
            }
            all.push(sample);
        }
    }
    all
}

/// The flags from `a` to before `b` are the same for a stream that begins and ends within reach.
fn same_within(whole: &[Checked], samples: &[Sample], a: i64, b: i64) -> Result<(), TestCaseError> {
    let within = |sample: &Sample, back: i64, on: i64| {
        let at = sample.recorded_at.0;
        a - back <= at && at < b + on
    };
    let near = |sample: &&Sample| within(sample, REACH_BACK_MICROSECONDS, REACH_ON_MICROSECONDS);
    let part = checked(samples.iter().filter(near).cloned());
    let inside = |all: &[Checked]| -> Vec<Checked> {
        let inside = all.iter().filter(|checked| within(&checked.sample, 0, 0));
        inside.cloned().collect()
    };
    prop_assert_eq!(inside(whole), inside(&part));
    Ok(())
}

/// How a gauge or a sensor changes.
#[derive(Debug, Clone, Copy)]
enum Slow {
    /// One step after this many samples.
    Steps(usize),
    Noise,
    Hold,
    Blank,
}

/// Samples, ms between them, number of boots, gauge, sensor, kW, km/h, and whether it is plugged
/// in.
type SlowSection = (usize, i64, i64, Slow, Slow, f64, f64, bool);

fn slow_section() -> impl Strategy<Value = SlowSection> {
    let course = || {
        prop_oneof![
            3 => (5..60_usize).prop_map(Slow::Steps),
            2 => Just(Slow::Noise),
            5 => Just(Slow::Hold),
            1 => Just(Slow::Blank),
        ]
    };
    (
        prop_oneof![1 => 1..20_usize, 3 => 60..400_usize],
        prop_oneof![8 => Just(1_000_i64), 1 => Just(200), 2 => Just(2_000), 1 => Just(20_000),
            1 => 19_000..22_000_i64],
        prop_oneof![8 => Just(1_i64), 1 => Just(2)],
        course(),
        course(),
        20.0..90.0,
        prop_oneof![1 => Just(0.0), 4 => Just(40.0)],
        prop_oneof![9 => Just(false), 1 => Just(true)],
    )
}

fn slow_samples(sections: &[SlowSection], noise: &[i16]) -> Vec<Sample> {
    let mut noise = noise
        .iter()
        .cycle()
        .map(|noise| f64::from(*noise) / 32_768.0);
    let (mut soc, mut celsius, mut at) = (80.0, -10.0, 0);
    let mut all = Vec::new();
    for &(count, milliseconds, boots, gauge, sensor, kilowatts, kmh, plugged_in) in sections {
        for number in 0..count {
            at += milliseconds * 1_000;
            let mut s = Sample::bare(UnixMicroseconds(at), 1 + number as i64 % boots, Some(1));
            let mut next_value = |course, value: &mut f64, step| match course {
                Slow::Steps(every) => {
                    *value -= f64::from(u8::from(number % every == 0)) * step;
                    Some(*value)
                }
                Slow::Noise => {
                    *value += noise.next().unwrap() * 0.1;
                    Some(*value)
                }
                Slow::Hold => Some(*value),
                Slow::Blank => None,
            };
            s.soc_percent = next_value(gauge, &mut soc, 0.1);
            s.exterior_temperature_celsius = next_value(sensor, &mut celsius, 0.1);
            // The other signals must not be flagged.
            s.speed_kmh = Some(kmh + (number % 7) as f64 * 0.3);
            s.pack_voltage_volts = Some(540.0 + (number % 5) as f64);
            s.pack_current_amperes = Some(-kilowatts / 0.54 + (number % 11) as f64);
            s.charge_state = plugged_in.then_some(ChargeState::Charging);
            all.push(s);
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn flags_do_not_depend_on_where_the_stream_begins_or_ends(
        sections in proptest::collection::vec(section(), 4..40),
        noise in proptest::collection::vec(any::<i16>(), 64),
        from in 0.0..1.0,
        length in 0.0..0.3,
    ) {
        let samples = samples(&sections, &noise);
        let whole = checked(samples.iter().cloned());
        prop_assert_eq!(whole.len(), samples.len());
        let last = samples.last().map_or(0, |sample| sample.recorded_at.0) as f64;
        let (a, b) = ((last * from) as i64, (last * (from + length)) as i64);
        same_within(&whole, &samples, a, b)?;
    }

    #[test]
    fn slow_signals_depend_on_at_most_seven_minutes_before(
        sections in proptest::collection::vec(slow_section(), 2..12),
        noise in proptest::collection::vec(any::<i16>(), 251),
        from in proptest::collection::vec(0.0..1.0, 4),
        length in 0.0..0.1,
    ) {
        let samples = slow_samples(&sections, &noise);
        let whole = checked(samples.iter().cloned());
        let last = samples.last().map_or(0, |sample| sample.recorded_at.0) as f64;
        for from in from {
            let (a, b) = ((last * from) as i64, (last * (from + length)) as i64);
            same_within(&whole, &samples, a, b)?;
        }
        // Nothing may be missing at the first and last flag.
        let is_slow = |checked: &&Checked| checked.flags.fired(Check::FlatLine)
            && (checked.flags.marks(Signal::soc_percent)
                || checked.flags.marks(Signal::exterior_temperature_celsius));
        for edge in [whole.iter().find(is_slow), whole.iter().rev().find(is_slow)] {
            let Some(at) = edge.map(|checked| checked.sample.recorded_at.0) else { break };
            same_within(&whole, &samples, at, at + 1)?;
        }
    }

    #[test]
    fn the_output_has_the_same_samples_as_the_input(
        times in proptest::collection::vec(
            prop_oneof![any::<i64>(), -200_000_000..200_000_000_i64, Just(i64::MIN),
                Just(i64::MAX)], 0..200),
        values in proptest::collection::vec(proptest::num::f64::NORMAL
            | proptest::num::f64::ZERO | proptest::num::f64::SUBNORMAL, 1..40),
    ) {
        let mut values = values.iter().cycle();
        let samples: Vec<Sample> = times.iter().enumerate().map(|(index, at)| {
            let mut sample = Sample::bare(UnixMicroseconds(*at), index as i64 % 3, None);
            for field in FIELDS {
                *field(&mut sample) = values.next().copied();
            }
            sample
        }).collect();
        let all = checked(samples.iter().cloned());
        let out: Vec<Sample> = all.into_iter().map(|checked| checked.sample).collect();
        prop_assert_eq!(out, samples);
    }
}
