//! The table of the live part for people.

use super::super::aligned::{self, ABSENT};
use super::figures::{AGE_TARGET_SECONDS, CPU_TARGET_CORES, Phase, Report};

impl Report {
    pub(crate) fn table(&self) -> String {
        let phases = self.phases.iter().map(|phase| phase.name);
        let headings = ["figure"].into_iter().chain(phases).chain(["target"]);
        let mut table = aligned::table(headings.map(str::to_owned));
        let mut row = |figure: &str, show: &dyn Fn(&Phase) -> String, target: String| {
            let figures = self.phases.iter().map(show);
            table.add_row(
                [figure.to_owned()]
                    .into_iter()
                    .chain(figures)
                    .chain([target]),
            );
        };
        let ages = |median: f64, max: f64| format!("{median:.0} s, {max:.0} s");
        let cores = |cores: Option<f64>| {
            cores.map_or_else(|| ABSENT.to_owned(), |cores| format!("{cores:.2}"))
        };
        let none = String::new;
        row(
            "age of the oldest bus's views, median and maximum",
            &|p| {
                ages(
                    p.age_oldest_bus_median_seconds,
                    p.age_oldest_bus_max_seconds,
                )
            },
            format!("< {AGE_TARGET_SECONDS} s"),
        );
        row(
            "99th percentile of the age, median and maximum",
            &|p| ages(p.age_p99_median_seconds, p.age_p99_max_seconds),
            none(),
        );
        row("worker, cores", &|p| cores(Some(p.worker_cores)), none());
        row(
            "its part of PostgreSQL, cores",
            &|p| cores(p.worker_postgres_cores),
            none(),
        );
        row(
            "both, cores",
            &|p| cores(p.cores()),
            format!("≤ {CPU_TARGET_CORES} live"),
        );
        row(
            "both in the busiest minute",
            &|p| cores(p.busiest_minute_cores),
            none(),
        );
        row(
            "PostgreSQL for all else, cores",
            &|p| cores(p.other_postgres_cores),
            none(),
        );
        row(
            "late hours waiting at the end",
            &|p| p.late_hours_waiting.to_string(),
            none(),
        );
        let verdict = |holds: Option<bool>| match holds {
            Some(true) => "holds",
            Some(false) => "does not hold",
            None => "is not available",
        };
        format!(
            "{}\n{} buses, {} readings before, stored at {:.0} per second; the largest delay was \
             {:.1} s; the worker's memory peak was {:.0} MB\n\
             every view younger than a minute: {}\n\
             worker and its part of PostgreSQL on half a core, live: {}\n",
            aligned::lines(table),
            self.buses,
            self.readings_before,
            self.readings_before_per_second,
            self.feed_lag_max_seconds,
            self.worker_memory_peak_mb,
            verdict(Some(self.age_target_holds)),
            verdict(self.cpu_target_holds),
        )
    }
}
