//! A scenario depends only on seed, number of buses, first day and number of days.

use ayaz_sim::truth::csv;
use ayaz_sim::{Scenario, TruthBus};

use crate::{MONDAY, all_faults, truth};

#[test]
fn two_equal_scenarios_give_the_same_messages_and_the_same_truth() {
    let make = || Scenario::cold_snap(11, 3, MONDAY).days(2);
    let (mut once, mut twice) = (make().deliveries(), make().deliveries());
    let mut messages = 0;
    for message in once.by_ref() {
        assert_eq!(Some(message), twice.next());
        messages += 1;
    }
    assert_eq!(twice.next(), None);
    assert!(messages > 3 * 2 * 5_000, "{messages}");
    assert_eq!(once.truth(), twice.truth());
    assert!(once.truth().iter().any(|bus| !bus.data_faults.is_empty()));
    let other = truth(&Scenario::cold_snap(12, 3, MONDAY).days(2));
    assert_ne!(once.truth()[0].sessions, other[0].sessions);
}

#[test]
fn the_first_buses_do_not_depend_on_the_size_of_the_fleet() {
    let small = truth(&Scenario::mild_week(3, 2, MONDAY).days(1));
    let large = truth(&Scenario::mild_week(3, 4, MONDAY).days(1));
    assert_eq!(small[..], large[..2]);
}

#[test]
fn a_mild_and_a_summer_week_have_no_faults_and_the_right_weather() {
    for (scenario, low, high) in [
        (Scenario::mild_week(1, 3, MONDAY).days(2), 4.5, 12.5),
        (Scenario::summer_week(1, 3, MONDAY).days(2), 25.5, 38.5),
    ] {
        for (index, bus) in truth(&scenario).iter().enumerate() {
            assert!(bus.data_faults.is_empty() && bus.physical_faults.is_empty());
            for recorded in scenario.true_recording(index) {
                let m = &recorded.reading.measurements;
                let celsius = m.exterior_temperature_celsius.unwrap();
                assert!(
                    (low..=high).contains(&celsius),
                    "{celsius} at {}",
                    recorded.taken_at
                );
                assert_eq!(m.fault_codes, None);
            }
        }
    }
}

/// The number of lines. Each must have as many fields as the header.
fn lines(
    write: impl Fn(&mut String, &[TruthBus]) -> std::fmt::Result,
    buses: &[TruthBus],
) -> usize {
    let mut text = String::new();
    write(&mut text, buses).unwrap();
    let fields = |line: &str| line.split(',').count();
    let header = fields(text.lines().next().unwrap());
    assert!(text.lines().all(|line| fields(line) == header), "{text}");
    text.lines().count() - 1
}

#[test]
fn the_truth_can_be_written_as_csv() {
    let buses = truth(&all_faults(7));
    assert_eq!(lines(csv::write_days, &buses), 5 * 4);
    let days: usize = buses
        .iter()
        .flat_map(|b| &b.sessions)
        .map(|s| s.days.len())
        .sum();
    assert_eq!(lines(csv::write_sessions, &buses), days);
    let faults: usize = buses
        .iter()
        .map(|b| b.data_faults.len() + b.physical_faults.len())
        .sum();
    assert!(lines(csv::write_faults, &buses) >= faults);
}
