//! Which values around a jump are flagged, in small series of one value a second, and what happens
//! at the limits.

use ayaz_energy::Sample;
use ayaz_energy::plausibility::{Plausibility, PlausibilityConfig, SAMPLES_MAX};
use ayaz_model::{Signal, UnixMicroseconds};

use crate::{checked, checked_with};

type Field = fn(&mut Sample) -> &mut Option<f64>;

fn series(field: Field, step_milliseconds: i64, values: &[f64]) -> Vec<Sample> {
    let sample = |(index, value): (usize, &f64)| {
        let at = UnixMicroseconds(index as i64 * step_milliseconds * 1_000);
        let mut sample = Sample::bare(at, 1, None);
        *field(&mut sample) = Some(*value);
        sample
    };
    values.iter().enumerate().map(sample).collect()
}

/// `expected` has an `x` for each flagged value.
fn check(name: &str, signal: Signal, field: Field, step: i64, values: &[f64], expected: &str) {
    let all = checked(series(field, step, values));
    let found: String = all
        .iter()
        .map(|checked| {
            if checked.flags.marks(signal) {
                'x'
            } else {
                '.'
            }
        })
        .collect();
    assert_eq!(found, expected, "{name}: {values:?}");
}

#[test]
fn a_spike_flags_the_spike_and_a_step_one_value() {
    let exterior = |name, values: &[f64], expected| {
        let signal = Signal::exterior_temperature_celsius;
        check(
            name,
            signal,
            |s| &mut s.exterior_temperature_celsius,
            1_000,
            values,
            expected,
        );
    };
    exterior("calm", &[-20.0, -20.5, -20.0, -19.5], "....");
    exterior("one", &[-20.0, -20.0, 9.0, -20.0, -20.0, -20.0], "..x...");
    exterior(
        "two of different heights",
        &[-20.0, -20.0, 9.0, 40.0, -20.0, -20.0, -20.0],
        "..xx...",
    );
    exterior(
        "flapping: the rarer level",
        &[-20.0, -20.0, 9.0, -20.0, -20.0, 9.0, -20.0, -20.0],
        "..x..x..",
    );
    exterior(
        "a step",
        &[-20.0, -20.0, -20.0, 9.0, 9.0, 9.0, 9.0],
        "...x...",
    );
    exterior(
        "wrong at first",
        &[9.0, -20.0, -20.0, -20.0, -20.0],
        "x....",
    );
    exterior("wrong at last", &[-20.0, -20.0, -20.0, 9.0], "...x");
    exterior("reaches −40 slowly", &[-39.5, -40.0, -40.0, -40.0], "....");
    exterior(
        "−40 from nowhere",
        &[-9.0, -9.0, -9.0, -40.0, -40.0, -40.0, -40.0],
        "...xxxx",
    );
    check(
        "one, of a parked bus",
        Signal::soc_percent,
        |s| &mut s.soc_percent,
        60_000,
        &[80.0, 80.0, 12.0, 80.0, 80.0],
        "..x..",
    );
    let speed = |name, values: &[f64], expected| {
        check(
            name,
            Signal::speed_kmh,
            |s| &mut s.speed_kmh,
            1_000,
            values,
            expected,
        );
    };
    speed("hard braking", &[60.0, 60.0, 32.0, 4.0, 0.0, 0.0], "......");
    speed(
        "a car that starts",
        &[0.0, 0.0, 15.0, 30.0, 44.0, 55.0],
        "......",
    );
    speed(
        "a dropout",
        &[50.0, 50.0, 50.0, 0.0, 50.0, 50.0, 50.0],
        "...x...",
    );
    speed(
        "a spike",
        &[20.0, 20.0, 20.0, 62.0, 20.0, 20.0, 20.0],
        "...x...",
    );
    check(
        "an odometer that goes back",
        Signal::odometer_km,
        |s| &mut s.odometer_km,
        1_000,
        &[500.0, 500.0, 499.0, 500.0, 500.0, 500.0],
        "..x...",
    );
    check(
        "an odometer of whole kilometres",
        Signal::odometer_km,
        |s| &mut s.odometer_km,
        1_000,
        &[500.0, 500.0, 501.0, 501.0, 501.0, 501.0],
        "......",
    );
}

#[test]
fn samples_pass_at_once_with_all_checks_off() {
    let wild = series(
        |s| &mut s.exterior_temperature_celsius,
        1_000,
        &[-20.0, 40.0, -20.0, 30.0],
    );
    let mut filter = Plausibility::new(PlausibilityConfig::off());
    let mut passed = 0;
    for sample in wild.clone() {
        filter.push(sample, |checked| {
            passed += 1;
            assert!(checked.flags.is_none());
        });
    }
    assert_eq!(passed, wild.len());
    let flagged = checked(wild.clone());
    assert!(
        flagged.iter().any(|checked| !checked.flags.is_none()),
        "they are wild"
    );
    let mut rate_of_change_only = PlausibilityConfig::off();
    rate_of_change_only.rate_of_change.enabled = true;
    let found = checked_with(rate_of_change_only, wild);
    assert!(found[1].flags.marks(Signal::exterior_temperature_celsius));
}

#[test]
fn many_samples_do_not_fill_the_memory() {
    let mut filter = Plausibility::new(PlausibilityConfig::default());
    let (mut waiting, mut most) = (0_usize, 0);
    for number in 0..3 * SAMPLES_MAX {
        // All at the same instant, each of another boot or with very different values.
        let boot_id = if number % 2 == 0 { 1 } else { number as i64 };
        let mut sample = Sample::bare(UnixMicroseconds(0), boot_id, None);
        sample.speed_kmh = Some((number * 7 % 200) as f64);
        waiting += 1;
        filter.push(sample, |_| waiting -= 1);
        most = most.max(waiting);
    }
    filter.finish(|_| waiting -= 1);
    assert_eq!((most, waiting), (SAMPLES_MAX, 0));
}
