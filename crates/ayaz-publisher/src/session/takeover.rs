//! Whether another connection takes ours over again and again.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// A broker that ends an accepted connection so often within so long is taken to serve another
/// connection in its place: not every broker says so in a way that the MQTT library hears, Mosquitto
/// among them, and none restarts that often.
const LOSSES: usize = 3;
const WITHIN: Duration = Duration::from_secs(60);

/// When connections that the broker had accepted were lost, the latest last.
#[derive(Debug, Default)]
pub(crate) struct Takeovers {
    losses: VecDeque<Instant>,
}

impl Takeovers {
    /// A connection was lost at `now`, and the broker may have told that it was taken over. Returns
    /// whether it was.
    pub(crate) fn lost(&mut self, told: bool, now: Instant) -> bool {
        self.losses.retain(|at| now.duration_since(*at) <= WITHIN);
        if self.losses.len() == LOSSES {
            self.losses.pop_front();
        }
        self.losses.push_back(now);
        told || self.losses.len() == LOSSES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_is_lost_again_and_again_is_taken_over() {
        let start = Instant::now();
        let mut takeovers = Takeovers::default();
        let mut lost =
            |second: u64, told| takeovers.lost(told, start + Duration::from_secs(second));
        assert!(!lost(0, false) && !lost(1, false), "a restart or two");
        assert!(lost(2, false) && lost(50, false), "a fight");
        assert!(!lost(500, false), "long ago");
        assert!(lost(1_000, true), "the broker told");
    }
}
