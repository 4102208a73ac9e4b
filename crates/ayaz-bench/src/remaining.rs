//! How long the bench will still take.

use std::time::{Duration, Instant};

/// What is being done and how long the rest will take, on standard error.
pub(super) struct Remaining {
    runs: u32,
    done: u32,
    /// Of a run that has not been measured yet.
    expected: Duration,
    started: Instant,
}

impl Remaining {
    /// Beside warm-up and measuring, a run creates, drains, verifies and removes.
    const AROUND_A_RUN: Duration = Duration::from_secs(8);

    /// For so many runs, each with so long a warm-up and time that is measured.
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

    pub(super) fn tell(&self, what: std::fmt::Arguments<'_>) {
        let each = match self.done {
            0 => self.expected,
            done => self.started.elapsed() / done,
        };
        let minutes = (each * (self.runs - self.done)).as_secs_f64() / 60.0;
        ayaz_daemon::note!("{what} (about {minutes:.0} min left)");
    }
}
