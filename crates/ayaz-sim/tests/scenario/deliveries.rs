//! All readings that are not lost are delivered in the order of arrival, and few are held in memory.

use std::collections::HashMap;

use ayaz_model::UnixMicroseconds;
use ayaz_sim::delivery::{LATE_READINGS_MAX, LIVE_READINGS_MAX};
use ayaz_sim::{DataFaultKind as Kind, Scenario, TruthDataFault};

use crate::{MONDAY, all_faults};

#[derive(Debug, Default)]
struct Arrivals {
    live: u32,
    historical: u32,
    first: Option<UnixMicroseconds>,
}

#[test]
fn every_reading_arrives_as_often_as_in_the_truth() {
    let scenario = all_faults(7);
    let mut deliveries = scenario.deliveries();
    let mut arrived: HashMap<(String, u32, u64), Arrivals> = HashMap::new();
    let (mut last, mut held_max) = (UnixMicroseconds(i64::MIN), 0);
    while let Some(message) = deliveries.next() {
        assert!(message.arrives_at >= last, "{} at {last}", message.vehicle);
        last = message.arrives_at;
        held_max = held_max.max(deliveries.held_readings());
        let first = message.readings[0].key;
        let most = if message.historical {
            LATE_READINGS_MAX
        } else {
            LATE_READINGS_MAX.max(LIVE_READINGS_MAX)
        };
        assert!(message.readings.len() <= most);
        for reading in &message.readings {
            assert_eq!(reading.key.boot_id, first.boot_id);
            assert_eq!(reading.historical, message.historical);
            assert_eq!(reading.received_at, message.arrives_at);
            let key = (
                message.vehicle.to_string(),
                reading.key.boot_id,
                reading.key.sequence,
            );
            let arrivals = arrived.entry(key).or_default();
            arrivals.first.get_or_insert(message.arrives_at);
            if message.historical {
                arrivals.historical += 1;
            } else {
                arrivals.live += 1;
            }
        }
    }
    // A blackout of three hours at 1 Hz, some readings for a second delivery, live messages.
    println!("at most {held_max} readings held");
    assert!((3 * 3_600..20_000).contains(&held_max), "{held_max}");
    for (index, bus) in deliveries.truth().iter().enumerate() {
        for recorded in scenario.recording(index) {
            let key = &recorded.reading.key;
            let name = (bus.vehicle.to_string(), key.boot_id, key.sequence);
            let fault = |kind: Kind| {
                let hit = |f: &&TruthDataFault| {
                    f.kind == kind && f.readings.iter().any(|r| r.contains(key))
                };
                bus.data_faults.iter().any(|f| hit(&f))
            };
            let arrivals = arrived.remove(&name).unwrap_or_default();
            let expected = match (
                fault(Kind::Lost),
                fault(Kind::Blackout),
                fault(Kind::Duplicates),
            ) {
                (true, false, false) => arrivals.live + arrivals.historical == 0,
                (false, true, false) => (arrivals.live, arrivals.historical) == (0, 1),
                (false, false, true) => {
                    arrivals.live >= 1 && arrivals.live + arrivals.historical == 2
                }
                (false, false, false) => (arrivals.live, arrivals.historical) == (1, 0),
                _ => false,
            };
            assert!(expected, "{name:?} at {}: {arrivals:?}", recorded.taken_at);
            if let Some(first) = arrivals.first {
                let delay = first.seconds_since(recorded.taken_at);
                let late = fault(Kind::Blackout);
                let (least, most) = if late {
                    (86_400.0, 97_300.0)
                } else {
                    (0.0, 310.0)
                };
                assert!((least..=most).contains(&delay), "{name:?}: {delay} s");
            }
        }
    }
    assert!(arrived.is_empty(), "nothing arrives that was not recorded");
}

#[test]
fn readings_of_a_blackout_on_the_last_day_arrive_after_the_end() {
    let scenario = Scenario::cold_snap(3, 4, MONDAY).days(1);
    let late: Vec<_> = scenario
        .deliveries()
        .filter(|message| message.arrives_at > scenario.end())
        .collect();
    assert!(late.iter().all(|message| message.historical));
    let readings: usize = late.iter().map(|message| message.readings.len()).sum();
    assert_eq!(readings, 3 * 3_600, "three hours at 1 Hz");
}
