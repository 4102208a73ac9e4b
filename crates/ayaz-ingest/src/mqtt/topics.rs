//! The topics of the configuration, and the topic filters that match any other topic. Pure.
//!
//! The broker keeps subscriptions with the session. Those of an earlier configuration stay until
//! UNSUBSCRIBE, and a fleet that was removed would still be stored.

use std::collections::HashSet;

use ayaz_model::TopicKind;
use ayaz_model::topic;

use super::MqttConfig;

/// Topics with more levels are not ours, and too many filters match them.
const LEVELS_MAX: usize = 6;

/// No filter of ours matches longer topics.
const TOPIC_BYTES_MAX: usize = 256;

/// Maximum bytes of filters in one packet.
const PACKET_BYTES_MAX: usize = 8 * 1024;

/// Bytes of a packet without its filters, and of each filter without its text.
const PACKET_OVERHEAD_BYTES: usize = 16;
const FILTER_OVERHEAD_BYTES: usize = 3;

/// The topics of the configuration.
#[derive(Debug)]
pub(super) struct Topics {
    /// Empty means all.
    fleets: HashSet<Vec<u8>>,
    /// Prefixes of a filter: none, and the prefix of our shared group, if there is one.
    prefixes: Vec<String>,
}

impl Topics {
    pub(super) fn new(config: &MqttConfig) -> Self {
        let fleets = config.fleets.iter();
        let group = config.shared_group.as_str();
        let shared = (!group.is_empty()).then(|| format!("$share/{group}/"));
        Self {
            fleets: fleets.map(|it| it.as_str().as_bytes().to_vec()).collect(),
            prefixes: [String::new()].into_iter().chain(shared).collect(),
        }
    }

    /// Whether the topic belongs to the configuration. Fast, since it is called for every message.
    pub(super) fn contains(&self, topic: &[u8]) -> bool {
        topic::split(topic).is_some_and(|[fleet, _, kind]| {
            TopicKind::by_name(kind).is_some()
                && (self.fleets.is_empty() || self.fleets.contains(fleet))
        })
    }

    /// Filters that an earlier configuration probably left in the session: those of all fleets, and
    /// unshared ones if ours are shared. Others are found by the messages that arrive.
    pub(super) fn likely_old_filters(config: &MqttConfig) -> Vec<String> {
        let all = MqttConfig {
            fleets: Vec::new(),
            ..config.clone()
        };
        let filters = [all, config.clone()].into_iter().flat_map(|wanted| {
            let unshared = MqttConfig {
                shared_group: String::new(),
                ..wanted.clone()
            };
            [wanted.filters(), unshared.filters()].concat()
        });
        let mut seen: HashSet<String> = config.filters().into_iter().collect();
        filters
            .filter(|filter| seen.insert(filter.clone()))
            .collect()
    }

    /// All filters that match a topic outside of the configuration; empty if there are too many. None of
    /// them is ours, since ours do not match the topic.
    pub(super) fn matching_filters(&self, topic: &[u8]) -> Vec<String> {
        let Ok(topic) = std::str::from_utf8(topic) else {
            return Vec::new();
        };
        let levels: Vec<&str> = topic.split('/').collect();
        if topic.len() > TOPIC_BYTES_MAX || levels.len() > LEVELS_MAX {
            return Vec::new();
        }
        let mut prefixes = vec![String::new()];
        let mut filters = Vec::new();
        for (index, level) in levels.iter().enumerate() {
            filters.extend(prefixes.iter().map(|prefix| format!("{prefix}#")));
            let slash = if index + 1 < levels.len() { "/" } else { "" };
            prefixes = [*level, "+"]
                .iter()
                .flat_map(|next| {
                    let longer = prefixes.iter();
                    longer.map(move |prefix| format!("{prefix}{next}{slash}"))
                })
                .collect();
        }
        // `a/#` matches `a` too.
        filters.extend(prefixes.iter().map(|whole| format!("{whole}/#")));
        filters.extend(prefixes);
        self.prefixes
            .iter()
            .flat_map(|prefix| {
                filters
                    .iter()
                    .map(move |filter| format!("{prefix}{filter}"))
            })
            .collect()
    }
}

/// Splits filters into packets that the broker accepts. A filter that is too large has its own packet, so
/// that the broker reports it.
pub(super) fn packets(filters: &[String], broker_max_bytes: Option<u32>) -> Vec<Vec<String>> {
    let limit = broker_max_bytes.map_or(usize::MAX, |bytes| bytes as usize);
    let bytes_max = limit.min(PACKET_BYTES_MAX);
    let mut packets: Vec<Vec<String>> = Vec::new();
    let mut bytes = usize::MAX;
    for filter in filters {
        let cost = filter.len() + FILTER_OVERHEAD_BYTES;
        match packets.last_mut() {
            Some(packet) if bytes + cost <= bytes_max => packet.push(filter.clone()),
            _ => {
                bytes = PACKET_OVERHEAD_BYTES;
                packets.push(vec![filter.clone()]);
            }
        }
        bytes += cost;
    }
    packets
}

#[cfg(test)]
mod tests {
    use rumqttc::v5::mqttbytes::matches;

    use super::*;

    fn config(more: &str) -> MqttConfig {
        serde_json::from_str(&format!(r#"{{ "url": "mqtt://127.0.0.1"{more} }}"#)).unwrap()
    }

    #[test]
    fn a_topic_is_contained_if_a_filter_matches_it() {
        let configs = [
            config(""),
            config(r#", "fleets": ["astana"]"#),
            config(r#", "fleets": ["astana", "almaty"], "shared_group": "g""#),
        ];
        let topics = [
            "ayaz/v1/astana/b/telemetry",
            "ayaz/v1/astana/b/cells",
            "ayaz/v1/almaty/b/status",
            "ayaz/v1/astana/b/other",
            "ayaz/v1/astana/b",
            "ayaz/v1/astana/b/c/telemetry",
            "ayaz/v1/astana//telemetry",
            "ayaz/v1//b/telemetry",
            "ayaz/v2/astana/b/telemetry",
            "ayaz/v1/",
            "ayaz",
            "",
        ];
        for config in &configs {
            let wanted = Topics::new(config);
            for topic in topics {
                let expected = config
                    .filters()
                    .iter()
                    .map(|filter| filter.trim_start_matches("$share/g/"))
                    .any(|filter| matches(topic, filter));
                assert_eq!(wanted.contains(topic.as_bytes()), expected, "{topic}");
            }
        }
    }

    #[test]
    fn filters_of_an_earlier_configuration_are_known_or_found_by_a_message() {
        let all = config("");
        assert!(Topics::likely_old_filters(&all).is_empty());
        let some = config(r#", "fleets": ["astana"]"#);
        let of_all = ["telemetry", "cells", "status"].map(|kind| format!("ayaz/v1/+/+/{kind}"));
        assert_eq!(Topics::likely_old_filters(&some), of_all);
        let shared = config(r#", "fleets": ["astana"], "shared_group": "g""#);
        let leftovers = Topics::likely_old_filters(&shared);
        for expected in [
            "ayaz/v1/+/+/cells",
            "$share/g/ayaz/v1/+/+/cells",
            "ayaz/v1/astana/+/cells",
        ] {
            assert!(leftovers.iter().any(|it| it == expected), "{expected}");
        }
        assert_eq!(leftovers.len(), 9, "{leftovers:?}");

        // A topic of a fleet that the configuration does not name.
        let found = Topics::new(&shared).matching_filters(b"ayaz/v1/almaty/b/cells");
        for expected in [
            "ayaz/v1/almaty/+/cells",
            "$share/g/ayaz/v1/almaty/+/cells",
            "ayaz/v1/+/+/cells",
            "ayaz/#",
            "#",
            "ayaz/v1/almaty/b/cells/#",
        ] {
            assert!(found.iter().any(|it| it == expected), "{expected}");
        }
        let unique: HashSet<&String> = found.iter().collect();
        assert_eq!(unique.len(), found.len());
        let plain = found.iter().filter(|it| !it.starts_with("$share"));
        assert!(
            plain
                .clone()
                .all(|it| matches("ayaz/v1/almaty/b/cells", it) || it.ends_with("cells/#"))
        );
        let ours = shared.filters();
        assert!(found.iter().all(|it| !ours.contains(it)));
    }

    #[test]
    fn the_number_of_matching_filters_is_limited() {
        let topics = Topics::new(&config(r#", "shared_group": "g""#));
        assert!(topics.matching_filters(&[0xff]).is_empty());
        assert!(
            topics
                .matching_filters("a/".repeat(10).as_bytes())
                .is_empty()
        );
        assert!(
            topics
                .matching_filters("a".repeat(300).as_bytes())
                .is_empty()
        );
        let longest = vec!["x".repeat(40); LEVELS_MAX].join("/");
        let filters = topics.matching_filters(longest.as_bytes());
        assert_eq!(filters.len(), 2 * (64 + 64 + 63));
        for packet in packets(&filters, Some(1_000)) {
            let bytes: usize = packet.iter().map(|it| it.len() + 3).sum();
            assert!(bytes + 16 <= 1_000 || packet.len() == 1);
        }
        assert_eq!(packets(&filters, None).concat(), filters);
        assert_eq!(packets(&filters, Some(10)).len(), filters.len());
    }
}
