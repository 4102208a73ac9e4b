//! How long to wait before connecting again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::MqttConfig;

/// The first wait after a takeover.
const TAKEOVER_MIN: Duration = Duration::from_secs(2);

/// A broker that closes the connection so often within so long is taken to serve another client
/// with our id: not every broker says so, as Mosquitto does, and none restarts that often.
const CLOSURES_MAX: usize = 3;
const CLOSURES_WITHIN: Duration = Duration::from_secs(300);

/// Delays that double up to a cap, with jitter. Those after a loss start anew after a connection
/// that worked; those after a takeover only when there was none for long.
pub(super) struct Delays {
    loss: Doubling,
    takeover: Doubling,
    /// When the broker closed a connection, the latest last.
    closures: VecDeque<Instant>,
}

impl Delays {
    pub(super) fn new(config: &MqttConfig) -> Self {
        let takeover_max = Duration::from_millis(config.takeover_delay_max_ms);
        Self {
            loss: Doubling::new(
                Duration::from_millis(config.reconnect_delay_min_ms),
                Duration::from_millis(config.reconnect_delay_max_ms),
            ),
            takeover: Doubling::new(TAKEOVER_MIN.min(takeover_max), takeover_max),
            closures: VecDeque::new(),
        }
    }

    /// The broker had accepted the connection.
    pub(super) fn worked(&mut self) {
        self.loss.restart();
    }

    pub(super) fn after_loss(&mut self) -> Duration {
        self.loss.next()
    }

    /// The broker has closed the connection at `now`. Whether that is so often that another client
    /// must be using our id.
    pub(super) fn closed_too_often(&mut self, now: Instant) -> bool {
        let recent = |at: &Instant| now.duration_since(*at) <= CLOSURES_WITHIN;
        self.closures.retain(recent);
        if self.closures.is_empty() {
            self.takeover.restart();
        }
        if self.closures.len() == CLOSURES_MAX {
            self.closures.pop_front();
        }
        self.closures.push_back(now);
        self.closures.len() == CLOSURES_MAX
    }

    /// Each takeover costs a redelivery; and if the other has gone, we are the one to work.
    pub(super) fn after_takeover(&mut self) -> Duration {
        self.takeover.next()
    }
}

struct Doubling {
    builder: ExponentialBuilder,
    delays: ExponentialBackoff,
    longest: Duration,
}

impl Doubling {
    fn new(shortest: Duration, longest: Duration) -> Self {
        let builder = ExponentialBuilder::new()
            .with_min_delay(shortest)
            .with_max_delay(longest)
            .with_jitter()
            .without_max_times();
        Self {
            builder,
            delays: builder.build(),
            longest,
        }
    }

    fn restart(&mut self) {
        self.delays = self.builder.build();
    }

    /// The jitter comes on top of a delay, so the longest would be exceeded by it.
    fn next(&mut self) -> Duration {
        self.delays.next().unwrap_or(self.longest).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_closes_again_and_again_serves_another_client_with_our_id() {
        let config: MqttConfig = serde_json::from_str(r#"{ "url": "mqtt://127.0.0.1" }"#).unwrap();
        let mut delays = Delays::new(&config);
        let start = Instant::now();
        let mut closed = |second| delays.closed_too_often(start + Duration::from_secs(second));
        assert!(!closed(0) && !closed(1), "a restart or two");
        assert!(closed(2) && closed(60) && closed(200), "a fight");
        assert!(!closed(1_000), "long ago");
    }
}
