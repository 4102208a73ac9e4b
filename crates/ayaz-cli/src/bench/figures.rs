//! What was measured, for people and for programs.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use serde::Serialize;

use super::load::Load;

/// One end-to-end run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) readings_per_second: f64,
    pub(super) daemon_cpu_microseconds_per_reading: f64,
    pub(super) daemon_memory_peak_bytes: u64,
}

/// Medians of all runs.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    readings: usize,
    readings_per_message: usize,
    vehicles: usize,
    payload_mean_bytes: f64,
    runs: usize,
    readings_per_second: Spread,
    copy_alone_rows_per_second: Spread,
    /// End to end over COPY alone, run by run.
    ratio_to_copy_alone: Spread,
    daemon_cpu_microseconds_per_reading: Spread,
    daemon_memory_peak_mb: Spread,
}

/// Smallest, middle and largest of the runs.
#[derive(Debug, Clone, Copy, Serialize)]
struct Spread {
    min: f64,
    median: f64,
    max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let (low, high) = ((values.len().max(1) - 1) / 2, values.len() / 2);
        Self {
            min: at(0),
            median: (at(low) + at(high)) / 2.0,
            max: at(values.len().saturating_sub(1)),
        }
    }
}

impl Figures {
    pub(super) fn new(load: &Load, copies: Vec<f64>, ends: Vec<Run>) -> Self {
        let ratios = ends
            .iter()
            .zip(&copies)
            .map(|(run, copy)| run.readings_per_second / copy);
        Self {
            readings: load.readings.len(),
            readings_per_message: load.readings_per_message,
            vehicles: load.vehicles.len(),
            payload_mean_bytes: load.payload_mean_bytes(),
            runs: ends.len(),
            readings_per_second: Spread::of(ends.iter().map(|run| run.readings_per_second)),
            copy_alone_rows_per_second: Spread::of(copies.iter().copied()),
            ratio_to_copy_alone: Spread::of(ratios),
            daemon_cpu_microseconds_per_reading: Spread::of(
                ends.iter()
                    .map(|run| run.daemon_cpu_microseconds_per_reading),
            ),
            daemon_memory_peak_mb: Spread::of(
                ends.iter()
                    .map(|run| run.daemon_memory_peak_bytes as f64 / 1e6),
            ),
        }
    }

    pub(super) fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(
            TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')),
        );
        table.set_header(["", "min", "median", "max"]);
        let mut row = |name: &str, spread: Spread, digits: usize| {
            let number = |value: f64| format!("{value:.digits$}");
            table.add_row([
                name.to_owned(),
                number(spread.min),
                number(spread.median),
                number(spread.max),
            ]);
        };
        row("end to end, readings/s", self.readings_per_second, 0);
        row(
            "raw binary COPY alone, rows/s",
            self.copy_alone_rows_per_second,
            0,
        );
        row("end to end ÷ COPY alone", self.ratio_to_copy_alone, 3);
        row(
            "daemon CPU, µs per reading",
            self.daemon_cpu_microseconds_per_reading,
            2,
        );
        row("daemon memory peak, MB", self.daemon_memory_peak_mb, 1);
        for column in 1..=3 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        format!(
            "{} readings of {} vehicles, {} to a message ({:.0} bytes), {} runs of each, in turn\n\
             {table}\n",
            self.readings,
            self.vehicles,
            self.readings_per_message,
            self.payload_mean_bytes,
            self.runs,
        )
    }
}
