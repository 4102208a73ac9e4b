use super::*;
use crate::end_to_end::EndToEnd;
use crate::figures::CopiesUnderLoad;
use crate::processes::Cpu;
use crate::reference::{CopyUnderLoad, NullSubscriber};

fn cell(readings_per_message: u32, vehicles: u32, broker: Option<f64>, speed: f64) -> Cell {
    let fleet = "bench".parse().unwrap();
    let load = Load::generate(&fleet, readings_per_message, vehicles).unwrap();
    let copy = |rows_per_second| CopyUnderLoad {
        rows_per_second,
        load_share: 1.0,
    };
    let round = Round {
        readings_per_message: readings_per_message.into(),
        end_to_end: EndToEnd {
            readings_per_second: speed,
            readings: speed * 10.0,
            rows_per_batch: 8_000.0,
            cpu: Cpu {
                daemon: 1.0,
                bench: 0.5,
                broker,
                postgres: broker.map(|broker| 3.0 * broker),
            },
            daemon_memory_peak_bytes: 30_000_000,
            wal_bytes: 1e9,
            intake_pauses: 0.0,
            write_retries: 0.0,
        },
        copies: CopiesUnderLoad {
            one_connection: copy(200_000.0),
            two_connections: copy(250_000.0),
            four_connections: copy(240_000.0),
        },
        null_subscriber: NullSubscriber {
            messages_per_second: 50_000.0,
            cpu_microseconds_per_message: 2.0,
        },
        copy_alone_rows_per_second: 400_000.0,
    };
    Cell::new(&load, &[round], None)
}

#[test]
fn json_has_the_ratios_and_null_for_unknown_figures() {
    let facts = ServerFacts {
        postgres_version: "17.5".to_owned(),
        timescaledb_version: "2.19.3".to_owned(),
        edition: "apache".to_owned(),
        fsync: "on".to_owned(),
        synchronous_commit: "on".to_owned(),
    };
    let cells = vec![
        cell(1, 100, Some(2.0), 40_000.0),
        cell(10, 100, None, 160_000.0),
        cell(10, 10_000, None, 150_000.0),
    ];
    let report = Report::new(Setting::new(facts, 1, 5.0, 15.0), cells);
    let json = serde_json::to_value(&report).unwrap();
    let about = |pointer: &str, value: f64| {
        let found = json.pointer(pointer).and_then(serde_json::Value::as_f64);
        let found = found.unwrap_or_else(|| panic!("no number at {pointer}: {json:#}"));
        assert!((found - value).abs() < 1e-9, "{pointer} is {found}");
    };
    about("/ratio_to_copy", 0.75);
    about("/ratio_to_best_copy", 0.6);
    about("/ratio_to_null_subscriber", 0.8);
    about("/cells/1/ratio_to_copy", 0.8);
    about("/cells/1/ratio_to_best_copy", 0.64);
    about("/cells/1/figures/ratio_to_best_copy/max", 0.64);
    about("/cells/1/ratio_to_null_subscriber", 0.32);
    about(
        "/cells/0/figures/system_cpu_microseconds_per_reading/median",
        22.5,
    );
    about(
        "/cells/1/figures/daemon_cpu_microseconds_per_message/median",
        6.25,
    );
    about("/costs/0/time_ratio", 160.0 / 150.0);
    about("/costs/0/daemon_cpu_ratio", 160.0 / 150.0);
    assert!(json["cells"][1]["figures"]["broker_cpu_microseconds_per_reading"].is_null());
    assert!(json["costs"][0]["system_cpu_ratio"].is_null());
    assert_eq!(json["costs"].as_array().unwrap().len(), 1);
}
