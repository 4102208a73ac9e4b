//! Detects that received messages are not stored, also when a writer hangs or the database never
//! answers, so that no error is reported.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use ayaz_daemon::admin::Readiness;
use tokio::time::Instant;

/// The part of the daemon's readiness for this.
pub const PART: &str = "storing";

/// How often it is checked.
const TICK: Duration = Duration::from_millis(500);

/// How much waits to be stored, and when something was last stored.
#[derive(Debug, Clone)]
pub struct Progress {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    started: Instant,
    outstanding_bytes: AtomicUsize,
    /// Milliseconds from `started` to when something was last stored, or the wait began.
    progress_at_ms: AtomicU64,
}

impl Progress {
    /// Starts with nothing waiting.
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                started: Instant::now(),
                outstanding_bytes: AtomicUsize::new(0),
                progress_at_ms: AtomicU64::new(0),
            }),
        }
    }

    /// Sets the bytes that wait now, and whether something was stored since the last call.
    pub(crate) fn update(&self, bytes: usize, stored: bool) {
        let before = self.shared.outstanding_bytes.swap(bytes, Ordering::Relaxed);
        if stored || before == 0 {
            let elapsed = self.shared.started.elapsed().as_millis() as u64;
            self.shared.progress_at_ms.store(elapsed, Ordering::Relaxed);
        }
    }

    /// How long messages have waited while nothing was stored; `None` if no message waits.
    fn stalled_for(&self) -> Option<Duration> {
        let waiting = self.shared.outstanding_bytes.load(Ordering::Relaxed) > 0;
        let progress_at = Duration::from_millis(self.shared.progress_at_ms.load(Ordering::Relaxed));
        waiting.then(|| self.shared.started.elapsed().saturating_sub(progress_at))
    }

    /// Updates the readiness until it is dropped.
    pub async fn watch(self, stall_after: Duration, readiness: Readiness) {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            match self.stalled_for() {
                // The text has no elapsed time, so that the reason stays the same.
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
    async fn a_wait_without_stored_messages_is_a_stall() {
        let progress = Progress::new();
        let pass = |seconds| tokio::time::advance(Duration::from_secs(seconds));
        pass(100).await;
        assert_eq!(progress.stalled_for(), None, "nothing waits");
        progress.update(10, false);
        pass(5).await;
        progress.update(20, false);
        pass(5).await;
        assert_eq!(progress.stalled_for(), Some(Duration::from_secs(10)));
        progress.update(15, true);
        assert_eq!(progress.stalled_for(), Some(Duration::ZERO));
        pass(3).await;
        progress.update(0, true);
        assert_eq!(progress.stalled_for(), None);
        pass(50).await;
        progress.update(1, false);
        assert_eq!(
            progress.stalled_for(),
            Some(Duration::ZERO),
            "the message has just arrived"
        );
    }
}
