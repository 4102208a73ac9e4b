//! The results for programs. [`table`](super::table) shows them to people.

use std::collections::BTreeMap;

use crate::scratch::ServerFacts;
use serde::Serialize;

use super::figures::{
    CPU_OF_THE_SYSTEM, FIGURES, Figure, MESSAGES_PER_SECOND, RATIO_TO_BEST_COPY, RATIO_TO_COPY,
    RATIO_TO_NULL_SUBSCRIBER, Round, Spread,
};
use super::generator;
use super::latency::Latency;
use super::load::{Load, SEED};

/// All results.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) setting: Setting,
    /// The lowest median of the cells with a target (10 readings per message or more), or of all
    /// cells if there are none.
    ratio_to_copy: f64,
    /// For the same cells.
    ratio_to_best_copy: f64,
    /// The same for messages with 1 reading.
    ratio_to_null_subscriber: f64,
    pub(super) cells: Vec<Cell>,
    pub(super) costs: Vec<Cost>,
}

/// Machine, servers and settings of the measurement.
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

/// Results for one size of message and one number of vehicles.
#[derive(Debug, Serialize)]
pub(super) struct Cell {
    pub(super) readings_per_message: u32,
    pub(super) vehicles: u64,
    /// Connections that carry the vehicles.
    pub(super) generator_connections: usize,
    pub(super) payload_mean_bytes: f64,
    /// Most messages between generator and subscriber.
    pub(super) backlog_max_messages: u64,
    /// A median, like the ratios below.
    pub(super) ratio_to_copy: f64,
    pub(super) ratio_to_best_copy: f64,
    pub(super) ratio_to_null_subscriber: f64,
    pub(super) ratio_to_copy_alone: f64,
    /// `null` if a figure could not be measured, such as the processor time of external servers.
    pub(super) figures: BTreeMap<&'static str, Option<Spread>>,
    /// At half the median rate of end to end; `null` if not requested.
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
            ratio_to_best_copy: median(RATIO_TO_BEST_COPY),
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

/// Cost of a reading in the largest fleet, as a multiple of its cost in the smallest, by medians.
#[derive(Debug, Serialize)]
pub(super) struct Cost {
    pub(super) readings_per_message: u32,
    pub(super) vehicles_smallest: u64,
    pub(super) vehicles_largest: u64,
    /// Ratio of the processor time of daemon, broker and database; `null` if unknown.
    pub(super) system_cpu_ratio: Option<f64>,
    pub(super) daemon_cpu_ratio: Option<f64>,
    /// Ratio of the time: readings per second in the smallest fleet over those in the largest.
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
            ratio_to_best_copy: lowest(&cells, |size| size >= 10, |cell| cell.ratio_to_best_copy),
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

/// The lowest ratio of the cells with this size of messages, or of all cells if there are none.
fn lowest(cells: &[Cell], size: impl Fn(u32) -> bool, ratio: impl Fn(&Cell) -> f64) -> f64 {
    let least = |cells: &mut dyn Iterator<Item = &Cell>| cells.map(&ratio).reduce(f64::min);
    let meant = &mut cells.iter().filter(|cell| size(cell.readings_per_message));
    least(meant)
        .or_else(|| least(&mut cells.iter()))
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests;
