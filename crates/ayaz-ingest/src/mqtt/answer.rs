//! What the broker grants, held against what was asked. Pure.
//!
//! A broker may grant less than it was asked for, and says so in its answer and nowhere else. What
//! is not compared here: the broker's Topic Alias Maximum and Subscription Identifiers, since none
//! are used.

use ayaz_model::BrokerUrl;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnAck, SubscribeReasonCode};

use super::MqttConfig;

/// What granting less does to the promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Effect {
    /// Messages that the broker has acknowledged can be lost: the daemon is not ready.
    Breaks,
    /// It holds for less, or for fewer.
    Weakens,
}

impl Effect {
    /// Its name in metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::Weakens => "weakens",
        }
    }
}

/// What was not granted as asked.
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
    /// Its name in metrics.
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

/// One thing that the broker does not grant as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shortfall {
    pub(super) point: Point,
    pub(super) effect: Effect,
    /// What it means, and what to do.
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

/// The least keep-alive that a slow network can live with, seconds.
const KEEP_ALIVE_LEAST_S: u16 = 5;

/// What the answer to CONNECT lacks.
pub(super) fn of_connection(asked: &MqttConfig, answer: &ConnAck) -> Vec<Shortfall> {
    let Some(granted) = &answer.properties else {
        // All as asked; and a broker without a limit takes larger packets than we do.
        return packet_size(asked, None).into_iter().collect();
    };
    [
        session_expiry(asked, granted.session_expiry_interval),
        client_id(asked, granted.assigned_client_identifier.as_deref()),
        granted.max_qos.filter(|qos| *qos == 0).map(|_| {
            Shortfall::breaks(
                Point::Qos,
                "the broker takes QoS 0 only: what is sent while this daemon is away is lost; \
                 allow QoS 1 on its listener (Mosquitto: max_qos 1), or connect to another one",
            )
        }),
        is_refused(granted.wildcard_subscription_available).then(|| {
            Shortfall::breaks(
                Point::Wildcards,
                "the broker takes no topic filters with wildcards, and all of ours have one; allow \
                 them in the broker",
            )
        }),
        (is_refused(granted.shared_subscription_available) && !asked.shared_group.is_empty()).then(
            || {
                Shortfall::breaks(
                    Point::SharedGroup,
                    "the broker has no shared subscriptions: empty mqtt.shared_group, and give each \
                     daemon fleets of its own in mqtt.fleets",
                )
            },
        ),
        receive_maximum(asked, granted.receive_max),
        packet_size(asked, granted.max_packet_size),
        is_refused(granted.retain_available).then(|| {
            Shortfall::weakens(
                Point::Retain,
                "the broker retains no messages: a bus's last status is lost if it comes while this \
                 daemon is away, and buses that publish it retained may be thrown out; allow \
                 retained messages in the broker",
            )
        }),
        keep_alive(asked, granted.server_keep_alive),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// In MQTT 5, what is not mentioned is available.
fn is_refused(available: Option<u8>) -> bool {
    available == Some(0)
}

fn session_expiry(asked: &MqttConfig, granted: Option<u32>) -> Option<Shortfall> {
    let wanted = asked.session_expiry_s;
    let kept = granted.unwrap_or(wanted);
    // No session outlives our own wait before we come back. That can be our own mistake too.
    let breaks = u64::from(kept) * 1_000 <= asked.reconnect_delay_max_ms;
    if !breaks && kept >= wanted {
        return None;
    }
    let text = format!(
        "the broker keeps our session for {kept} s after a connection ends, where \
         mqtt.session_expiry_s asks for {wanted} s: what is sent during a longer absence is lost; \
         raise the broker's limit on session expiry, or what is asked for"
    );
    Some(if breaks {
        Shortfall::breaks(Point::SessionExpiry, text)
    } else {
        Shortfall::weakens(Point::SessionExpiry, text)
    })
}

fn client_id(asked: &MqttConfig, assigned: Option<&str>) -> Option<Shortfall> {
    let wanted = asked.client_id();
    let assigned = assigned.filter(|assigned| *assigned != wanted)?;
    let text = format!(
        "the broker calls us {assigned:?}, where mqtt.client_id asks for {wanted:?}: it keeps our \
         messages under that name"
    );
    // Bound to the login, it stays the same.
    Some(if user(&asked.url) == Some(assigned) {
        let text = format!("{text}, which is our user's; set mqtt.client_id to it");
        Shortfall::weakens(Point::ClientId, text)
    } else {
        let text = format!(
            "{text}, and nothing says that it will be the same next time, so they can be lost; \
             let the broker take our client id"
        );
        Shortfall::breaks(Point::ClientId, text)
    })
}

fn user(url: &BrokerUrl) -> Option<&str> {
    url.credentials().map(|(user, _)| user)
}

/// What the broker says here is how much it takes of us, and we send nothing; but the brokers that we
/// know (Mosquitto, EMQX) have one setting for both ways.
fn receive_maximum(asked: &MqttConfig, granted: Option<u16>) -> Option<Shortfall> {
    let wanted = asked.receive_maximum;
    let granted = granted.filter(|granted| *granted < wanted)?;
    let text = format!(
        "the broker has {granted} messages under way at a time, where mqtt.receive_maximum asks for \
         {wanted}: if that holds for what it sends too, batches stay small and its queue can \
         overflow; raise it in the broker (Mosquitto: max_inflight_messages, EMQX: max_inflight)"
    );
    Some(Shortfall::weakens(Point::ReceiveMaximum, text))
}

/// A broker drops what is larger than a client takes, acknowledged as it is.
fn packet_size(asked: &MqttConfig, granted: Option<u32>) -> Option<Shortfall> {
    let ours = asked.packet_max_bytes;
    let theirs = match granted {
        Some(granted) if granted <= ours => return None,
        Some(granted) => format!("packets of up to {granted} bytes"),
        None => "packets of any size".to_owned(),
    };
    let text = format!(
        "the broker takes {theirs} from buses, and drops those over mqtt.packet_max_bytes ({ours}) \
         instead of handing them to us; limit them in the broker (Mosquitto: max_packet_size {ours})"
    );
    Some(Shortfall::weakens(Point::PacketSize, text))
}

fn keep_alive(asked: &MqttConfig, demanded: Option<u16>) -> Option<Shortfall> {
    let least = KEEP_ALIVE_LEAST_S.min(asked.keep_alive_s);
    let demanded = demanded.filter(|demanded| (1..least).contains(demanded))?;
    let text = format!(
        "the broker gives us up after {demanded} s of silence (mqtt.keep_alive_s asks for {} s): \
         a short disturbance ends the connection; raise its server keep-alive",
        asked.keep_alive_s
    );
    Some(Shortfall::weakens(Point::KeepAlive, text))
}

/// What the broker said of one topic filter; `None` if nothing.
pub(super) type Grant = Option<SubscribeReasonCode>;

/// Whether the broker may grant it when asked again.
pub(super) fn is_open(grant: Grant) -> bool {
    !matches!(grant, Some(SubscribeReasonCode::Success(_)))
}

/// What the answers to SUBSCRIBE lack, in the order of the filters.
pub(super) fn of_subscriptions<'a>(
    grants: impl IntoIterator<Item = (&'a str, Grant)>,
) -> Vec<Shortfall> {
    let mut lowered = Vec::new();
    let mut shortfalls = Vec::new();
    for (filter, grant) in grants {
        let what = match grant {
            Some(SubscribeReasonCode::Success(QoS::AtMostOnce)) => {
                lowered.push(filter);
                continue;
            }
            Some(SubscribeReasonCode::Success(_)) => continue,
            Some(code) => format!("the broker refuses the subscription to {filter} ({code:?})"),
            None => format!("the broker does not answer to the subscription to {filter}"),
        };
        let text =
            format!("{what}: nothing of it is stored; let our user read it in the broker's ACL");
        shortfalls.push(Shortfall::breaks(Point::Subscription, text));
    }
    if let [first, rest @ ..] = &lowered[..] {
        let more = match rest.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let text = format!(
            "the broker grants QoS 0, where QoS 1 is asked, for {first}{more}: what is sent while \
             this daemon is away is lost; allow QoS 1 on its listener and for our user (Mosquitto: \
             max_qos 1)"
        );
        shortfalls.push(Shortfall::breaks(Point::Qos, text));
    }
    shortfalls
}

#[cfg(test)]
mod tests;
