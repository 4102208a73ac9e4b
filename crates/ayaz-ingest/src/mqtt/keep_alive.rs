//! Pings the broker.

use std::time::Duration;

use rumqttc::v5::mqttbytes::v5::ConnAck;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::MqttConfig;

/// Pings the broker twice in a keep-alive.
#[derive(Debug)]
pub(super) struct KeepAlive {
    ticks: Interval,
    unanswered: u32,
}

impl KeepAlive {
    const UNANSWERED_MAX: u32 = 2;

    pub(super) fn new(config: &MqttConfig, answer: &ConnAck) -> Self {
        let period = shorter(config, answer) / Self::UNANSWERED_MAX;
        let mut ticks = interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            ticks,
            unanswered: 0,
        }
    }

    /// Waits until the next ping.
    pub(super) async fn tick(&mut self) {
        self.ticks.tick().await;
    }

    pub(super) fn received(&mut self) {
        self.unanswered = 0;
    }

    /// Counts a ping. The error is the time without an answer, if it is too long.
    pub(super) fn count_ping(&mut self) -> Result<(), Duration> {
        if self.unanswered >= Self::UNANSWERED_MAX {
            return Err(self.ticks.period() * self.unanswered);
        }
        self.unanswered += 1;
        Ok(())
    }
}

/// The shorter keep-alive of ours and the broker's. A longer one would detect a dead connection later
/// than configured, and more pings do no harm.
fn shorter(config: &MqttConfig, answer: &ConnAck) -> Duration {
    let demanded = answer
        .properties
        .as_ref()
        .and_then(|properties| properties.server_keep_alive)
        .filter(|seconds| *seconds > 0);
    let seconds = demanded.map_or(config.keep_alive_s, |it| it.min(config.keep_alive_s));
    Duration::from_secs(seconds.into())
}

#[cfg(test)]
mod tests {
    use rumqttc::v5::mqttbytes::v5::{ConnAckProperties, ConnectReturnCode};

    use super::*;

    /// The answer of a broker that demands this keep-alive.
    fn demanding(seconds: u16) -> ConnAck {
        let mut property = bytes::Bytes::from([&[3, 0x13][..], &seconds.to_be_bytes()].concat());
        ConnAck {
            session_present: false,
            code: ConnectReturnCode::Success,
            properties: ConnAckProperties::read(&mut property).unwrap(),
        }
    }

    #[test]
    fn the_shorter_keep_alive_is_used() {
        let config: MqttConfig = serde_json::from_str(r#"{ "url": "mqtt://127.0.0.1" }"#).unwrap();
        for (demanded, expected) in [(0, 30), (10, 10), (30, 30), (65_535, 30)] {
            let seconds = shorter(&config, &demanding(demanded)).as_secs();
            assert_eq!(seconds, expected, "{demanded} s demanded");
        }
    }
}
