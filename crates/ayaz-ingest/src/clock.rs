//! Selects the reference clock for checks of a reading's time.
//!
//! The reference is the daemon's clock while it agrees with the database's clock. If the two differ by
//! more than a limit, the reference is the **database's clock**, since all daemons and all queries share
//! it. It also sets the time of receipt. The daemon is then not ready, and reports the difference. If the
//! database's clock was wrong, `ayaz readings reassess` checks the readings that are set aside again.
//!
//! No reading is checked before the first comparison. A comparison that took longer than the limit has no
//! result: the reference is then the daemon's clock, and the daemon is not ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use ayaz_daemon::admin::Readiness;
use ayaz_model::UnixMicroseconds;
use ayaz_store::ingest::ClockOffset;
use serde::Deserialize;

use crate::metrics;

/// The part of the daemon's readiness for this.
pub const PART: &str = "clock";

/// How often the clocks are compared, in addition to each new connection.
pub const COMPARE_INTERVAL: Duration = Duration::from_secs(30);

/// Limits on the difference of the clocks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockConfig {
    /// With a larger difference the daemon is not ready, and uses the database's clock.
    pub offset_max_ms: u32,
    /// For tests only: seconds added to the daemon's clock.
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

/// The reference clock.
#[derive(Debug, Clone)]
pub struct Clock {
    offset_max_microseconds: i64,
    shift_microseconds: i64,
    /// How far the daemon's clock is ahead of the reference, µs.
    ahead_microseconds: Arc<AtomicI64>,
    readiness: Readiness,
}

impl Clock {
    /// A clock before the first comparison.
    pub fn new(config: &ClockConfig, readiness: Readiness) -> Self {
        Self {
            offset_max_microseconds: i64::from(config.offset_max_ms) * 1_000,
            shift_microseconds: config.test_shift_s.saturating_mul(1_000_000),
            ahead_microseconds: Arc::default(),
            readiness,
        }
    }

    /// The time of the reference clock when this machine's clock shows `at`.
    pub fn reference_time(&self, at: UnixMicroseconds) -> UnixMicroseconds {
        at.plus(self.shift_microseconds)
            .plus(self.ahead_microseconds.load(Relaxed).saturating_neg())
    }

    /// Updates the reference after a comparison of the clocks.
    pub fn compared(&self, offset: ClockOffset) {
        let ahead = offset
            .ahead_microseconds
            .saturating_add(self.shift_microseconds);
        metrics::set(metrics::CLOCK_OFFSET, ahead as f64 / 1e6);
        let difference_min = ahead.saturating_abs() - offset.uncertainty_microseconds;
        if difference_min > self.offset_max_microseconds {
            self.ahead_microseconds.store(ahead, Relaxed);
            let seconds = (ahead as f64 / 1e6).abs();
            let side = if ahead > 0 { "ahead of" } else { "behind" };
            self.readiness.not_ready(
                PART,
                format!(
                    "this machine's clock is {seconds:.0} s {side} the database's clock, which is used \
                     to check the times of readings: correct the wrong clock; if that is the \
                     database's, then run `ayaz readings reassess`"
                ),
            );
        } else if offset.uncertainty_microseconds <= self.offset_max_microseconds {
            self.ahead_microseconds.store(0, Relaxed);
            self.readiness.ready(PART);
        } else if self.ahead_microseconds.load(Relaxed) == 0
            && self.readiness.reasons().contains_key(PART)
        {
            // The answer took too long to give a result, and there is no earlier one.
            self.readiness.not_ready(
                PART,
                "the database answers too slowly to compare the clocks; the daemon tries again",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn check(clock: &Clock, ahead_s: i64, uncertainty_s: i64, reference_s: i64) {
        clock.compared(ClockOffset {
            ahead_microseconds: ahead_s * SECOND,
            uncertainty_microseconds: uncertainty_s * SECOND,
        });
        let at = UnixMicroseconds(1_000_000 * SECOND);
        let seconds = (clock.reference_time(at).0 - at.0) / SECOND;
        assert_eq!(seconds, reference_s, "{ahead_s} ± {uncertainty_s} s ahead");
    }

    #[test]
    fn the_databases_clock_is_used_while_the_clocks_differ() {
        let config = ClockConfig::default();
        let readiness = Readiness::waiting_for(&[PART]);
        let clock = Clock::new(&config, readiness.clone());
        check(&clock, 0, 40, 0);
        assert!(readiness.reasons()[PART].contains("too slowly"));
        check(&clock, 3, 0, 0);
        assert!(readiness.reasons().is_empty());
        check(&clock, -3_600, 1, 3_600);
        assert!(readiness.reasons()[PART].contains("3600 s behind"));
        // A slow answer changes nothing.
        check(&clock, 20, 40, 3_600);
        assert!(readiness.reasons()[PART].contains("3600 s behind"));
        check(&clock, 7_200, 1, -7_200);
        check(&clock, -4, 2, 0);
        assert!(readiness.reasons().is_empty());
        // The arithmetic does not overflow.
        clock.compared(ClockOffset {
            ahead_microseconds: i64::MIN,
            uncertainty_microseconds: 0,
        });
        clock.reference_time(UnixMicroseconds(i64::MAX));
    }

    #[test]
    fn a_shift_for_a_test_is_corrected_too() {
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
