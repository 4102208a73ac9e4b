//! Compares what the broker grants with what was requested. Pure.
//!
//! A broker may grant less than requested, and reports it only in its answer. Topic Alias Maximum and
//! Subscription Identifiers are not compared, since the daemon does not use them.

use ayaz_model::BrokerUrl;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnAck, SubscribeReasonCode};

use super::MqttConfig;

/// The effect of a shortfall on the guarantee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Effect {
    /// Messages that the broker has acknowledged can be lost: the daemon is not ready.
    Breaks,
    /// The guarantee holds in fewer cases.
    Weakens,
}

impl Effect {
    /// The name in metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::Weakens => "weakens",
        }
    }
}

/// A setting that the broker may not grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Point {
    Qos,
    Subscription,
    SessionExpiry,
    ReceiveMaximum,
    PacketSize,
    ClientId,
    Retain,
    Wildcards,
    SharedGroup,
    KeepAlive,
}

impl Point {
    /// The name in metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Qos => "qos",
            Self::Subscription => "subscription",
            Self::SessionExpiry => "session_expiry",
            Self::ReceiveMaximum => "receive_maximum",
            Self::PacketSize => "packet_size",
            Self::ClientId => "client_id",
            Self::Retain => "retain",
            Self::Wildcards => "wildcards",
            Self::SharedGroup => "shared_group",
            Self::KeepAlive => "keep_alive",
        }
    }
}

/// A setting that the broker does not grant as requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shortfall {
    pub(super) point: Point,
    pub(super) effect: Effect,
    /// The consequence, and advice.
    pub(super) text: String,
}

impl Shortfall {
    fn breaks(point: Point, text: impl Into<String>) -> Self {
        Self {
            point,
            effect: Effect::Breaks,
            text: text.into(),
        }
    }

    fn weakens(point: Point, text: impl Into<String>) -> Self {
        Self {
            effect: Effect::Weakens,
            ..Self::breaks(point, text)
        }
    }
}

/// The shortest keep-alive that works on a slow network, seconds.
const KEEP_ALIVE_MIN_S: u16 = 5;

/// The shortfalls in the answer to CONNECT.
pub(super) fn of_connection(requested: &MqttConfig, answer: &ConnAck) -> Vec<Shortfall> {
    let Some(granted) = &answer.properties else {
        // Everything is granted, but the broker has no limit on packets.
        return packet_size(requested, None).into_iter().collect();
    };
    [
        session_expiry(requested, granted.session_expiry_interval),
        client_id(requested, granted.assigned_client_identifier.as_deref()),
        granted.max_qos.filter(|qos| *qos == 0).map(|_| {
            Shortfall::breaks(
                Point::Qos,
                "the broker allows QoS 0 only: messages are lost while this daemon is disconnected; \
                 allow QoS 1 on its listener (Mosquitto: max_qos 1), or use another listener",
            )
        }),
        is_unavailable(granted.wildcard_subscription_available).then(|| {
            Shortfall::breaks(
                Point::Wildcards,
                "the broker allows no topic filters with wildcards, and all of ours have one; allow \
                 them in the broker",
            )
        }),
        (is_unavailable(granted.shared_subscription_available) && !requested.shared_group.is_empty()).then(
            || {
                Shortfall::breaks(
                    Point::SharedGroup,
                    "the broker has no shared subscriptions: leave mqtt.shared_group empty, and give \
                     each daemon its own fleets in mqtt.fleets",
                )
            },
        ),
        receive_maximum(requested, granted.receive_max),
        packet_size(requested, granted.max_packet_size),
        is_unavailable(granted.retain_available).then(|| {
            Shortfall::weakens(
                Point::Retain,
                "the broker retains no messages: a bus's status is lost while this daemon is \
                 disconnected, and the broker may disconnect buses that publish it retained; allow \
                 retained messages in the broker",
            )
        }),
        keep_alive(requested, granted.server_keep_alive),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// In MQTT 5 a missing property means available.
fn is_unavailable(available: Option<u8>) -> bool {
    available == Some(0)
}

fn session_expiry(requested: &MqttConfig, granted: Option<u32>) -> Option<Shortfall> {
    let wanted = requested.session_expiry_s;
    let kept = granted.unwrap_or(wanted);
    // The session expires before we connect again. Our own configuration may be the cause too.
    let breaks = u64::from(kept) * 1_000 <= requested.reconnect_delay_max_ms;
    if !breaks && kept >= wanted {
        return None;
    }
    let text = format!(
        "the broker keeps our session for {kept} s after a connection ends, but \
         mqtt.session_expiry_s requests {wanted} s: messages are lost if the daemon is disconnected \
         for longer; raise the broker's limit on session expiry, or mqtt.session_expiry_s"
    );
    Some(if breaks {
        Shortfall::breaks(Point::SessionExpiry, text)
    } else {
        Shortfall::weakens(Point::SessionExpiry, text)
    })
}

fn client_id(requested: &MqttConfig, assigned: Option<&str>) -> Option<Shortfall> {
    let wanted = requested.client_id();
    let assigned = assigned.filter(|assigned| *assigned != wanted)?;
    let text = format!(
        "the broker assigns the client id {assigned:?}, but mqtt.client_id requests {wanted:?}: it keeps \
         our messages under its own id"
    );
    // An id that is bound to the login stays the same.
    Some(if user(&requested.url) == Some(assigned) {
        let text = format!("{text}, which is the login's name; set mqtt.client_id to it");
        Shortfall::weakens(Point::ClientId, text)
    } else {
        let text = format!(
            "{text}, which may change with the next connection, so they can be lost; configure the \
             broker to accept our client id"
        );
        Shortfall::breaks(Point::ClientId, text)
    })
}

fn user(url: &BrokerUrl) -> Option<&str> {
    url.credentials().map(|(user, _)| user)
}

/// The broker's Receive Maximum limits what we send, which is nothing. But Mosquitto and EMQX have one
/// setting for both directions.
fn receive_maximum(requested: &MqttConfig, granted: Option<u16>) -> Option<Shortfall> {
    let wanted = requested.receive_maximum;
    let granted = granted.filter(|granted| *granted < wanted)?;
    let text = format!(
        "the broker allows {granted} messages in flight, but mqtt.receive_maximum requests {wanted}: if \
         this also limits the messages it sends, batches stay small and its queue can overflow; raise \
         it in the broker (Mosquitto: max_inflight_messages, EMQX: max_inflight)"
    );
    Some(Shortfall::weakens(Point::ReceiveMaximum, text))
}

/// A broker drops a packet over the client's limit, although it has acknowledged the packet.
fn packet_size(requested: &MqttConfig, granted: Option<u32>) -> Option<Shortfall> {
    let ours = requested.packet_max_bytes;
    let theirs = match granted {
        Some(granted) if granted <= ours => return None,
        Some(granted) => format!("packets of up to {granted} bytes"),
        None => "packets of any size".to_owned(),
    };
    let text = format!(
        "the broker accepts {theirs} from buses, and drops those over mqtt.packet_max_bytes ({ours}) \
         instead of delivering them; limit them in the broker (Mosquitto: max_packet_size {ours})"
    );
    Some(Shortfall::weakens(Point::PacketSize, text))
}

fn keep_alive(requested: &MqttConfig, demanded: Option<u16>) -> Option<Shortfall> {
    let min = KEEP_ALIVE_MIN_S.min(requested.keep_alive_s);
    let demanded = demanded.filter(|demanded| (1..min).contains(demanded))?;
    let text = format!(
        "the broker ends the connection after {demanded} s of silence (mqtt.keep_alive_s requests {} s), \
         so a short network problem ends it; raise the broker's server keep-alive",
        requested.keep_alive_s
    );
    Some(Shortfall::weakens(Point::KeepAlive, text))
}

/// The broker's answer for one topic filter; `None` without an answer.
pub(super) type Grant = Option<SubscribeReasonCode>;

/// Whether the filter is not granted, so that a new request may help.
pub(super) fn is_missing(grant: Grant) -> bool {
    !matches!(grant, Some(SubscribeReasonCode::Success(_)))
}

/// The shortfalls in the answers to SUBSCRIBE, in the order of the filters.
pub(super) fn of_subscriptions<'a>(
    grants: impl IntoIterator<Item = (&'a str, Grant)>,
) -> Vec<Shortfall> {
    let mut lowered = Vec::new();
    let mut shortfalls = Vec::new();
    for (filter, grant) in grants {
        let problem = match grant {
            Some(SubscribeReasonCode::Success(QoS::AtMostOnce)) => {
                lowered.push(filter);
                continue;
            }
            Some(SubscribeReasonCode::Success(_)) => continue,
            Some(code) => format!("the broker refuses the subscription to {filter} ({code:?})"),
            None => format!("the broker does not answer the subscription to {filter}"),
        };
        let text = format!(
            "{problem}: its messages are not stored; allow our user to read it in the broker's ACL"
        );
        shortfalls.push(Shortfall::breaks(Point::Subscription, text));
    }
    if let [first, rest @ ..] = &lowered[..] {
        let more = match rest.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let text = format!(
            "the broker grants QoS 0 instead of QoS 1 for {first}{more}: messages are lost while this \
             daemon is disconnected; allow QoS 1 on its listener and for our user (Mosquitto: \
             max_qos 1)"
        );
        shortfalls.push(Shortfall::breaks(Point::Qos, text));
    }
    shortfalls
}

#[cfg(test)]
mod tests;
