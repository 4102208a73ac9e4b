//! How long to wait before connecting again.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::MqttConfig;

/// Two daemons with one client id throw each other out at every connect. The first wait, and the
/// longest: each takeover costs a redelivery, and if the other has gone, we are the one to work.
const TAKEOVER_MIN: Duration = Duration::from_secs(5);
const TAKEOVER_MAX: Duration = Duration::from_secs(300);

/// Delays that double up to a cap, with jitter. Those after a loss start anew after a connection
/// that worked; those after a takeover only when there was none for long.
pub(super) struct Delays {
    loss: Doubling,
    takeover: Doubling,
    taken_over_at: Option<Instant>,
}

impl Delays {
    pub(super) fn new(config: &MqttConfig) -> Self {
        Self {
            loss: Doubling::new(
                Duration::from_millis(config.reconnect_delay_min_ms),
                Duration::from_millis(config.reconnect_delay_max_ms),
            ),
            takeover: Doubling::new(TAKEOVER_MIN, TAKEOVER_MAX),
            taken_over_at: None,
        }
    }

    /// The broker had accepted the connection.
    pub(super) fn worked(&mut self) {
        self.loss.restart();
    }

    pub(super) fn after_loss(&mut self) -> Duration {
        self.loss.next()
    }

    pub(super) fn after_takeover(&mut self) -> Duration {
        let last = self.taken_over_at.replace(Instant::now());
        if last.is_none_or(|last| last.elapsed() > 2 * TAKEOVER_MAX) {
            self.takeover.restart();
        }
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
