//! How long to wait before connecting again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::MqttConfig;

/// Delays that double up to a cap, with jitter, and start anew after a connection that worked.
pub(super) struct Delays {
    builder: ExponentialBuilder,
    delays: ExponentialBackoff,
    longest: Duration,
}

impl Delays {
    pub(super) fn new(config: &MqttConfig) -> Self {
        let longest = Duration::from_millis(config.reconnect_delay_max_ms);
        let builder = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(config.reconnect_delay_min_ms))
            .with_max_delay(longest)
            .with_jitter()
            .without_max_times();
        Self {
            builder,
            delays: builder.build(),
            longest,
        }
    }

    pub(super) fn reset(&mut self) {
        self.delays = self.builder.build();
    }

    pub(super) fn next(&mut self) -> Duration {
        self.delays.next().unwrap_or(self.longest)
    }
}
