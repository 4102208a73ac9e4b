//! Unsubscribes from the subscriptions that an earlier configuration left in the session. Keeps its state
//! over all connections, so that a broker that refuses is not asked for every message.

use std::collections::HashMap;

use super::MqttConfig;
use super::topics::Topics;
use crate::metrics;

/// Maximum of attempts to unsubscribe.
const ATTEMPTS_MAX: u8 = 3;

/// Maximum of remembered topics, without the vehicle. Ayaz has three for each fleet.
const REMEMBERED_MAX: usize = 256;

#[derive(Debug)]
pub(super) struct OldSubscriptions {
    topics: Topics,
    likely: Vec<String>,
    likely_attempts: u8,
    /// Attempts by topic without its vehicle.
    found: HashMap<Vec<u8>, Attempts>,
}

#[derive(Debug, Default)]
struct Attempts {
    count: u8,
    /// The connection of the last attempt.
    epoch: u64,
}

impl OldSubscriptions {
    pub(super) fn new(config: &MqttConfig) -> Self {
        Self {
            topics: Topics::new(config),
            likely: Topics::likely_old_filters(config),
            likely_attempts: 0,
            found: HashMap::new(),
        }
    }

    /// Filters to unsubscribe from after the broker resumed the session.
    pub(super) fn on_resume(&mut self) -> &[String] {
        if self.likely_attempts == ATTEMPTS_MAX {
            return &[];
        }
        self.likely_attempts += 1;
        &self.likely
    }

    /// Filters to unsubscribe from after a message of this topic arrived on this connection.
    pub(super) fn on_message(&mut self, topic: &[u8], epoch: u64) -> Vec<String> {
        if self.topics.contains(topic) {
            return Vec::new();
        }
        metrics::add(metrics::MESSAGES_UNNAMED, 1);
        let key = without_vehicle(topic);
        if !self.found.contains_key(&key) && self.found.len() == REMEMBERED_MAX {
            return Vec::new();
        }
        let attempts = self.found.entry(key).or_default();
        if attempts.count == ATTEMPTS_MAX || (attempts.count > 0 && attempts.epoch == epoch) {
            return Vec::new();
        }
        if attempts.count == 0 {
            tracing::warn!(
                topic = %String::from_utf8_lossy(topic),
                "received a message on a topic that mqtt.fleets does not name: the session has an old \
                 subscription; unsubscribing, and storing the message"
            );
        }
        attempts.count += 1;
        attempts.epoch = epoch;
        self.topics.matching_filters(topic)
    }
}

/// `ayaz/v1/{fleet}/{vehicle}/{kind}` without the fourth level.
fn without_vehicle(topic: &[u8]) -> Vec<u8> {
    let levels = topic.split(|byte| *byte == b'/').enumerate();
    let others = levels.filter(|(index, _)| *index != 3);
    others
        .map(|(_, level)| level)
        .collect::<Vec<_>>()
        .join(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old_subscriptions() -> OldSubscriptions {
        let config = r#"{ "url": "mqtt://127.0.0.1", "fleets": ["astana"] }"#;
        OldSubscriptions::new(&serde_json::from_str(config).unwrap())
    }

    #[test]
    fn each_topic_is_unsubscribed_once_per_connection_and_three_times_in_total() {
        let mut old_subscriptions = old_subscriptions();
        assert!(
            old_subscriptions
                .on_message(b"ayaz/v1/astana/a/telemetry", 1)
                .is_empty()
        );
        for epoch in 1..=3 {
            let filters = old_subscriptions.on_message(b"ayaz/v1/almaty/a/telemetry", epoch);
            let expected = "ayaz/v1/almaty/+/telemetry";
            assert!(filters.iter().any(|it| it == expected), "{filters:?}");
            for vehicle in ["a", "b"] {
                let topic = format!("ayaz/v1/almaty/{vehicle}/telemetry");
                assert!(
                    old_subscriptions
                        .on_message(topic.as_bytes(), epoch)
                        .is_empty()
                );
            }
        }
        assert!(
            old_subscriptions
                .on_message(b"ayaz/v1/almaty/a/telemetry", 4)
                .is_empty()
        );
        assert!(
            !old_subscriptions
                .on_message(b"ayaz/v1/almaty/a/cells", 4)
                .is_empty()
        );
    }

    #[test]
    fn the_number_of_remembered_topics_is_limited() {
        let mut old_subscriptions = old_subscriptions();
        for number in 0..1_000 {
            old_subscriptions.on_message(format!("ayaz/v1/f{number}/a/cells").as_bytes(), 1);
        }
        assert_eq!(old_subscriptions.found.len(), REMEMBERED_MAX);
        assert!(old_subscriptions.on_message(b"another/topic", 1).is_empty());
        for _ in 0..3 {
            assert_eq!(old_subscriptions.on_resume().len(), 3);
        }
        assert!(old_subscriptions.on_resume().is_empty());
    }
}
