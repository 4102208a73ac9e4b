//! A cold snap with all typical faults, computed and compared with the truth: energy by component
//! of each vehicle and day, every session, every data fault.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, reason = "shared with the tests of plausibility")]
#[path = "../plausibility/simulation.rs"]
mod simulation;

mod days;
mod faults;
mod sessions;
mod work;

use ayaz_energy::fleet::FleetConfig;
use ayaz_sim::{DataFaultKind, Scenario, TruthBus};
use jiff::civil::date;
use rand::RngExt;

use work::Found;

/// The truth of each bus, the result, and the result of the same readings without faults.
fn run(scenario: &Scenario) -> Vec<(TruthBus, Found, Found)> {
    // The truth is complete after everything was delivered.
    let mut deliveries = scenario.deliveries();
    while deliveries.next().is_some() {}
    let truth = deliveries.truth();
    truth
        .into_iter()
        .enumerate()
        .map(|(index, truth)| {
            assert_eq!(scenario.buses()[index].vehicle, truth.vehicle);
            let found = work::refresh(scenario, &truth.vehicle);
            let others = work::refresh_others(scenario, index, &truth);
            (truth, found, others)
        })
        .collect()
}

fn compare(buses: &mut [(TruthBus, Found, Found)], config: &FleetConfig) -> usize {
    let mut fleet: Vec<&mut Found> = buses.iter_mut().map(|(_, found, _)| found).collect();
    work::compare(&mut fleet, config)
}

#[test]
fn a_cold_snap_matches_the_truth() {
    let seed = rand::rng().random_range(0..1_000);
    println!("seed {seed}");
    let scenario = Scenario::cold_snap(seed, 5, date(2026, 1, 12)).days(4);
    let mut buses = run(&scenario);
    let hours = compare(&mut buses, &FleetConfig::default());
    let mut report = String::new();
    let (mut days, mut parts, mut wrong_times) = (0, 0, 0);
    for (truth, found, others) in &buses {
        faults::check_fleet(truth, found, &mut report);
        let (compared, in_part) = days::check(truth, others, found, &mut report);
        days += compared;
        parts += in_part;
        sessions::check(truth, found, &mut report);
        faults::check(truth, found, &mut report);
        let stored = found.stored.iter();
        wrong_times += stored.filter(|key| found.has_wrong_time(**key)).count();
    }
    assert!(report.is_empty(), "seed {seed}\n{report}");
    // From one clock that was set back for 40 minutes. Ingest marks the one that is ahead.
    assert!(wrong_times >= 2_000, "only {wrong_times} readings");
    // Of 20 vehicle days half are mild and complete, and the first bus stays healthy.
    println!("{days} bus-days compared, {parts} of them with readings left out");
    assert!(days >= 12, "only {days} bus-days were compared");
    assert!(hours >= 24, "the fleet was out in {hours} hours only");
    let offsets = buses.iter().flat_map(|(truth, ..)| &truth.data_faults);
    let offsets = offsets.filter(|fault| fault.kind == DataFaultKind::Offset);
    assert!(offsets.count() > 0, "the scenario tries what it should");
}

#[test]
fn a_healthy_mild_week_is_hardly_flagged() {
    let seed = rand::rng().random_range(0..1_000);
    println!("seed {seed}");
    let scenario = Scenario::mild_week(seed, 4, date(2026, 4, 20)).days(3);
    let mut report = String::new();
    let (mut readings, mut flagged) = (0, 0);
    let mut buses = run(&scenario);
    let config = FleetConfig {
        vehicles_min: 4,
        ..FleetConfig::default()
    };
    let hours = compare(&mut buses, &config);
    assert!(hours >= 24, "the fleet was out in {hours} hours only");
    for (truth, found, others) in &buses {
        assert!(found.contradicted_hours.is_empty(), "seed {seed}");
        days::check(truth, others, found, &mut report);
        sessions::check(truth, found, &mut report);
        readings += found.readings();
        flagged += found.readings_flagged();
    }
    println!("{flagged} of {readings} readings flagged");
    assert!(report.is_empty(), "seed {seed}\n{report}");
    assert!(flagged * 1_000 < readings, "{flagged} of {readings}");
}

#[test]
fn a_hot_week_matches_the_truth() {
    let seed = rand::rng().random_range(0..1_000);
    println!("seed {seed}");
    let scenario = Scenario::summer_week(seed, 2, date(2026, 7, 20)).days(2);
    let mut report = String::new();
    for (truth, found, others) in &run(&scenario) {
        days::check(truth, others, found, &mut report);
        sessions::check(truth, found, &mut report);
    }
    assert!(report.is_empty(), "seed {seed}\n{report}");
}
