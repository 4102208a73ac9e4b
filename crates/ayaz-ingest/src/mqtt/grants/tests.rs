use rumqttc::v5::mqttbytes::v5::{ConnAckProperties, ConnectReturnCode};

use super::*;

fn requested(more: &str) -> MqttConfig {
    let url = "mqtt://ingest:secret@127.0.0.1";
    serde_json::from_str(&format!(r#"{{ "url": "{url}"{more} }}"#)).unwrap()
}

/// An answer that grants everything, with a limit on packets.
fn all_granted() -> ConnAckProperties {
    ConnAckProperties {
        session_expiry_interval: None,
        receive_max: None,
        max_qos: None,
        retain_available: None,
        max_packet_size: Some(1_000_000),
        assigned_client_identifier: None,
        topic_alias_max: None,
        reason_string: None,
        user_properties: vec![],
        wildcard_subscription_available: None,
        subscription_identifiers_available: None,
        shared_subscription_available: None,
        server_keep_alive: None,
        response_information: None,
        server_reference: None,
        authentication_method: None,
        authentication_data: None,
    }
}

fn answer(properties: Option<ConnAckProperties>) -> ConnAck {
    ConnAck {
        session_present: false,
        code: ConnectReturnCode::Success,
        properties,
    }
}

/// Point and effect of each shortfall.
fn points(found: &[Shortfall]) -> Vec<(Point, Effect)> {
    found.iter().map(|it| (it.point, it.effect)).collect()
}

#[test]
fn every_property_of_a_connack_is_compared() {
    use Effect::{Breaks, Weakens};
    type Change = fn(&mut ConnAckProperties);
    type Case = (&'static str, Change, Option<(Point, Effect)>, &'static str);
    let cases: &[Case] = &[
        ("", |_| {}, None, ""),
        // Session expiry, by default a week: equal, more, less, less than our own waits, none.
        (
            "",
            |it| it.session_expiry_interval = Some(604_800),
            None,
            "",
        ),
        (
            "",
            |it| it.session_expiry_interval = Some(u32::MAX),
            None,
            "",
        ),
        (
            "",
            |it| it.session_expiry_interval = Some(60),
            Some((Point::SessionExpiry, Weakens)),
            "for 60 s after a connection ends, but mqtt.session_expiry_s requests 604800 s",
        ),
        (
            "",
            |it| it.session_expiry_interval = Some(10),
            Some((Point::SessionExpiry, Breaks)),
            "10 s",
        ),
        (
            "",
            |it| it.session_expiry_interval = Some(0),
            Some((Point::SessionExpiry, Breaks)),
            "our session for 0 s",
        ),
        (
            r#", "session_expiry_s": 0"#,
            |_| {},
            Some((Point::SessionExpiry, Breaks)),
            "requests 0 s",
        ),
        // Receive maximum: default 10,000.
        ("", |it| it.receive_max = Some(10_000), None, ""),
        ("", |it| it.receive_max = Some(u16::MAX), None, ""),
        (
            "",
            |it| it.receive_max = Some(20),
            Some((Point::ReceiveMaximum, Weakens)),
            "max_inflight_messages",
        ),
        (
            r#", "receive_maximum": 20"#,
            |it| it.receive_max = Some(20),
            None,
            "",
        ),
        ("", |it| it.max_qos = Some(1), None, ""),
        (
            "",
            |it| it.max_qos = Some(0),
            Some((Point::Qos, Breaks)),
            "max_qos 1",
        ),
        ("", |it| it.retain_available = Some(1), None, ""),
        (
            "",
            |it| it.retain_available = Some(0),
            Some((Point::Retain, Weakens)),
            "retains no messages",
        ),
        // Packets: default 2 MiB.
        ("", |it| it.max_packet_size = Some(2_097_152), None, ""),
        (
            "",
            |it| it.max_packet_size = Some(2_097_153),
            Some((Point::PacketSize, Weakens)),
            "up to 2097153 bytes",
        ),
        (
            "",
            |it| it.max_packet_size = None,
            Some((Point::PacketSize, Weakens)),
            "any size",
        ),
        // The client id: default ayaz-ingest.
        (
            r#", "client_id": "a""#,
            |it| it.assigned_client_identifier = Some("a".to_owned()),
            None,
            "",
        ),
        (
            "",
            |it| it.assigned_client_identifier = Some("auto-7".to_owned()),
            Some((Point::ClientId, Breaks)),
            "\"auto-7\"",
        ),
        (
            r#", "client_id": "a""#,
            |it| it.assigned_client_identifier = Some("ingest".to_owned()),
            Some((Point::ClientId, Weakens)),
            "set mqtt.client_id to it",
        ),
        (
            "",
            |it| it.wildcard_subscription_available = Some(0),
            Some((Point::Wildcards, Breaks)),
            "wildcards",
        ),
        // Only needed with a shared group.
        (
            "",
            |it| it.shared_subscription_available = Some(0),
            None,
            "",
        ),
        (
            r#", "shared_group": "g""#,
            |it| it.shared_subscription_available = Some(0),
            Some((Point::SharedGroup, Breaks)),
            "mqtt.shared_group",
        ),
        // Keep-alive: default 30 s; 0 means none.
        ("", |it| it.server_keep_alive = Some(0), None, ""),
        ("", |it| it.server_keep_alive = Some(60), None, ""),
        ("", |it| it.server_keep_alive = Some(5), None, ""),
        (
            "",
            |it| it.server_keep_alive = Some(4),
            Some((Point::KeepAlive, Weakens)),
            "after 4 s",
        ),
        // Not used by the daemon.
        (
            "",
            |it| {
                it.subscription_identifiers_available = Some(0);
                it.topic_alias_max = Some(3);
            },
            None,
            "",
        ),
    ];
    for (number, (config, change, expected, word)) in cases.iter().enumerate() {
        let mut properties = all_granted();
        change(&mut properties);
        let found = of_connection(&requested(config), &answer(Some(properties)));
        let expected: Vec<_> = expected.iter().copied().collect();
        assert_eq!(points(&found), expected, "case {number}: {found:?}");
        for it in &found {
            assert!(it.text.contains(word), "case {number}: {}", it.text);
            assert!(!it.text.contains("secret"), "case {number}: {}", it.text);
        }
    }
}

#[test]
fn a_connack_without_properties_has_no_limit_on_packets() {
    let found = of_connection(&requested(""), &answer(None));
    assert_eq!(points(&found), [(Point::PacketSize, Effect::Weakens)]);
}

#[test]
fn all_shortfalls_are_reported_together() {
    let properties = ConnAckProperties {
        session_expiry_interval: Some(0),
        max_qos: Some(0),
        retain_available: Some(0),
        ..all_granted()
    };
    let found = of_connection(&requested(""), &answer(Some(properties)));
    let found: Vec<Point> = found.iter().map(|it| it.point).collect();
    assert_eq!(found, [Point::SessionExpiry, Point::Qos, Point::Retain]);
}

#[test]
fn every_filter_of_a_subscription_is_compared() {
    use SubscribeReasonCode::{NotAuthorized, Success};
    let granted = Some(Success(QoS::AtLeastOnce));
    let lowered = Some(Success(QoS::AtMostOnce));
    let cases: &[(&[Grant], &[Point], &str)] = &[
        (&[granted, granted, granted], &[], ""),
        (
            &[granted, lowered, granted],
            &[Point::Qos],
            "grants QoS 0 instead of QoS 1 for b:",
        ),
        (
            &[lowered, lowered, lowered],
            &[Point::Qos],
            "for a and 2 more:",
        ),
        (
            &[granted, granted, Some(NotAuthorized)],
            &[Point::Subscription],
            "refuses the subscription to c (NotAuthorized)",
        ),
        (
            &[None, granted, granted],
            &[Point::Subscription],
            "does not answer the subscription to a",
        ),
        (
            &[Some(NotAuthorized), lowered, Some(NotAuthorized)],
            &[Point::Subscription, Point::Subscription, Point::Qos],
            "",
        ),
    ];
    for (grants, expected, word) in cases {
        let found = of_subscriptions(["a", "b", "c"].into_iter().zip(grants.iter().copied()));
        let points: Vec<Point> = found.iter().map(|it| it.point).collect();
        assert_eq!(&points[..], *expected, "{grants:?}");
        assert!(found.iter().all(|it| it.effect == Effect::Breaks));
        assert!(found.iter().all(|it| it.text.contains(word)), "{found:?}");
    }
    assert!(is_missing(None) && is_missing(Some(NotAuthorized)));
    assert!(
        !is_missing(granted) && !is_missing(lowered),
        "a new request changes nothing"
    );
}
