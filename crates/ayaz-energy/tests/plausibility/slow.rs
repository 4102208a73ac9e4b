//! Flat lines of slow signals: a state of charge, an exterior temperature. The data follows simple
//! rules, so each table names its gauge and bus.

use ayaz_energy::Sample;
use ayaz_energy::plausibility::{Check, Checked, PlausibilityConfig};
use ayaz_model::{ChargeState, Signal, UnixMicroseconds};

use crate::{checked, checked_with, summary};

/// What a bus does in a second.
#[derive(Clone, Copy)]
struct Duty {
    kmh: f64,
    kilowatts: f64,
    plugged_in: bool,
}

/// The bus's duty by second.
type Driving = fn(i64) -> Duty;

/// From stop to stop in half a minute, at up to 40 km/h, with ten seconds at each stop.
fn in_town(second: i64) -> Duty {
    let (since_stop, to_stop) = (second % 40, 30 - second % 40);
    let kmh = 5.0 * since_stop.min(to_stop).clamp(0, 8) as f64;
    Duty {
        kmh,
        kilowatts: if kmh > 0.0 { 45.0 } else { 12.0 },
        plugged_in: false,
    }
}

fn at_a_terminal(second: i64) -> Duty {
    Duty {
        kmh: 0.0,
        kilowatts: if second < 300 {
            return in_town(second);
        } else {
            30.0
        },
        plugged_in: false,
    }
}

fn slowly(second: i64) -> Duty {
    Duty {
        kmh: 15.0,
        ..in_town(second)
    }
}

/// Charges with as much power as a bus consumes while driving. A gauge at a charger must not be
/// flagged, whatever the sign of the current.
fn plugged_in(second: i64) -> Duty {
    Duty {
        plugged_in: second >= 300,
        ..in_town(second)
    }
}

/// Half an hour at one reading a second: state of charge by consumed kWh, and exterior temperature
/// by second.
fn bus(
    duty: fn(i64) -> Duty,
    soc: impl Fn(i64, f64) -> f64,
    exterior: impl Fn(i64) -> f64,
) -> Vec<Sample> {
    let mut taken_kwh = 0.0;
    (0..1_800)
        .map(|second| {
            let Duty {
                kmh,
                kilowatts,
                plugged_in,
            } = duty(second);
            let mut s = Sample::bare(UnixMicroseconds(second * 1_000_000), 1, Some(1));
            s.charge_state = Some(if plugged_in {
                ChargeState::Charging
            } else {
                ChargeState::Unplugged
            });
            // A real road is never even, so nothing else looks like a flat line or a ramp.
            s.speed_kmh = Some(kmh + if kmh > 0.0 { wobble(second) } else { 0.0 });
            s.pack_voltage_volts = Some(540.0 + wobble(second + 7));
            s.pack_current_amperes = Some(-kilowatts * 1e3 / 540.0 + wobble(second + 3));
            s.soc_percent = Some(f64::from(soc(second, taken_kwh) as f32));
            s.exterior_temperature_celsius = Some(f64::from(exterior(second) as f32));
            taken_kwh += kilowatts / 3_600.0;
            s
        })
        .collect()
}

/// Between −1 and 1, different each second.
fn wobble(second: i64) -> f64 {
    let mut x = (second as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 32;
    x as u32 as f64 / f64::from(u32::MAX) * 2.0 - 1.0
}

fn down_to(step: f64, percent: f64) -> f64 {
    (percent / step).round() * step
}

/// First and last second, and number of seconds, in which the flat line check flags the signal.
fn flat_line(all: &[Checked], signal: Signal) -> Option<(i64, i64, usize)> {
    let seconds: Vec<i64> = all
        .iter()
        .filter(|checked| checked.flags.fired(Check::FlatLine) && checked.flags.marks(signal))
        .map(|checked| checked.sample.recorded_at.0 / 1_000_000)
        .collect();
    Some((*seconds.first()?, *seconds.last()?, seconds.len()))
}

/// Checks that nothing else is flagged.
fn check(all: &[Checked], signal: Signal, flagged: bool, name: &str) {
    let found = flat_line(all, signal);
    let lines = summary(all);
    assert_eq!(found.is_some(), flagged, "{name}: {lines:?}");
    for Checked { sample, flags } in all {
        let others = flags.checks().any(|check| check != Check::FlatLine)
            || flags.signals().iter().any(|of| of != signal);
        assert!(!others, "{name}: at {}: {lines:?}", sample.recorded_at.0);
    }
}

const SOC: Signal = Signal::soc_percent;
const EXTERIOR: Signal = Signal::exterior_temperature_celsius;

fn breeze(second: i64) -> f64 {
    -12.0 + second as f64 * 1e-4 + 0.1 * wobble(second)
}

/// A gauge of a battery of this many kWh, from a state of charge.
fn gauge(start: f64, step: f64, kwh: f64) -> impl Fn(f64) -> f64 {
    move |taken| down_to(step, start - taken / kwh * 100.0)
}

/// Repeats its value from this second on.
fn repeats(from: i64, gauge: impl Fn(f64) -> f64) -> impl Fn(i64, f64) -> f64 {
    let held = std::cell::Cell::new(f64::NAN);
    move |second, taken| {
        if second <= from {
            held.set(gauge(taken));
        }
        held.get()
    }
}

#[test]
fn a_gauge_of_tenths_that_repeats_while_driving_is_flagged() {
    // Whole numbers and halves look like those of a coarse gauge.
    for start in [63.74, 60.54, 61.04, 60.14, 40.94] {
        for kwh in [150.0, 325.0, 600.0] {
            let all = checked(bus(in_town, repeats(300, gauge(start, 0.1, kwh)), breeze));
            let name = format!("{start} % of {kwh} kWh");
            check(&all, SOC, true, &name);
            let (first, last, seconds) = flat_line(&all, SOC).unwrap();
            // Found within two steps of the largest battery, up to six minutes after its last step;
            // the two minutes before are flagged too.
            assert!((180..=400).contains(&first), "{name}: {first} to {last}");
            assert!(last <= 300 + 360 && seconds >= 200, "{name}: {seconds} s");
        }
    }
}

#[test]
fn gauges_of_healthy_buses_are_not_flagged() {
    let fine = |kwh| gauge(63.74, 0.1, kwh);
    let coarse = |step| gauge(63.74, step, 325.0);
    let always = |gauge: Box<dyn Fn(f64) -> f64>| move |_: i64, taken: f64| gauge(taken);
    type Soc = Box<dyn Fn(i64, f64) -> f64>;
    let cases: Vec<(&str, Driving, Soc)> = vec![
        (
            "tenths of 150 kWh",
            in_town,
            Box::new(always(Box::new(fine(150.0)))),
        ),
        (
            "tenths of 600 kWh",
            in_town,
            Box::new(always(Box::new(fine(600.0)))),
        ),
        (
            "hundredths",
            in_town,
            Box::new(always(Box::new(coarse(0.01)))),
        ),
        ("0.4 %", in_town, Box::new(always(Box::new(coarse(0.4))))),
        ("0.5 %", in_town, Box::new(always(Box::new(coarse(0.5))))),
        (
            "whole percents",
            in_town,
            Box::new(always(Box::new(coarse(1.0)))),
        ),
        (
            "whole percents that flicker",
            in_town,
            Box::new(|second, _| {
                if (240..270).contains(&second) {
                    61.0
                } else {
                    60.0
                }
            }),
        ),
        (
            "a scale of its own in steps of 1.25 %, rounded to tenths",
            in_town,
            Box::new(|_, taken| down_to(0.1, down_to(1.0, 60.0 - taken / 325.0 * 100.0) * 1.25)),
        ),
        (
            // Through the tenths within ten seconds, then a whole percent for minutes.
            "whole percents, as a mean over ten seconds",
            in_town,
            Box::new(|second, _| {
                let mean = (0..10).map(|back| 60.0 - f64::from(u8::from(second - back >= 300)));
                mean.sum::<f64>() / 10.0
            }),
        ),
        (
            "repeats since the boot: nothing shows how fine it is",
            in_town,
            Box::new(|_, _| 63.7),
        ),
        (
            "a terminal with the heater on",
            at_a_terminal,
            Box::new(repeats(300, fine(325.0))),
        ),
        ("a charger", plugged_in, Box::new(repeats(300, fine(325.0)))),
        (
            "full",
            in_town,
            Box::new(|second, _| if second < 100 { 99.9 } else { 100.0 }),
        ),
    ];
    for (name, duty, soc) in cases {
        check(&checked(bus(duty, soc, breeze)), SOC, false, name);
    }
}

#[test]
fn a_fleet_can_configure_larger_batteries() {
    let samples = bus(in_town, repeats(300, gauge(63.74, 0.1, 325.0)), breeze);
    for (kwh, flagged) in [
        (300.0, true),
        (600.0, true),
        (2_000.0, false),
        (f64::NAN, false),
    ] {
        let mut config = PlausibilityConfig::default();
        config.flat_line.battery_energy_max_kwh = kwh;
        let all = checked_with(config, samples.iter().cloned());
        check(&all, SOC, flagged, &format!("{kwh} kWh"));
    }
}

fn driving(duty: fn(i64) -> Duty, exterior: impl Fn(i64) -> f64) -> Vec<Checked> {
    let gauge = gauge(63.74, 0.1, 325.0);
    checked(bus(duty, |_, taken| gauge(taken), exterior))
}

#[test]
fn a_lively_temperature_that_repeats_while_driving_is_flagged() {
    let all = driving(in_town, |second| breeze(second.min(600)));
    check(&all, EXTERIOR, true, "noise");
    let (first, last, seconds) = flat_line(&all, EXTERIOR).unwrap();
    // Found after it repeated for two minutes, with one minute of driving.
    assert!((600..630).contains(&first), "from {first}");
    assert!((950..=1_000).contains(&last), "to {last}");
    assert_eq!(i64::try_from(seconds).unwrap(), last - first + 1);
    // It may change again.
    let all = driving(in_town, |second| {
        breeze(if second < 1_000 {
            second.min(600)
        } else {
            second
        })
    });
    check(&all, EXTERIOR, true, "a quarter of an hour");
}

#[test]
fn temperatures_of_healthy_buses_are_not_flagged() {
    type Exterior = fn(i64) -> f64;
    let cases: [(&str, Driving, Exterior); 9] = [
        ("noise", in_town, breeze),
        ("half kelvins", in_town, |second| {
            down_to(0.5, breeze(second))
        }),
        (
            "tenths that flicker, then a calm evening",
            in_town,
            |second| down_to(0.1, if second < 600 { breeze(second) } else { -11.9 }),
        ),
        // SAE J1939.
        (
            "32nds of a kelvin, then a calm evening",
            in_town,
            |second| down_to(0.031_25, if second < 600 { breeze(second) } else { -11.9 }),
        ),
        (
            "a gateway that sends it every half minute",
            in_town,
            |second| breeze(second / 30),
        ),
        // A first-order filter of 20 s after steps of half a kelvin: in single precision it stops
        // changing.
        ("half kelvins, smoothed", in_town, |second| {
            let since = second % 900;
            let step = if second < 900 { 0.5 } else { -0.5 };
            -12.0 + step * (-since as f64 / 20.0).exp()
        }),
        ("held while slow", slowly, |second| breeze(second.min(600))),
        ("held at a terminal", at_a_terminal, |second| {
            breeze(second.min(300))
        }),
        ("the end of its range", in_town, |second| {
            if second < 600 {
                -39.8 + 0.1 * wobble(second)
            } else {
                -40.0
            }
        }),
    ];
    for (name, duty, exterior) in cases {
        check(&driving(duty, exterior), EXTERIOR, false, name);
    }
}
