//! The truth lists exactly the readings that a data fault changed.

use std::collections::{BTreeMap, BTreeSet};

use ayaz_model::{Measurements, Signal, SignalSet, for_each_signal};
use ayaz_sim::{DataFaultKind as Kind, PhysicalFaultKind, Recorded, Scenario, TruthDataFault};

use crate::{all_faults, truth};

macro_rules! define_differences {
    ($($(#[$doc:meta])* $name:ident: $kind:ident($($argument:tt)*);)+) => {
        fn differences(a: &Measurements, b: &Measurements) -> SignalSet {
            let mut set = SignalSet::EMPTY;
            $(if a.$name != b.$name { set.insert(Signal::$name); })+
            set
        }
    };
}

for_each_signal!(define_differences);

fn noted<'a>(
    faults: &'a [TruthDataFault],
    recorded: &Recorded,
    kinds: &[Kind],
) -> Vec<&'a TruthDataFault> {
    let key = &recorded.reading.key;
    faults
        .iter()
        .filter(|f| kinds.contains(&f.kind) && f.readings.iter().any(|range| range.contains(key)))
        .collect()
}

#[test]
fn faults_of_values_and_clocks_list_exactly_the_readings_that_differ() {
    let values = [
        Kind::Stuck,
        Kind::Ramp,
        Kind::Spike,
        Kind::Sentinel,
        Kind::Offset,
    ];
    let clocks = [Kind::ClockJump, Kind::ClockUnset];
    let scenario = all_faults(7);
    for (index, bus) in truth(&scenario).iter().enumerate() {
        let mut recording = scenario.recording(index);
        let mut shown: BTreeMap<usize, SignalSet> = BTreeMap::new();
        for truth in scenario.true_recording(index) {
            let recorded = recording.next().expect("a device records every reading");
            assert_eq!(recorded.taken_at, truth.taken_at);
            let at = truth.taken_at;
            let changed = differences(&recorded.reading.measurements, &truth.reading.measurements);
            let faults = noted(&bus.data_faults, &recorded, &values);
            assert_eq!(
                !changed.is_empty(),
                !faults.is_empty(),
                "{} at {at}: {faults:?}",
                bus.vehicle
            );
            for fault in faults {
                assert!(fault.from <= at && at <= fault.until);
                let number = bus.data_faults.iter().position(|f| f == fault).unwrap();
                let all = shown.entry(number).or_default();
                changed.iter().for_each(|signal| all.insert(signal));
            }
            let is_off = recorded.reading.key.recorded_at != at;
            let clock = noted(&bus.data_faults, &recorded, &clocks);
            assert_eq!(is_off, !clock.is_empty(), "{} at {at}", bus.vehicle);
            if at < scenario.cold_from() || index == 0 {
                assert_eq!(recorded, truth, "{} is healthy at {at}", bus.vehicle);
            }
        }
        assert_eq!(recording.next(), None);
        for (number, signals) in shown {
            assert_eq!(
                bus.data_faults[number].signals, signals,
                "{:?}",
                bus.data_faults[number]
            );
        }
    }
}

#[test]
fn all_faults_happen_for_every_seed_and_the_first_bus_has_none() {
    for seed in [0, 7, 12_345, u64::MAX] {
        the_whole_catalogue_happens(&all_faults(seed));
    }
}

fn the_whole_catalogue_happens(scenario: &Scenario) {
    let truth = truth(scenario);
    let planned: usize = scenario
        .buses()
        .iter()
        .map(|bus| bus.data_faults.len())
        .sum();
    let happened: Vec<&TruthDataFault> = truth.iter().flat_map(|bus| &bus.data_faults).collect();
    let kinds: BTreeSet<Kind> = happened.iter().map(|fault| fault.kind).collect();
    assert!(
        Kind::ALL.iter().all(|kind| kinds.contains(kind)),
        "{kinds:?}"
    );
    assert_eq!(
        happened.len(),
        planned,
        "every planned fault happens: {scenario:?}"
    );
    let physical: BTreeSet<PhysicalFaultKind> = truth
        .iter()
        .flat_map(|bus| &bus.physical_faults)
        .map(|fault| fault.kind)
        .collect();
    assert_eq!(physical.len(), PhysicalFaultKind::ALL.len());
    assert!(truth[0].data_faults.is_empty() && truth[0].physical_faults.is_empty());
    for fault in &happened {
        let seconds = fault.until.seconds_since(fault.from);
        let (least, most) = match fault.kind {
            Kind::Spike | Kind::Reboot => (0.0, 0.0),
            Kind::Ramp => (25.0, 300.0),
            Kind::Lost => (40.0, 420.0),
            Kind::Stuck => (150.0, 1_500.0),
            _ => (250.0, 10_800.0),
        };
        assert!((least..=most).contains(&seconds), "{fault:?}");
        assert!(fault.from >= scenario.cold_from());
    }
}

#[test]
fn data_faults_of_a_bus_do_not_overlap() {
    for seed in [1, 2] {
        for bus in truth(&all_faults(seed)) {
            for pair in bus.data_faults.windows(2) {
                assert!(pair[0].until < pair[1].from, "seed {seed}: {pair:?}");
            }
        }
    }
}
