//! Asking the broker whether it is there.

use std::time::Duration;

use rumqttc::v5::mqttbytes::v5::ConnAck;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::MqttConfig;

/// Asks the broker twice in a keep-alive whether it is there.
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

    /// Time to ask.
    pub(super) async fn tick(&mut self) {
        self.ticks.tick().await;
    }

    pub(super) fn heard(&mut self) {
        self.unanswered = 0;
    }

    /// Counts another question; an error is for how long too many were not answered.
    pub(super) fn must_have_heard(&mut self) -> Result<(), Duration> {
        if self.unanswered >= Self::UNANSWERED_MAX {
            return Err(self.ticks.period() * self.unanswered);
        }
        self.unanswered += 1;
        Ok(())
    }
}

/// Of what we ask for and what the broker demands: with a longer one than ours we would learn of a
/// dead connection later than the operator wants, and nobody minds more pings.
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
    fn the_shorter_keep_alive_counts() {
        let config: MqttConfig = serde_json::from_str(r#"{ "url": "mqtt://127.0.0.1" }"#).unwrap();
        for (demanded, expected) in [(0, 30), (10, 10), (30, 30), (65_535, 30)] {
            let seconds = shorter(&config, &demanding(demanded)).as_secs();
            assert_eq!(seconds, expected, "{demanded} s demanded");
        }
    }
}
