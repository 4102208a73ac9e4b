//! Plausibility checks find implausible values in recorded trips and injected faults in simulated
//! ones, and flag nothing that is right.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod bmw_i3;
mod reach;
mod simulated;
mod simulation;
mod slow;
mod spikes;
mod twizy;

/// That crate starts servers, so this one does not depend on it.
#[allow(unreachable_pub, reason = "a file of a crate's interface")]
#[path = "../../../ayaz-local/src/shared.rs"]
mod shared;

use std::collections::BTreeMap;

use ayaz_energy::Sample;
use ayaz_energy::plausibility::{Check, Checked, Plausibility, PlausibilityConfig};
use ayaz_model::{Signal, SignalKind};

type Row = BTreeMap<String, String>;

fn table(reader: impl std::io::Read) -> Vec<Row> {
    csv::Reader::from_reader(reader)
        .deserialize()
        .map(|row| row.unwrap())
        .collect()
}

/// The value as ingest stores it: single precision, and `None` outside of the signal's limits.
fn ingested(signal: Signal, value: f64) -> Option<f64> {
    match signal.kind() {
        SignalKind::Float(min, max) => {
            let value = value as f32;
            (min <= value && value <= max).then_some(f64::from(value))
        }
        SignalKind::Double(min, max) => (min <= value && value <= max).then_some(value),
        _ => None,
    }
}

fn checked_with(
    config: PlausibilityConfig,
    samples: impl IntoIterator<Item = Sample>,
) -> Vec<Checked> {
    let mut filter = Plausibility::new(config);
    let mut all = Vec::new();
    for sample in samples {
        filter.push(sample, |checked| all.push(checked));
    }
    filter.finish(|checked| all.push(checked));
    all
}

fn checked(samples: impl IntoIterator<Item = Sample>) -> Vec<Checked> {
    checked_with(PlausibilityConfig::default(), samples)
}

/// Share of time in intervals with an end that is flagged for one of the signals.
fn lost_share(all: &[Checked], signals: &[Signal]) -> f64 {
    let flagged = |checked: &Checked| signals.iter().any(|signal| checked.flags.marks(*signal));
    let (mut lost, mut total) = (0.0, 0.0);
    for (a, b) in all.iter().zip(&all[1..]) {
        let seconds = b.sample.recorded_at.seconds_since(a.sample.recorded_at);
        total += seconds;
        if flagged(a) || flagged(b) {
            lost += seconds;
        }
    }
    lost / total
}

/// The flags as text: check, signal, first and last time (s from the first sample), samples.
fn summary(all: &[Checked]) -> Vec<String> {
    let Some(first) = all.first() else {
        return Vec::new();
    };
    let start = first.sample.recorded_at;
    let mut found: BTreeMap<String, (f64, f64, u32)> = BTreeMap::new();
    for Checked { sample, flags } in all.iter().filter(|checked| !checked.flags.is_none()) {
        let seconds = sample.recorded_at.seconds_since(start);
        let checks: Vec<_> = Check::ALL
            .iter()
            .filter(|check| flags.fired(**check))
            .map(|check| check.name())
            .collect();
        let signals: Vec<_> = flags.signals().iter().map(Signal::name).collect();
        let key = format!("{} {}", checks.join("+"), signals.join(","));
        let entry = found.entry(key).or_insert((seconds, seconds, 0));
        entry.1 = seconds;
        entry.2 += 1;
    }
    found
        .iter()
        .map(|(key, (from, to, samples))| format!("{key}: {from:.1} to {to:.1} s, {samples}"))
        .collect()
}
