//! Taking back subscriptions that an earlier configuration left in the session. Outlives connections,
//! so that a broker that does not let go of one is not asked with every message.

use std::collections::HashMap;

use super::MqttConfig;
use super::topics::Topics;
use crate::metrics;

/// How often a subscription is taken back before it is left alone.
const ATTEMPTS_MAX: u8 = 3;

/// Most kinds of topics that are remembered. Ayaz itself never left more than three for a fleet.
const REMEMBERED_MAX: usize = 256;

#[derive(Debug)]
pub(super) struct Leftovers {
    topics: Topics,
    likely: Vec<String>,
    likely_attempts: u8,
    /// By topic without its vehicle.
    found: HashMap<Vec<u8>, Attempts>,
}

#[derive(Debug, Default)]
struct Attempts {
    count: u8,
    /// The connection of the last one.
    epoch: u64,
}

impl Leftovers {
    pub(super) fn of(config: &MqttConfig) -> Self {
        Self {
            topics: Topics::new(config),
            likely: Topics::likely_leftovers(config),
            likely_attempts: 0,
            found: HashMap::new(),
        }
    }

    /// Filters to take back on a connection whose session is older than it.
    pub(super) fn when_resumed(&mut self) -> &[String] {
        if self.likely_attempts == ATTEMPTS_MAX {
            return &[];
        }
        self.likely_attempts += 1;
        &self.likely
    }

    /// Filters to take back now that a message of this topic has come over this connection.
    pub(super) fn when_received(&mut self, topic: &[u8], epoch: u64) -> Vec<String> {
        if self.topics.names(topic) {
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
                "a message of a topic that mqtt.fleets does not name: the session has another \
                 subscription, which is taken back; what has come is stored"
            );
        }
        attempts.count += 1;
        attempts.epoch = epoch;
        self.topics.filters_of(topic)
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

    fn leftovers() -> Leftovers {
        let config = r#"{ "url": "mqtt://127.0.0.1", "fleets": ["astana"] }"#;
        Leftovers::of(&serde_json::from_str(config).unwrap())
    }

    #[test]
    fn each_kind_of_topic_is_taken_back_once_a_connection_and_three_times_in_all() {
        let mut leftovers = leftovers();
        assert!(
            leftovers
                .when_received(b"ayaz/v1/astana/a/telemetry", 1)
                .is_empty()
        );
        for epoch in 1..=3 {
            let filters = leftovers.when_received(b"ayaz/v1/almaty/a/telemetry", epoch);
            let expected = "ayaz/v1/almaty/+/telemetry";
            assert!(filters.iter().any(|it| it == expected), "{filters:?}");
            for vehicle in ["a", "b"] {
                let topic = format!("ayaz/v1/almaty/{vehicle}/telemetry");
                assert!(leftovers.when_received(topic.as_bytes(), epoch).is_empty());
            }
        }
        assert!(
            leftovers
                .when_received(b"ayaz/v1/almaty/a/telemetry", 4)
                .is_empty()
        );
        assert!(
            !leftovers
                .when_received(b"ayaz/v1/almaty/a/cells", 4)
                .is_empty()
        );
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut leftovers = leftovers();
        for number in 0..1_000 {
            leftovers.when_received(format!("ayaz/v1/f{number}/a/cells").as_bytes(), 1);
        }
        assert_eq!(leftovers.found.len(), REMEMBERED_MAX);
        assert!(leftovers.when_received(b"another/topic", 1).is_empty());
        for _ in 0..3 {
            assert_eq!(leftovers.when_resumed().len(), 3);
        }
        assert!(leftovers.when_resumed().is_empty());
    }
}
