//! Estimates the remaining time of the bench.

use std::time::{Duration, Instant};

/// Writes the current step and the remaining time to standard error.
pub(super) struct Remaining {
    runs: u32,
    done: u32,
    /// Expected time of a run, before the first one has ended.
    expected: Duration,
    started: Instant,
}

impl Remaining {
    /// Time of a run beside warm-up and measurement: create, drain, verify and remove.
    const AROUND_A_RUN: Duration = Duration::from_secs(8);

    /// Starts an estimate for this many runs, each with this warm-up and measured time.
    pub(super) fn new(runs: u32, measured: Duration) -> Self {
        Self {
            runs,
            done: 0,
            expected: measured + Self::AROUND_A_RUN,
            started: Instant::now(),
        }
    }

    pub(super) fn done(&mut self, runs: u32) {
        self.done += runs;
    }

    pub(super) fn note(&self, what: std::fmt::Arguments<'_>) {
        let each = match self.done {
            0 => self.expected,
            done => self.started.elapsed() / done,
        };
        let minutes = (each * (self.runs - self.done)).as_secs_f64() / 60.0;
        ayaz_daemon::note!("{what} (about {minutes:.0} min left)");
    }
}
