//! Which topics the configuration names, and through which topic filters others can have come. Pure.
//!
//! The broker keeps subscriptions with the session: those of an earlier configuration stay until
//! somebody takes them back, and a fleet that was taken out would be stored for ever.

use std::collections::HashSet;

use ayaz_model::TopicKind;
use ayaz_model::topic;

use super::MqttConfig;

/// Topics with more levels are not ours, and have too many filters that match them.
const LEVELS_MAX: usize = 6;

/// Longer topics are none that a filter of ours names.
const TOPIC_BYTES_MAX: usize = 256;

/// Most bytes of filters in one packet.
const PACKET_BYTES_MAX: usize = 8 * 1024;

/// What a packet has beside its filters, and each filter beside its text, bytes.
const PACKET_OVERHEAD_BYTES: usize = 16;
const FILTER_OVERHEAD_BYTES: usize = 3;

/// The topics that the configuration names.
#[derive(Debug)]
pub(super) struct Topics {
    /// Empty is all.
    fleets: HashSet<Vec<u8>>,
    /// Before a filter: none, and that of our shared group if there is one.
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

    /// Whether a message of this topic is one that was asked for. Each message is asked about, so this
    /// looks at each byte once.
    pub(super) fn names(&self, topic: &[u8]) -> bool {
        topic::split(topic).is_some_and(|[fleet, _, kind]| {
            TopicKind::by_name(kind).is_some()
                && (self.fleets.is_empty() || self.fleets.contains(fleet))
        })
    }

    /// Filters that another configuration of this daemon may have left in the session: those of all
    /// fleets, and unshared ones where ours are shared. Others are known by what comes through them.
    pub(super) fn likely_leftovers(config: &MqttConfig) -> Vec<String> {
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

    /// Filters through which a message of a topic that is not named can have come, as far as they are
    /// not too many. None of them is ours, since ours would name it.
    pub(super) fn filters_of(&self, topic: &[u8]) -> Vec<String> {
        let Ok(topic) = std::str::from_utf8(topic) else {
            return Vec::new();
        };
        let levels: Vec<&str> = topic.split('/').collect();
        if topic.len() > TOPIC_BYTES_MAX || levels.len() > LEVELS_MAX {
            return Vec::new();
        }
        let mut beginnings = vec![String::new()];
        // Wildcards at the first level do not match topics of the broker's own.
        let mut filters = Vec::new();
        for (index, level) in levels.iter().enumerate() {
            filters.extend(beginnings.iter().map(|beginning| format!("{beginning}#")));
            let slash = if index + 1 < levels.len() { "/" } else { "" };
            beginnings = [*level, "+"]
                .iter()
                .flat_map(|next| {
                    let longer = beginnings.iter();
                    longer.map(move |beginning| format!("{beginning}{next}{slash}"))
                })
                .collect();
        }
        // `a/#` matches `a` too.
        filters.extend(beginnings.iter().map(|whole| format!("{whole}/#")));
        filters.extend(beginnings);
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

/// Splits filters into packets that the broker takes; a filter that alone is too large goes alone, so
/// that the broker tells.
pub(super) fn packets(filters: &[String], broker_max_bytes: Option<u32>) -> Vec<Vec<String>> {
    let most = broker_max_bytes.map_or(usize::MAX, |bytes| bytes as usize);
    let most = most.min(PACKET_BYTES_MAX);
    let mut packets: Vec<Vec<String>> = Vec::new();
    let mut bytes = usize::MAX;
    for filter in filters {
        let cost = filter.len() + FILTER_OVERHEAD_BYTES;
        match packets.last_mut() {
            Some(packet) if bytes + cost <= most => packet.push(filter.clone()),
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
    fn topics_are_named_exactly_by_the_filters() {
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
                assert_eq!(wanted.names(topic.as_bytes()), expected, "{topic}");
            }
        }
    }

    #[test]
    fn what_an_earlier_configuration_left_is_known_or_found_by_its_messages() {
        let all = config("");
        assert!(Topics::likely_leftovers(&all).is_empty());
        let some = config(r#", "fleets": ["astana"]"#);
        let of_all = ["telemetry", "cells", "status"].map(|kind| format!("ayaz/v1/+/+/{kind}"));
        assert_eq!(Topics::likely_leftovers(&some), of_all);
        let shared = config(r#", "fleets": ["astana"], "shared_group": "g""#);
        let leftovers = Topics::likely_leftovers(&shared);
        for expected in [
            "ayaz/v1/+/+/cells",
            "$share/g/ayaz/v1/+/+/cells",
            "ayaz/v1/astana/+/cells",
        ] {
            assert!(leftovers.iter().any(|it| it == expected), "{expected}");
        }
        assert_eq!(leftovers.len(), 9, "{leftovers:?}");

        // A fleet that was named before, and one that only a shared group of ours names.
        let found = Topics::new(&shared).filters_of(b"ayaz/v1/almaty/b/cells");
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
    fn what_others_sent_us_to_costs_little() {
        let topics = Topics::new(&config(r#", "shared_group": "g""#));
        assert!(topics.filters_of(&[0xff]).is_empty());
        assert!(topics.filters_of("a/".repeat(10).as_bytes()).is_empty());
        assert!(topics.filters_of("a".repeat(300).as_bytes()).is_empty());
        let longest = vec!["x".repeat(40); LEVELS_MAX].join("/");
        let filters = topics.filters_of(longest.as_bytes());
        assert_eq!(filters.len(), 2 * (64 + 64 + 63));
        for packet in packets(&filters, Some(1_000)) {
            let bytes: usize = packet.iter().map(|it| it.len() + 3).sum();
            assert!(bytes + 16 <= 1_000 || packet.len() == 1);
        }
        assert_eq!(packets(&filters, None).concat(), filters);
        assert_eq!(packets(&filters, Some(10)).len(), filters.len());
    }
}
