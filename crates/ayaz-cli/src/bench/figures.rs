//! What was measured, as programs read it; [`table`](super::table) shows the same to people.

use std::collections::BTreeMap;

use ayaz_store::scratch::ServerFacts;
use serde::Serialize;

use super::end_to_end::EndToEnd;
use super::generator;
use super::latency::Latency;
use super::load::{Load, SEED};
use super::reference::CopyUnderLoad;

/// One run of each kind, made one after the other so that the machine was the same for all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    pub(super) readings_per_message: f64,
    pub(super) end_to_end: EndToEnd,
    pub(super) copy_under_load: CopyUnderLoad,
    pub(super) null_messages_per_second: f64,
    pub(super) copy_alone_rows_per_second: f64,
}

/// A figure of a round.
pub(super) struct Figure {
    /// In JSON.
    pub(super) name: &'static str,
    /// In the table.
    pub(super) label: &'static str,
    /// Behind the point in the table.
    pub(super) digits: usize,
    /// `None` where it could not be measured.
    of: fn(&Round) -> Option<f64>,
}

const fn figure(
    name: &'static str,
    label: &'static str,
    digits: usize,
    of: fn(&Round) -> Option<f64>,
) -> Figure {
    Figure {
        name,
        label,
        digits,
        of,
    }
}

const MESSAGES_PER_SECOND: &str = "messages_per_second";
const CPU_OF_THE_SYSTEM: &str = "system_cpu_microseconds_per_reading";
const RATIO_TO_COPY: &str = "ratio_to_copy";
const RATIO_TO_NULL_SUBSCRIBER: &str = "ratio_to_null_subscriber";

/// All figures, in the order of the table.
pub(super) const FIGURES: &[Figure] = &[
    figure(
        "readings_per_second",
        "end to end, readings/s",
        0,
        |round| Some(round.end_to_end.readings_per_second),
    ),
    figure(
        "copy_under_load_rows_per_second",
        "COPY under load, rows/s",
        0,
        |round| Some(round.copy_under_load.rows_per_second),
    ),
    figure(
        "copy_alone_rows_per_second",
        "COPY alone, rows/s",
        0,
        |round| Some(round.copy_alone_rows_per_second),
    ),
    figure(MESSAGES_PER_SECOND, "end to end, messages/s", 0, |round| {
        Some(round.messages_per_second())
    }),
    figure(
        "null_subscriber_messages_per_second",
        "null subscriber, messages/s",
        0,
        |round| Some(round.null_messages_per_second),
    ),
    figure(RATIO_TO_COPY, "÷ COPY under load", 3, |round| {
        Some(round.end_to_end.readings_per_second / round.copy_under_load.rows_per_second)
    }),
    figure(RATIO_TO_NULL_SUBSCRIBER, "÷ null subscriber", 3, |round| {
        Some(round.messages_per_second() / round.null_messages_per_second)
    }),
    figure("ratio_to_copy_alone", "÷ COPY alone", 3, |round| {
        Some(round.end_to_end.readings_per_second / round.copy_alone_rows_per_second)
    }),
    figure("load_share", "load reached beside COPY", 3, |round| {
        Some(round.copy_under_load.load_share)
    }),
    figure("rows_per_batch", "rows per batch", 0, |round| {
        Some(round.end_to_end.rows_per_batch)
    }),
    figure(
        "daemon_cpu_microseconds_per_message",
        "daemon CPU, µs/message",
        2,
        |round| {
            Some(
                round.microseconds_per_reading(round.end_to_end.cpu.daemon)?
                    * round.readings_per_message,
            )
        },
    ),
    figure(
        "daemon_cpu_microseconds_per_reading",
        "daemon CPU, µs/reading",
        2,
        |round| round.microseconds_per_reading(round.end_to_end.cpu.daemon),
    ),
    figure(
        "broker_cpu_microseconds_per_reading",
        "broker CPU, µs/reading",
        2,
        |round| round.microseconds_per_reading(round.end_to_end.cpu.broker?),
    ),
    figure(
        "postgres_cpu_microseconds_per_reading",
        "PostgreSQL CPU, µs/reading",
        2,
        |round| round.microseconds_per_reading(round.end_to_end.cpu.postgres?),
    ),
    figure(
        "bench_cpu_microseconds_per_reading",
        "generator CPU, µs/reading",
        2,
        |round| round.microseconds_per_reading(round.end_to_end.cpu.bench),
    ),
    figure(
        CPU_OF_THE_SYSTEM,
        "daemon + broker + PostgreSQL, µs/reading",
        2,
        |round| round.microseconds_per_reading(round.end_to_end.cpu.of_the_system()?),
    ),
    figure(
        "daemon_memory_peak_mb",
        "daemon memory peak, MB",
        1,
        |round| Some(round.end_to_end.daemon_memory_peak_bytes as f64 / 1e6),
    ),
    figure("wal_bytes_per_reading", "WAL, bytes/reading", 0, |round| {
        Some(round.end_to_end.wal_bytes / round.end_to_end.readings)
    }),
    figure("messages_shed", "messages shed", 0, |round| {
        Some(round.end_to_end.messages_shed)
    }),
    figure("write_retries", "write retries", 0, |round| {
        Some(round.end_to_end.write_retries)
    }),
];

impl Round {
    fn messages_per_second(&self) -> f64 {
        self.end_to_end.readings_per_second / self.readings_per_message
    }

    /// CPU was used over the whole measured time, and so for all its readings.
    fn microseconds_per_reading(&self, cpu_seconds: f64) -> Option<f64> {
        Some(cpu_seconds * 1e6 / self.end_to_end.readings)
    }
}

/// Everything.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) setting: Setting,
    /// The lowest median of the cells that the target is about (10 readings per message and more),
    /// or of all where there are none.
    ratio_to_copy: f64,
    /// The same for messages of 1 reading.
    ratio_to_null_subscriber: f64,
    pub(super) cells: Vec<Cell>,
    pub(super) costs: Vec<Cost>,
}

/// Where and how it was measured.
#[derive(Debug, Serialize)]
pub(super) struct Setting {
    pub(super) processor_cores: usize,
    pub(super) postgres_version: String,
    pub(super) timescaledb_version: String,
    pub(super) timescaledb_edition: String,
    pub(super) fsync: String,
    pub(super) synchronous_commit: String,
    pub(super) seed: u64,
    pub(super) runs: u16,
    pub(super) warm_up_s: f64,
    pub(super) duration_s: f64,
}

impl Setting {
    pub(super) fn new(facts: ServerFacts, runs: u16, warm_up_s: f64, duration_s: f64) -> Self {
        Self {
            processor_cores: std::thread::available_parallelism().map_or(0, usize::from),
            postgres_version: facts.postgres_version,
            timescaledb_version: facts.timescaledb_version,
            timescaledb_edition: facts.edition,
            fsync: facts.fsync,
            synchronous_commit: facts.synchronous_commit,
            seed: SEED,
            runs,
            warm_up_s,
            duration_s,
        }
    }
}

/// One size of message with one number of vehicles.
#[derive(Debug, Serialize)]
pub(super) struct Cell {
    pub(super) readings_per_message: u32,
    pub(super) vehicles: u64,
    /// Connections that carry the vehicles.
    pub(super) generator_connections: usize,
    pub(super) payload_mean_bytes: f64,
    /// Most messages between generator and subscriber.
    pub(super) backlog_max_messages: u64,
    /// Median, as are the other two.
    pub(super) ratio_to_copy: f64,
    pub(super) ratio_to_null_subscriber: f64,
    pub(super) ratio_to_copy_alone: f64,
    /// `null` where a figure could not be measured, as the processor time of given servers.
    pub(super) figures: BTreeMap<&'static str, Option<Spread>>,
    /// At half the median of end to end; `null` if it was not asked for.
    pub(super) latency: Option<Latency>,
}

impl Cell {
    pub(super) fn new(load: &Load, rounds: &[Round], latency: Option<Latency>) -> Self {
        let figures: BTreeMap<_, _> = FIGURES
            .iter()
            .map(|figure| {
                let values: Option<Vec<f64>> = rounds.iter().map(figure.of).collect();
                (figure.name, values.and_then(Spread::of))
            })
            .collect();
        let median = |name| median(&figures, name).unwrap_or(f64::NAN);
        Self {
            readings_per_message: load.readings_per_message,
            vehicles: load.vehicles_named(),
            generator_connections: generator::connections(load.fleet_size()),
            payload_mean_bytes: load.payload_mean_bytes(),
            backlog_max_messages: generator::backlog_max(load),
            ratio_to_copy: median(RATIO_TO_COPY),
            ratio_to_null_subscriber: median(RATIO_TO_NULL_SUBSCRIBER),
            ratio_to_copy_alone: median("ratio_to_copy_alone"),
            latency,
            figures,
        }
    }

    pub(super) fn messages_per_second_median(&self) -> f64 {
        median(&self.figures, MESSAGES_PER_SECOND).unwrap_or(f64::NAN)
    }

    pub(super) fn spread(&self, figure: &Figure) -> Option<Spread> {
        self.figures.get(figure.name).copied().flatten()
    }
}

fn median(figures: &BTreeMap<&'static str, Option<Spread>>, name: &str) -> Option<f64> {
    Some(figures.get(name).copied().flatten()?.median)
}

/// Smallest, middle and largest of the runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Spread {
    pub(super) min: f64,
    pub(super) median: f64,
    pub(super) max: f64,
}

impl Spread {
    /// `None` of nothing.
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let count = values.len();
        Some(Self {
            min: *values.first()?,
            median: f64::midpoint(*values.get((count - 1) / 2)?, *values.get(count / 2)?),
            max: *values.last()?,
        })
    }
}

/// What a reading costs in the largest fleet, as a multiple of what it costs in the smallest, by
/// medians.
#[derive(Debug, Serialize)]
pub(super) struct Cost {
    pub(super) readings_per_message: u32,
    pub(super) vehicles_smallest: u64,
    pub(super) vehicles_largest: u64,
    /// Of the processor time of daemon, broker and database; `null` where that is not known.
    pub(super) system_cpu_ratio: Option<f64>,
    pub(super) daemon_cpu_ratio: Option<f64>,
    /// Of the time: readings per second in the smallest over those in the largest.
    pub(super) time_ratio: Option<f64>,
}

impl Cost {
    fn between(smallest: &Cell, largest: &Cell) -> Self {
        let ratio = |name| Some(median(&largest.figures, name)? / median(&smallest.figures, name)?);
        Self {
            readings_per_message: smallest.readings_per_message,
            vehicles_smallest: smallest.vehicles,
            vehicles_largest: largest.vehicles,
            system_cpu_ratio: ratio(CPU_OF_THE_SYSTEM),
            daemon_cpu_ratio: ratio("daemon_cpu_microseconds_per_reading"),
            time_ratio: ratio("readings_per_second").map(f64::recip),
        }
    }
}

impl Report {
    pub(super) fn new(setting: Setting, cells: Vec<Cell>) -> Self {
        let mut by_size: BTreeMap<u32, Vec<&Cell>> = BTreeMap::new();
        for cell in &cells {
            by_size
                .entry(cell.readings_per_message)
                .or_default()
                .push(cell);
        }
        let costs = by_size
            .values()
            .filter_map(|cells| {
                let smallest = cells.iter().min_by_key(|cell| cell.vehicles)?;
                let largest = cells.iter().max_by_key(|cell| cell.vehicles)?;
                (smallest.vehicles < largest.vehicles).then(|| Cost::between(smallest, largest))
            })
            .collect();
        Self {
            setting,
            ratio_to_copy: lowest(&cells, |size| size >= 10, |cell| cell.ratio_to_copy),
            ratio_to_null_subscriber: lowest(
                &cells,
                |size| size == 1,
                |cell| cell.ratio_to_null_subscriber,
            ),
            cells,
            costs,
        }
    }
}

/// The lowest ratio of the cells whose messages are of that size, or of all if there are none.
fn lowest(cells: &[Cell], size: impl Fn(u32) -> bool, ratio: impl Fn(&Cell) -> f64) -> f64 {
    let least = |cells: &mut dyn Iterator<Item = &Cell>| cells.map(&ratio).reduce(f64::min);
    let meant = &mut cells.iter().filter(|cell| size(cell.readings_per_message));
    least(meant)
        .or_else(|| least(&mut cells.iter()))
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::processes::Cpu;

    #[test]
    fn medians_lie_in_the_middle() {
        let spread = |values: &[f64]| Spread::of(values.to_vec());
        assert_eq!(spread(&[]), None);
        let three = spread(&[3.0, 1.0, 2.0]).unwrap();
        assert_eq!((three.min, three.median, three.max), (1.0, 2.0, 3.0));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]).unwrap().median, 2.5);
    }

    fn cell(readings_per_message: u32, vehicles: u32, broker: Option<f64>, speed: f64) -> Cell {
        let fleet = "bench".parse().unwrap();
        let load = Load::generate(&fleet, readings_per_message, vehicles).unwrap();
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
                messages_shed: 0.0,
                write_retries: 0.0,
            },
            copy_under_load: CopyUnderLoad {
                rows_per_second: 200_000.0,
                load_share: 1.0,
            },
            null_messages_per_second: 50_000.0,
            copy_alone_rows_per_second: 400_000.0,
        };
        Cell::new(&load, &[round], None)
    }

    #[test]
    fn json_names_the_ratios_and_leaves_out_what_is_not_known() {
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
        about("/ratio_to_null_subscriber", 0.8);
        about("/cells/1/ratio_to_copy", 0.8);
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
}
