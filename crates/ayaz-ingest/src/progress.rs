//! Whether what arrives gets stored. A writer that hangs, or a database that never answers, shows
//! here even where no error is reported.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use ayaz_daemon::admin::Readiness;
use tokio::time::Instant;

/// The part of the daemon's readiness that this speaks for.
pub const PART: &str = "storing";

/// How often it is looked at.
const TICK: Duration = Duration::from_millis(500);

/// What is received and not yet stored, and since when nothing was.
#[derive(Debug, Clone)]
pub struct Progress {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    started: Instant,
    outstanding_bytes: AtomicUsize,
    /// Milliseconds from `started` to when something was last stored, or began to wait.
    moved_at_ms: AtomicU64,
}

impl Progress {
    /// Nothing is waiting.
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                started: Instant::now(),
                outstanding_bytes: AtomicUsize::new(0),
                moved_at_ms: AtomicU64::new(0),
            }),
        }
    }

    /// So much waits now; `stored` if something was stored since the last call.
    pub(crate) fn waits(&self, bytes: usize, stored: bool) {
        let before = self.shared.outstanding_bytes.swap(bytes, Ordering::Relaxed);
        if stored || before == 0 {
            let elapsed = self.shared.started.elapsed().as_millis() as u64;
            self.shared.moved_at_ms.store(elapsed, Ordering::Relaxed);
        }
    }

    /// How long something has waited while nothing was stored; `None` if nothing waits.
    fn stalled_for(&self) -> Option<Duration> {
        let waiting = self.shared.outstanding_bytes.load(Ordering::Relaxed) > 0;
        let moved_at = Duration::from_millis(self.shared.moved_at_ms.load(Ordering::Relaxed));
        waiting.then(|| self.shared.started.elapsed().saturating_sub(moved_at))
    }

    /// Keeps the readiness true, until dropped.
    pub async fn watch(self, stall_after: Duration, readiness: Readiness) {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            match self.stalled_for() {
                // The time is left out: a reason that changes all the time is logged all the time.
                Some(stalled) if stalled >= stall_after => readiness.not_ready(
                    PART,
                    format!("messages wait, and nothing was stored for {stall_after:?}"),
                ),
                _ => readiness.ready(PART),
            }
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_waiting_without_storing_is_a_stall() {
        let progress = Progress::new();
        let pass = |seconds| tokio::time::advance(Duration::from_secs(seconds));
        pass(100).await;
        assert_eq!(progress.stalled_for(), None, "nothing waits");
        progress.waits(10, false);
        pass(5).await;
        progress.waits(20, false);
        pass(5).await;
        assert_eq!(progress.stalled_for(), Some(Duration::from_secs(10)));
        progress.waits(15, true);
        assert_eq!(progress.stalled_for(), Some(Duration::ZERO));
        pass(3).await;
        progress.waits(0, true);
        assert_eq!(progress.stalled_for(), None);
        pass(50).await;
        progress.waits(1, false);
        assert_eq!(
            progress.stalled_for(),
            Some(Duration::ZERO),
            "it came just now"
        );
    }
}
