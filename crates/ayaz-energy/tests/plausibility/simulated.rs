//! Healthy simulated buses are not flagged, and injected faults are found completely.

use std::ops::Range;

use ayaz_energy::Sample;
use ayaz_energy::plausibility::{Check, Checked};
use ayaz_model::Signal;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::simulation::{SEED, days};
use crate::{checked, summary};

#[test]
fn healthy_buses_are_not_flagged_in_mild_cold_and_hot_weather() {
    for celsius in [10.0, -35.0, 38.0, -40.0, 0.0] {
        let (mut rows, mut flagged) = (0, 0);
        for (name, samples) in days(celsius, 8) {
            let all = checked(samples);
            for line in summary(&all) {
                eprintln!("{celsius} °C {name}: {line}");
            }
            rows += all.len();
            flagged += all.iter().filter(|c| !c.flags.is_none()).count();
        }
        let share = flagged as f64 / rows as f64;
        eprintln!(
            "{celsius} °C: {flagged} of {rows} rows, {:.4} %",
            share * 100.0
        );
        assert!(rows > 300_000, "{rows} rows");
        assert!(share < 0.001, "{share} at {celsius} °C");
    }
}

/// How much of an injected fault a check may miss or exceed at either end.
const EDGE_SECONDS: i64 = 5;

type Field = fn(&mut Sample) -> &mut Option<f64>;

/// Every analogue signal.
const ANALOGUE: [Field; 19] = [
    |s| &mut s.speed_kmh,
    |s| &mut s.accelerator_percent,
    |s| &mut s.motor_torque_nm,
    |s| &mut s.traction_power_watts,
    |s| &mut s.pack_voltage_volts,
    |s| &mut s.pack_current_amperes,
    |s| &mut s.soc_percent,
    |s| &mut s.odometer_km,
    |s| &mut s.latitude_degrees,
    |s| &mut s.longitude_degrees,
    |s| &mut s.exterior_temperature_celsius,
    |s| &mut s.cabin_temperature_celsius,
    |s| &mut s.battery_temperature_celsius,
    |s| &mut s.battery_heater_power_watts,
    |s| &mut s.cabin_heater_power_watts,
    |s| &mut s.heat_pump_power_watts,
    |s| &mut s.air_conditioning_power_watts,
    |s| &mut s.auxiliary_power_watts,
    |s| &mut s.charger_power_watts,
];

/// Straight lines between the samples at the ends of the range, rounded as they are stored.
fn ramp(samples: &mut [Sample], range: &Range<usize>) {
    let (first, last) = (samples[range.start].clone(), samples[range.end].clone());
    let seconds = last.recorded_at.seconds_since(first.recorded_at);
    for field in ANALOGUE {
        let (a, b) = (*field(&mut first.clone()), *field(&mut last.clone()));
        for sample in &mut samples[range.clone()] {
            let share = sample.recorded_at.seconds_since(first.recorded_at) / seconds;
            *field(sample) = a.zip(b).map(|(a, b)| a + (b - a) * share);
        }
    }
}

fn hold(samples: &mut [Sample], range: &Range<usize>, field: Field, value: Option<f64>) {
    let value = value.or(*field(&mut samples[range.start]));
    for sample in &mut samples[range.clone()] {
        *field(sample) = value;
    }
}

/// Whether a line between them has a slope in speed, current and traction. A line without a slope
/// is about as good as the true values.
fn differ(a: &Sample, b: &Sample) -> bool {
    let by = |field: Field, least: f64| {
        let values = field(&mut a.clone()).zip(*field(&mut b.clone()));
        values.is_some_and(|(a, b)| (a - b).abs() >= least)
    };
    by(|s| &mut s.speed_kmh, 5.0)
        && by(|s| &mut s.pack_current_amperes, 10.0)
        && by(|s| &mut s.traction_power_watts, 5_000.0)
}

/// A range of `seconds` of driving, one reading a second, that begins and ends above 10 km/h.
fn driving_range(
    rng: &mut ChaCha8Rng,
    samples: &[Sample],
    seconds: usize,
    fits: impl Fn(&Sample, &Sample) -> bool,
) -> Range<usize> {
    loop {
        let start = rng.random_range(200..samples.len() - 700);
        let end = start + seconds;
        let lasts = samples[end + 150].recorded_at.0 - samples[start - 150].recorded_at.0;
        let moving = |index: usize| samples[index].speed_kmh.is_some_and(|kmh| kmh > 10.0);
        if lasts == (seconds as i64 + 300) * 1_000_000
            && moving(start)
            && moving(end)
            && fits(&samples[start], &samples[end])
        {
            return start..end;
        }
    }
}

/// Whether the check flags the signals (none: the whole row) over exactly the range, and nothing
/// else except at its edges.
fn mistakes(
    all: &[Checked],
    range: &Range<usize>,
    check: &[Check],
    signals: &[Signal],
    edge_seconds: i64,
) -> Vec<String> {
    let at = |index: usize| all[index].sample.recorded_at.0;
    let edge = edge_seconds * 1_000_000;
    let (from, to) = (at(range.start), at(range.end));
    let (mut missed, mut beyond) = (0, 0);
    for (index, Checked { sample, flags }) in all.iter().enumerate() {
        let at = sample.recorded_at.0;
        let found = check.iter().any(|check| flags.fired(*check))
            && match signals {
                [] => flags.whole_row(),
                signals => signals.iter().all(|signal| flags.marks(*signal)),
            };
        if range.contains(&index) && at >= from + edge && at < to - edge && !found {
            missed += 1;
        }
        if (at < from - edge || at > to + edge) && !flags.is_none() {
            beyond += 1;
        }
    }
    if (missed, beyond) == (0, 0) {
        return Vec::new();
    }
    let length = range.len();
    vec![format!(
        "{missed} missed and {beyond} beyond, of {length}: {:?}",
        summary(all)
    )]
}

/// A fault of `seconds`, the checks that must find it, and its signals.
struct Fault {
    name: &'static str,
    seconds: Range<usize>,
    inject: fn(&mut [Sample], &Range<usize>),
    checks: &'static [Check],
    signals: &'static [Signal],
    edge_seconds: i64,
}

const JUMP: &[Check] = &[Check::RateOfChange];
const CODE: &[Check] = &[Check::RateOfChange, Check::Sentinel];

const FAULTS: &[Fault] = &[
    Fault {
        name: "ramp",
        seconds: 30..301,
        inject: ramp,
        checks: &[Check::InterpolatedRamp],
        signals: &[],
        edge_seconds: EDGE_SECONDS,
    },
    Fault {
        name: "current stuck",
        seconds: 90..400,
        inject: |s, range| hold(s, range, |s| &mut s.pack_current_amperes, None),
        checks: &[Check::FlatLine],
        signals: &[Signal::pack_current_amperes],
        edge_seconds: EDGE_SECONDS,
    },
    Fault {
        name: "voltage stuck",
        seconds: 90..400,
        inject: |s, range| hold(s, range, |s| &mut s.pack_voltage_volts, None),
        checks: &[Check::FlatLine],
        signals: &[Signal::pack_voltage_volts],
        edge_seconds: EDGE_SECONDS,
    },
    Fault {
        name: "battery controller silent",
        seconds: 90..400,
        inject: |s, range| {
            hold(s, range, |s| &mut s.pack_voltage_volts, None);
            hold(s, range, |s| &mut s.pack_current_amperes, None);
        },
        checks: &[Check::FlatLine],
        signals: &[Signal::pack_voltage_volts, Signal::pack_current_amperes],
        edge_seconds: EDGE_SECONDS,
    },
    Fault {
        name: "speed stuck",
        seconds: 90..400,
        inject: |s, range| hold(s, range, |s| &mut s.speed_kmh, None),
        checks: &[Check::FlatLine],
        signals: &[Signal::speed_kmh],
        edge_seconds: EDGE_SECONDS,
    },
    Fault {
        name: "speed stuck at zero",
        seconds: 90..400,
        inject: |s, range| hold(s, range, |s| &mut s.speed_kmh, Some(0.0)),
        checks: &[Check::FlatLine],
        signals: &[Signal::speed_kmh],
        edge_seconds: EDGE_SECONDS,
    },
    Fault {
        name: "exterior spike",
        seconds: 1..15,
        inject: |s, range| {
            hold(
                s,
                range,
                |s| &mut s.exterior_temperature_celsius,
                Some(41.5),
            )
        },
        checks: JUMP,
        signals: &[Signal::exterior_temperature_celsius],
        edge_seconds: 0,
    },
    Fault {
        name: "cabin spike",
        seconds: 1..15,
        inject: |s, range| hold(s, range, |s| &mut s.cabin_temperature_celsius, Some(60.9)),
        checks: JUMP,
        signals: &[Signal::cabin_temperature_celsius],
        edge_seconds: 0,
    },
    Fault {
        name: "state of charge spike",
        seconds: 1..15,
        inject: |s, range| hold(s, range, |s| &mut s.soc_percent, Some(3.2)),
        checks: JUMP,
        signals: &[Signal::soc_percent],
        edge_seconds: 0,
    },
    Fault {
        name: "position spike",
        seconds: 1..15,
        inject: |s, range| hold(s, range, |s| &mut s.longitude_degrees, Some(71.9)),
        checks: JUMP,
        signals: &[Signal::latitude_degrees, Signal::longitude_degrees],
        edge_seconds: 0,
    },
    Fault {
        name: "odometer jump",
        seconds: 1..15,
        inject: |s, range| hold(s, range, |s| &mut s.odometer_km, Some(999_999.0)),
        checks: JUMP,
        signals: &[Signal::odometer_km],
        edge_seconds: 0,
    },
    Fault {
        name: "speed spike",
        seconds: 1..4,
        inject: |s, range| hold(s, range, |s| &mut s.speed_kmh, Some(205.0)),
        checks: JUMP,
        signals: &[Signal::speed_kmh],
        edge_seconds: 0,
    },
    Fault {
        name: "no fix",
        seconds: 1..300,
        inject: |s, range| {
            hold(s, range, |s| &mut s.latitude_degrees, Some(0.0));
            hold(s, range, |s| &mut s.longitude_degrees, Some(0.0));
        },
        checks: &[Check::Sentinel],
        signals: &[Signal::latitude_degrees, Signal::longitude_degrees],
        edge_seconds: 0,
    },
    Fault {
        name: "exterior −40 held",
        seconds: 20..181,
        inject: |s, range| {
            hold(
                s,
                range,
                |s| &mut s.exterior_temperature_celsius,
                Some(-40.0),
            )
        },
        checks: CODE,
        signals: &[Signal::exterior_temperature_celsius],
        edge_seconds: 0,
    },
    Fault {
        name: "cabin 85 held",
        seconds: 20..181,
        inject: |s, range| hold(s, range, |s| &mut s.cabin_temperature_celsius, Some(85.0)),
        checks: CODE,
        signals: &[Signal::cabin_temperature_celsius],
        edge_seconds: 0,
    },
    Fault {
        name: "coolant −40 held",
        seconds: 20..181,
        inject: |s, range| {
            hold(
                s,
                range,
                |s| &mut s.coolant_temperature_celsius,
                Some(-40.0),
            )
        },
        checks: CODE,
        signals: &[Signal::coolant_temperature_celsius],
        edge_seconds: 0,
    },
    Fault {
        name: "coolant spike",
        seconds: 1..15,
        inject: |s, range| {
            hold(
                s,
                range,
                |s| &mut s.coolant_temperature_celsius,
                Some(148.5),
            )
        },
        checks: JUMP,
        signals: &[Signal::coolant_temperature_celsius],
        edge_seconds: 0,
    },
    Fault {
        name: "current not available",
        seconds: 1..300,
        inject: |s, range| hold(s, range, |s| &mut s.pack_current_amperes, Some(1_676.75)),
        checks: &[Check::Sentinel],
        signals: &[Signal::pack_current_amperes],
        edge_seconds: 0,
    },
];

#[test]
fn injected_faults_are_found_completely() {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut wrong = Vec::new();
    for celsius in [8.0, -30.0] {
        let buses = days(celsius, 8);
        for fault in FAULTS {
            let mut found = 0;
            const TRIES: usize = 16;
            for number in 0..TRIES {
                let (name, samples) = &buses[number % buses.len()];
                let seconds = rng.random_range(fault.seconds.clone());
                let range = driving_range(&mut rng, samples, seconds, |a, b| {
                    !fault.signals.is_empty() || differ(a, b)
                });
                let around = range.start - 150..range.end + 150;
                let range = 150..150 + seconds;
                let mut samples = samples[around].to_vec();
                (fault.inject)(&mut samples, &range);
                let all = checked(samples);
                let mistakes = mistakes(
                    &all,
                    &range,
                    fault.checks,
                    fault.signals,
                    fault.edge_seconds,
                );
                found += usize::from(mistakes.is_empty());
                for mistake in mistakes {
                    wrong.push(format!(
                        "{} at {celsius} °C in {name}: {mistake}",
                        fault.name
                    ));
                }
            }
            eprintln!("{celsius} °C: {}: {found} of {TRIES}", fault.name);
        }
    }
    assert!(wrong.is_empty(), "seed {SEED}:\n{}", wrong.join("\n"));
}
