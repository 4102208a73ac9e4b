//! Detects that another client connects with our client id again and again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Not every broker reports a take-over in a way that the MQTT library can read. None restarts this
/// often within a few minutes.
const LOSSES: usize = 3;

/// Counts how often the broker ended a connection that it had accepted.
#[derive(Debug)]
pub struct TakeoverDetector {
    window: Duration,
    /// The latest losses in the window, oldest first; at most [`LOSSES`].
    losses: VecDeque<Instant>,
}

impl TakeoverDetector {
    /// Three losses within the window are a take-over. The window must be longer than three waits
    /// between connections.
    pub fn new(window: Duration) -> Self {
        Self {
            window,
            losses: VecDeque::new(),
        }
    }

    /// Whether no connection was lost in the window before `now`.
    pub fn is_quiet(&mut self, now: Instant) -> bool {
        let window = self.window;
        self.losses.retain(|at| now.duration_since(*at) <= window);
        self.losses.is_empty()
    }

    /// Records a lost connection. Returns whether this is a take-over.
    pub fn lost(&mut self, now: Instant) -> bool {
        self.is_quiet(now);
        if self.losses.len() == LOSSES {
            self.losses.pop_front();
        }
        self.losses.push_back(now);
        self.losses.len() == LOSSES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_losses_within_the_window_are_a_take_over() {
        let start = Instant::now();
        let mut detector = TakeoverDetector::new(Duration::from_secs(60));
        let mut lost = |second: u64| detector.lost(start + Duration::from_secs(second));
        assert!(!lost(0) && !lost(1), "the broker may have restarted");
        assert!(lost(2) && lost(50));
        assert!(!lost(500), "the earlier losses are out of the window");
        assert!(!detector.is_quiet(start + Duration::from_secs(560)));
        assert!(detector.is_quiet(start + Duration::from_secs(561)));
    }
}
