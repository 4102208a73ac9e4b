//! Which clock decides whether a reading's time is believed.
//!
//! The daemon's own, while it agrees with the database's. Where the two differ by more than a bound,
//! nobody here can know which of them is right, and the **database's decides**: all daemons share it, and
//! everything that reads the tables compares with it, so what is "now" stays one thing. Readings are then
//! noted as received by it too. The daemon is not ready meanwhile, and says by how much the clocks differ.
//! If it is the database's clock that was wrong, or both were, `ayaz readings reassess` judges again what
//! was set aside.
//!
//! Until the clocks have been compared for the first time nothing is judged. A comparison that took longer
//! than the bound tells nothing: the daemon's clock decides then, and the daemon is not ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use ayaz_daemon::admin::Readiness;
use ayaz_model::UnixMicroseconds;
use ayaz_store::ingest::ClockOffset;
use serde::Deserialize;

use crate::metrics;

/// The part of the daemon's readiness that this speaks for.
pub const PART: &str = "clock";

/// How often the clocks are compared, besides at each connection.
pub const COMPARED_EVERY: Duration = Duration::from_secs(30);

/// How far clocks may differ.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockConfig {
    /// Beyond that the daemon is not ready, and the database's clock decides.
    pub offset_max_ms: u32,
    /// For tests only: the daemon's clock is taken to be so much ahead, s.
    pub test_shift_s: i64,
}

impl Default for ClockConfig {
    fn default() -> Self {
        Self {
            offset_max_ms: 5_000,
            test_shift_s: 0,
        }
    }
}

/// The clock by which readings are judged.
#[derive(Debug, Clone)]
pub struct Clock {
    offset_max_microseconds: i64,
    shift_microseconds: i64,
    /// How far the daemon's clock is ahead of the one that decides, µs.
    ahead_microseconds: Arc<AtomicI64>,
    readiness: Readiness,
}

impl Clock {
    /// One that has not been compared yet.
    pub fn new(config: &ClockConfig, readiness: Readiness) -> Self {
        Self {
            offset_max_microseconds: i64::from(config.offset_max_ms) * 1_000,
            shift_microseconds: config.test_shift_s.saturating_mul(1_000_000),
            ahead_microseconds: Arc::default(),
            readiness,
        }
    }

    /// What the clock that decides shows, when the machine's shows `at`.
    pub fn decides(&self, at: UnixMicroseconds) -> UnixMicroseconds {
        at.plus(self.shift_microseconds)
            .plus(self.ahead_microseconds.load(Relaxed).saturating_neg())
    }

    /// Takes in how far the machine's clock is from the database's.
    pub fn compared(&self, offset: ClockOffset) {
        let ahead = offset
            .ahead_microseconds
            .saturating_add(self.shift_microseconds);
        metrics::set(metrics::CLOCK_OFFSET, ahead as f64 / 1e6);
        let differs_surely = ahead.saturating_abs() - offset.uncertainty_microseconds;
        if differs_surely > self.offset_max_microseconds {
            self.ahead_microseconds.store(ahead, Relaxed);
            let seconds = (ahead as f64 / 1e6).abs();
            let side = if ahead > 0 { "ahead of" } else { "behind" };
            self.readiness.not_ready(
                PART,
                format!(
                    "this machine's clock is {seconds:.0} s {side} the database's, which decides \
                     meanwhile whether a reading's time is believed: set the one that is wrong; if it \
                     is the database's, see `ayaz readings reassess` then"
                ),
            );
        } else if offset.uncertainty_microseconds <= self.offset_max_microseconds {
            self.ahead_microseconds.store(0, Relaxed);
            self.readiness.ready(PART);
        } else if self.ahead_microseconds.load(Relaxed) == 0
            && self.readiness.reasons().contains_key(PART)
        {
            // The answer took so long that it says nothing, and nothing was known before.
            self.readiness.not_ready(
                PART,
                "the database answers too slowly to compare the clocks; it is tried again",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn check(clock: &Clock, ahead_s: i64, uncertainty_s: i64, decides_s: i64) {
        clock.compared(ClockOffset {
            ahead_microseconds: ahead_s * SECOND,
            uncertainty_microseconds: uncertainty_s * SECOND,
        });
        let at = UnixMicroseconds(1_000_000 * SECOND);
        let seconds = (clock.decides(at).0 - at.0) / SECOND;
        assert_eq!(seconds, decides_s, "{ahead_s} ± {uncertainty_s} s ahead");
    }

    #[test]
    fn the_database_decides_while_the_clocks_surely_differ() {
        let config = ClockConfig::default();
        let readiness = Readiness::waiting_for(&[PART]);
        let clock = Clock::new(&config, readiness.clone());
        check(&clock, 0, 40, 0);
        assert!(readiness.reasons()[PART].contains("too slowly"));
        check(&clock, 3, 0, 0);
        assert!(readiness.reasons().is_empty());
        check(&clock, -3_600, 1, 3_600);
        assert!(readiness.reasons()[PART].contains("3600 s behind"));
        // An answer that took long changes nothing.
        check(&clock, 20, 40, 3_600);
        assert!(readiness.reasons()[PART].contains("3600 s behind"));
        check(&clock, 7_200, 1, -7_200);
        check(&clock, -4, 2, 0);
        assert!(readiness.reasons().is_empty());
        // Nothing leaves the range.
        clock.compared(ClockOffset {
            ahead_microseconds: i64::MIN,
            uncertainty_microseconds: 0,
        });
        clock.decides(UnixMicroseconds(i64::MAX));
    }

    #[test]
    fn a_clock_that_is_shifted_for_a_test_is_put_right_too() {
        let config = ClockConfig {
            test_shift_s: -3_600,
            ..ClockConfig::default()
        };
        let clock = Clock::new(&config, Readiness::waiting_for(&[PART]));
        check(&clock, 0, 0, 0);
        let wide = ClockConfig {
            offset_max_ms: u32::MAX,
            ..config
        };
        let clock = Clock::new(&wide, Readiness::waiting_for(&[PART]));
        check(&clock, 0, 0, -3_600);
    }
}
