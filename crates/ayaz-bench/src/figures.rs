//! The figures of a round, and their spread over several rounds.

use serde::Serialize;

use super::end_to_end::EndToEnd;
use super::reference::{CopyUnderLoad, NullSubscriber};

/// One run of each kind. They follow each other, so that the state of the machine is the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    pub(super) readings_per_message: f64,
    pub(super) end_to_end: EndToEnd,
    pub(super) copies: CopiesUnderLoad,
    pub(super) null_subscriber: NullSubscriber,
    pub(super) copy_alone_rows_per_second: f64,
}

/// COPY under load. The daemon has two connections by default. Which number of connections is
/// fastest depends on the machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct CopiesUnderLoad {
    pub(super) one_connection: CopyUnderLoad,
    pub(super) two_connections: CopyUnderLoad,
    pub(super) four_connections: CopyUnderLoad,
}

impl CopiesUnderLoad {
    fn best_rows_per_second(&self) -> f64 {
        [
            self.one_connection,
            self.two_connections,
            self.four_connections,
        ]
        .map(|copy| copy.rows_per_second)
        .into_iter()
        .fold(0.0, f64::max)
    }
}

/// A figure of a round.
pub(super) struct Figure {
    /// Name in JSON.
    pub(super) name: &'static str,
    /// Label in the table.
    pub(super) label: &'static str,
    /// Digits after the decimal point in the table.
    pub(super) digits: usize,
    /// `None` if it could not be measured.
    pub(super) of: fn(&Round) -> Option<f64>,
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

pub(super) const MESSAGES_PER_SECOND: &str = "messages_per_second";
pub(super) const CPU_OF_THE_SYSTEM: &str = "system_cpu_microseconds_per_reading";
pub(super) const RATIO_TO_COPY: &str = "ratio_to_copy";
pub(super) const RATIO_TO_BEST_COPY: &str = "ratio_to_best_copy";
pub(super) const RATIO_TO_NULL_SUBSCRIBER: &str = "ratio_to_null_subscriber";

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
        "COPY under load, 1 connection, rows/s",
        0,
        |round| Some(round.copies.one_connection.rows_per_second),
    ),
    figure(
        "copy_under_load_2_connections_rows_per_second",
        "COPY under load, 2 connections, rows/s",
        0,
        |round| Some(round.copies.two_connections.rows_per_second),
    ),
    figure(
        "copy_under_load_4_connections_rows_per_second",
        "COPY under load, 4 connections, rows/s",
        0,
        |round| Some(round.copies.four_connections.rows_per_second),
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
        |round| Some(round.null_subscriber.messages_per_second),
    ),
    figure(
        RATIO_TO_COPY,
        "÷ COPY under load, 1 connection",
        3,
        |round| {
            Some(round.end_to_end.readings_per_second / round.copies.one_connection.rows_per_second)
        },
    ),
    figure(
        RATIO_TO_BEST_COPY,
        "÷ the best COPY under load (≥ 0.9)",
        3,
        |round| Some(round.end_to_end.readings_per_second / round.copies.best_rows_per_second()),
    ),
    figure(RATIO_TO_NULL_SUBSCRIBER, "÷ null subscriber", 3, |round| {
        Some(round.messages_per_second() / round.null_subscriber.messages_per_second)
    }),
    figure("ratio_to_copy_alone", "÷ COPY alone", 3, |round| {
        Some(round.end_to_end.readings_per_second / round.copy_alone_rows_per_second)
    }),
    figure(
        "load_share",
        "load reached during COPY, 1 connection",
        3,
        |round| Some(round.copies.one_connection.load_share),
    ),
    figure(
        "load_share_2_connections",
        "load reached during COPY, 2 connections",
        3,
        |round| Some(round.copies.two_connections.load_share),
    ),
    figure(
        "load_share_4_connections",
        "load reached during COPY, 4 connections",
        3,
        |round| Some(round.copies.four_connections.load_share),
    ),
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
        "null_subscriber_cpu_microseconds_per_message",
        "null subscriber CPU, µs/message",
        2,
        |round| Some(round.null_subscriber.cpu_microseconds_per_message),
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
    figure("intake_pauses", "pauses at the memory bound", 0, |round| {
        Some(round.end_to_end.intake_pauses)
    }),
    figure("write_retries", "write retries", 0, |round| {
        Some(round.end_to_end.write_retries)
    }),
];

impl Round {
    fn messages_per_second(&self) -> f64 {
        self.end_to_end.readings_per_second / self.readings_per_message
    }

    /// CPU is measured over the whole measured time, so it is divided by all its readings.
    fn microseconds_per_reading(&self, cpu_seconds: f64) -> Option<f64> {
        Some(cpu_seconds * 1e6 / self.end_to_end.readings)
    }
}

/// Smallest, median and largest value of the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Spread {
    pub(super) min: f64,
    pub(super) median: f64,
    pub(super) max: f64,
}

impl Spread {
    /// `None` for no values.
    pub(super) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let count = values.len();
        Some(Self {
            min: *values.first()?,
            median: f64::midpoint(*values.get((count - 1) / 2)?, *values.get(count / 2)?),
            max: *values.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_min_median_and_max() {
        let spread = |values: &[f64]| Spread::of(values.to_vec());
        assert_eq!(spread(&[]), None);
        let three = spread(&[3.0, 1.0, 2.0]).unwrap();
        assert_eq!((three.min, three.median, three.max), (1.0, 2.0, 3.0));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]).unwrap().median, 2.5);
    }
}
