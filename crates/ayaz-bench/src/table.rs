//! The report as a table for people.

use std::fmt::Write as _;

use super::aligned::{self, ABSENT};
use super::figures::{FIGURES, Figure, Spread};
use super::report::{Cell, Report};

impl Report {
    /// The settings, then one column per cell, or the spread if there is only one cell.
    pub(super) fn table(&self) -> String {
        let mut text = self.heading();
        text += &match &self.cells[..] {
            [cell] => spread_of(cell),
            cells => medians_of(cells),
        };
        for cost in &self.costs {
            let ratio = |ratio: Option<f64>| number(ratio, 2);
            let _ = writeln!(
                text,
                "cost of a reading with {} vehicles compared to {} ({} per message): {} × the CPU of \
                 daemon, broker and PostgreSQL, {} × that of the daemon, {} × the time",
                cost.vehicles_largest,
                cost.vehicles_smallest,
                cost.readings_per_message,
                ratio(cost.system_cpu_ratio),
                ratio(cost.daemon_cpu_ratio),
                ratio(cost.time_ratio),
            );
        }
        text
    }

    fn heading(&self) -> String {
        let setting = &self.setting;
        let mut text = format!(
            "{} cores; PostgreSQL {}, TimescaleDB {} ({}), fsync {}, synchronous_commit {}\n\
             seed {}, {} runs of each kind in turn, {} s measured after {} s of warm-up\n",
            setting.processor_cores,
            setting.postgres_version,
            setting.timescaledb_version,
            setting.timescaledb_edition,
            setting.fsync,
            setting.synchronous_commit,
            setting.seed,
            setting.runs,
            setting.duration_s,
            setting.warm_up_s,
        );
        for cell in &self.cells {
            let _ = writeln!(
                text,
                "{}: {} vehicles over {} connections, {:.0} bytes per message, at most {} in flight",
                name(cell),
                cell.vehicles,
                cell.generator_connections,
                cell.payload_mean_bytes,
                cell.backlog_max_messages,
            );
        }
        text
    }
}

/// Readings per message and vehicles.
fn name(cell: &Cell) -> String {
    format!("{} × {}", cell.readings_per_message, cell.vehicles)
}

fn spread_of(cell: &Cell) -> String {
    let mut table = aligned::table(["", "min", "median", "max"].map(str::to_owned));
    for figure in FIGURES {
        let spread = cell.spread(figure);
        let of = |part: fn(Spread) -> f64| number(spread.map(part), figure.digits);
        table.add_row([
            figure.label.to_owned(),
            of(|spread| spread.min),
            of(|spread| spread.median),
            of(|spread| spread.max),
        ]);
    }
    for (label, value) in latencies(cell) {
        table.add_row([label, String::new(), value, String::new()]);
    }
    aligned::lines(table)
}

fn medians_of(cells: &[Cell]) -> String {
    let mut table = aligned::table([String::new()].into_iter().chain(cells.iter().map(name)));
    let median = |figure: &Figure, cell: &Cell| {
        number(
            cell.spread(figure).map(|spread| spread.median),
            figure.digits,
        )
    };
    for figure in FIGURES {
        let values = cells.iter().map(|cell| median(figure, cell));
        table.add_row([figure.label.to_owned()].into_iter().chain(values));
    }
    let latencies: Vec<_> = cells.iter().map(latencies).collect();
    for row in 0..latencies.iter().map(Vec::len).max().unwrap_or(0) {
        let label = latencies[0][row].0.clone();
        let values = latencies.iter().map(|column| column[row].1.clone());
        table.add_row([label].into_iter().chain(values));
    }
    format!(
        "medians, by readings per message × vehicles\n{}",
        aligned::lines(table)
    )
}

fn latencies(cell: &Cell) -> Vec<(String, String)> {
    let Some(latency) = cell.latency else {
        return Vec::new();
    };
    [
        ("p50", Some(latency.p50_ms)),
        ("p99", Some(latency.p99_ms)),
        ("p99.9", latency.p999_ms),
        ("max", Some(latency.max_ms)),
    ]
    .map(|(name, ms)| {
        let label = format!("publish to visible at half load, {name}, ms");
        (label, number(ms, 0))
    })
    .into()
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| ABSENT.to_owned(), |value| format!("{value:.digits$}"))
}
