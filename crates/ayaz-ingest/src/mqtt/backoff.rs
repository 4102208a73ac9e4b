//! The wait before the next connection.

use std::time::{Duration, Instant};

use ayaz_mqtt::TakeoverDetector;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::MqttConfig;

/// The first wait after a take-over.
const TAKEOVER_MIN: Duration = Duration::from_secs(2);

/// The window for [`TakeoverDetector`]. Longer than that of a publisher, since the waits after a
/// take-over are longer.
const TAKEOVER_WINDOW: Duration = Duration::from_secs(300);

/// Delays that double up to a maximum, with jitter. The delay after a loss is reset by an established
/// connection; the delay after a take-over only after [`TAKEOVER_WINDOW`] without a closure.
pub(super) struct Delays {
    loss: Doubling,
    takeover: Doubling,
    closures: TakeoverDetector,
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
            closures: TakeoverDetector::new(TAKEOVER_WINDOW),
        }
    }

    /// Resets the delay after a loss. The connection was established.
    pub(super) fn reset(&mut self) {
        self.loss.restart();
    }

    pub(super) fn after_loss(&mut self) -> Duration {
        self.loss.next()
    }

    /// Records that the broker closed the connection. Returns whether another client uses our id.
    pub(super) fn is_takeover(&mut self, now: Instant) -> bool {
        if self.closures.is_quiet(now) {
            self.takeover.restart();
        }
        self.closures.lost(now)
    }

    /// The delay after a take-over. Each take-over costs a redelivery, but the other client may be gone.
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

    /// Jitter is added to a delay, so the sum is limited again.
    fn next(&mut self) -> Duration {
        self.delays.next().unwrap_or(self.longest).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_closures_within_five_minutes_are_a_takeover() {
        let config: MqttConfig = serde_json::from_str(r#"{ "url": "mqtt://127.0.0.1" }"#).unwrap();
        let mut delays = Delays::new(&config);
        let start = Instant::now();
        let mut closed = |second| delays.is_takeover(start + Duration::from_secs(second));
        assert!(!closed(0) && !closed(1), "the broker may have restarted");
        assert!(closed(2) && closed(60) && closed(200));
        assert!(!closed(1_000), "the earlier closures are too old");
    }
}
