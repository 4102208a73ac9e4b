//! Flags have a finite reach: where a stream begins and ends does not matter beyond it.

use ayaz_energy::Sample;
use ayaz_energy::plausibility::{Check, Checked, REACH_BACK_MICROSECONDS, REACH_ON_MICROSECONDS};
use ayaz_model::{ChargeState, Signal, UnixMicroseconds};
use proptest::prelude::*;

use crate::checked;

/// How a signal goes on.
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

/// A stretch with one way to go for every signal: samples, time between them, boots in turn.
type Stretch = (usize, i64, i64, Vec<Course>);

fn stretch() -> impl Strategy<Value = Stretch> {
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

fn samples(stretches: &[Stretch], noise: &[i16]) -> Vec<Sample> {
    let mut noise = noise.iter().cycle();
    let mut values = [Some(10.0); FIELDS.len()];
    let (mut at, mut all) = (0, Vec::new());
    for (count, milliseconds, boots, courses) in stretches {
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

/// What is flagged from `a` up to `b` is the same for a stream that begins and ends within reach.
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

/// How a gauge or a sensor goes on.
#[derive(Debug, Clone, Copy)]
enum Slow {
    /// By a step after so many samples.
    Steps(usize),
    Noise,
    Hold,
    Blank,
}

/// Samples, time between them, boots in turn, gauge, sensor, kW, km/h, and whether it is plugged in.
type SlowStretch = (usize, i64, i64, Slow, Slow, f64, f64, bool);

fn slow_stretch() -> impl Strategy<Value = SlowStretch> {
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

fn slow_samples(stretches: &[SlowStretch], noise: &[i16]) -> Vec<Sample> {
    let mut noise = noise
        .iter()
        .cycle()
        .map(|noise| f64::from(*noise) / 32_768.0);
    let (mut soc, mut celsius, mut at) = (80.0, -10.0, 0);
    let mut all = Vec::new();
    for &(count, milliseconds, boots, gauge, sensor, kilowatts, kmh, plugged_in) in stretches {
        for number in 0..count {
            at += milliseconds * 1_000;
            let mut s = Sample::bare(UnixMicroseconds(at), 1 + number as i64 % boots, Some(1));
            let mut go_on = |course, value: &mut f64, step| match course {
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
            s.soc_percent = go_on(gauge, &mut soc, 0.1);
            s.exterior_temperature_celsius = go_on(sensor, &mut celsius, 0.1);
            // Nothing else is to be flagged.
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
        stretches in proptest::collection::vec(stretch(), 4..40),
        noise in proptest::collection::vec(any::<i16>(), 64),
        from in 0.0..1.0,
        length in 0.0..0.3,
    ) {
        let samples = samples(&stretches, &noise);
        let whole = checked(samples.iter().cloned());
        prop_assert_eq!(whole.len(), samples.len());
        let last = samples.last().map_or(0, |sample| sample.recorded_at.0) as f64;
        let (a, b) = ((last * from) as i64, (last * (from + length)) as i64);
        same_within(&whole, &samples, a, b)?;
    }

    #[test]
    fn slow_signals_depend_on_seven_minutes_before_and_no_more(
        stretches in proptest::collection::vec(slow_stretch(), 2..12),
        noise in proptest::collection::vec(any::<i16>(), 251),
        from in proptest::collection::vec(0.0..1.0, 4),
        length in 0.0..0.1,
    ) {
        let samples = slow_samples(&stretches, &noise);
        let whole = checked(samples.iter().cloned());
        let last = samples.last().map_or(0, |sample| sample.recorded_at.0) as f64;
        for from in from {
            let (a, b) = ((last * from) as i64, (last * (from + length)) as i64);
            same_within(&whole, &samples, a, b)?;
        }
        // At the very edges of what is flagged nothing may be missed.
        let is_slow = |checked: &&Checked| checked.flags.fired(Check::FlatLine)
            && (checked.flags.of(Signal::soc_percent)
                || checked.flags.of(Signal::exterior_temperature_celsius));
        for edge in [whole.iter().find(is_slow), whole.iter().rev().find(is_slow)] {
            let Some(at) = edge.map(|checked| checked.sample.recorded_at.0) else { break };
            same_within(&whole, &samples, at, at + 1)?;
        }
    }

    #[test]
    fn what_comes_out_is_what_went_in_whatever_it_is(
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
