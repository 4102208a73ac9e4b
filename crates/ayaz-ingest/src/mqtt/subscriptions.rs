//! The subscriptions of one connection: asked for, answered, and those of an earlier configuration
//! taken back.

use std::collections::HashMap;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Filter, Packet, SubAck, Subscribe, UnsubAck, UnsubAckReason, Unsubscribe,
};

use super::answer::{self, Grant, Shortfall};
use super::topics;

/// What asks for these topics, at QoS 1.
pub(super) fn subscribe(packet_id: u16, filters: Vec<String>) -> Packet {
    let filters = filters
        .into_iter()
        .map(|filter| Filter::new(filter, QoS::AtLeastOnce));
    Packet::Subscribe(Subscribe {
        pkid: packet_id,
        ..Subscribe::new_many(filters, None)
    })
}

/// A packet of ours that waits for its answer.
#[derive(Debug)]
enum Asked {
    Subscribe(Vec<String>),
    Unsubscribe(Vec<String>),
}

#[derive(Debug)]
pub(super) struct Subscriptions {
    filters: Vec<String>,
    /// What the broker last said of each filter.
    grants: HashMap<String, Grant>,
    /// Whether one of them is not granted at all.
    open: bool,
    /// By packet id.
    waiting: HashMap<u16, Asked>,
    last_packet_id: u16,
    packet_max_bytes: Option<u32>,
}

impl Subscriptions {
    /// To these filters, at a broker that takes packets of so many bytes.
    pub(super) fn new(filters: &[String], packet_max_bytes: Option<u32>) -> Self {
        Self {
            filters: filters.to_vec(),
            grants: HashMap::new(),
            open: true,
            waiting: HashMap::new(),
            last_packet_id: 0,
            packet_max_bytes,
        }
    }

    /// Packets that ask for what is not granted yet; none while answers are awaited.
    pub(super) fn ask(&mut self) -> Vec<Packet> {
        if self.are_awaited() {
            return Vec::new();
        }
        let open = self.filters.iter();
        let open: Vec<String> = open
            .filter(|filter| answer::is_open(self.grant(filter)))
            .cloned()
            .collect();
        let packets = topics::packets(&open, self.packet_max_bytes).into_iter();
        packets
            .map(|filters| {
                let id = self.wait_for(Asked::Subscribe(filters.clone()));
                subscribe(id, filters)
            })
            .collect()
    }

    /// Packets that take these subscriptions back.
    pub(super) fn take_back(&mut self, filters: &[String]) -> Vec<Packet> {
        let packets = topics::packets(filters, self.packet_max_bytes).into_iter();
        packets
            .map(|filters| {
                let id = self.wait_for(Asked::Unsubscribe(filters.clone()));
                Packet::Unsubscribe(Unsubscribe {
                    pkid: id,
                    filters,
                    properties: None,
                })
            })
            .collect()
    }

    fn wait_for(&mut self, asked: Asked) -> u16 {
        // There are far fewer under way than ids.
        loop {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            if !self.waiting.contains_key(&self.last_packet_id) {
                break;
            }
        }
        self.waiting.insert(self.last_packet_id, asked);
        self.last_packet_id
    }

    fn grant(&self, filter: &str) -> Grant {
        self.grants.get(filter).copied().flatten()
    }

    fn are_awaited(&self) -> bool {
        let mut waiting = self.waiting.values();
        waiting.any(|asked| matches!(asked, Asked::Subscribe(_)))
    }

    /// Whether one may be granted when asked for again.
    pub(super) fn are_open(&self) -> bool {
        self.open
    }

    /// The broker has answered to SUBSCRIBE. Once it has to all: what is lacking.
    pub(super) fn granted(&mut self, answer: &SubAck) -> Option<Vec<Shortfall>> {
        let Some(Asked::Subscribe(filters)) = self.waiting.remove(&answer.pkid) else {
            return None;
        };
        let mut codes = answer.return_codes.iter().copied();
        for filter in filters {
            self.grants.insert(filter, codes.next());
        }
        if self.are_awaited() {
            return None;
        }
        let filters = self.filters.iter();
        let grants = filters.map(|filter| (filter.as_str(), self.grant(filter)));
        let open = grants.clone().any(|(_, grant)| answer::is_open(grant));
        let lacking = answer::of_subscriptions(grants);
        self.open = open;
        Some(lacking)
    }

    /// The broker has answered to UNSUBSCRIBE.
    pub(super) fn taken_back(&mut self, answer: &UnsubAck) {
        let Some(Asked::Unsubscribe(filters)) = self.waiting.remove(&answer.pkid) else {
            return;
        };
        let (mut gone, mut refused) = (Vec::new(), None);
        for (filter, reason) in filters.into_iter().zip(&answer.reasons) {
            match reason {
                UnsubAckReason::Success => gone.push(filter),
                UnsubAckReason::NoSubscriptionExisted => {}
                other => refused = Some((filter, *other)),
            }
        }
        if !gone.is_empty() {
            tracing::warn!(
                filters = gone.join(" "),
                "the session still held subscriptions that the configuration does not name; they \
                 are taken back, and what the broker had queued of them is stored"
            );
        }
        if let Some((filter, reason)) = refused {
            tracing::warn!(
                filter,
                ?reason,
                "the broker does not let us take back a subscription of an earlier configuration; \
                 what comes through it is stored"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use rumqttc::v5::mqttbytes::v5::SubscribeReasonCode;

    use super::*;
    use crate::mqtt::answer::Point;

    fn id_and_filters(packet: &Packet) -> (u16, usize) {
        match packet {
            Packet::Subscribe(it) => (it.pkid, it.filters.len()),
            other => panic!("{other:?}"),
        }
    }

    fn suback(pkid: u16, return_codes: Vec<SubscribeReasonCode>) -> SubAck {
        SubAck {
            pkid,
            return_codes,
            properties: None,
        }
    }

    #[test]
    fn what_was_refused_is_asked_for_again_and_nothing_else() {
        let granted = SubscribeReasonCode::Success(QoS::AtLeastOnce);
        let filters: Vec<String> = (0..500).map(|it| format!("ayaz/v1/{it:030}/+/c")).collect();
        let mut subscriptions = Subscriptions::new(&filters, None);
        let packets = subscriptions.ask();
        assert!(
            packets.len() > 1 && subscriptions.ask().is_empty(),
            "one at a time"
        );
        let (last, others) = packets.split_last().unwrap();
        for packet in others {
            let (id, count) = id_and_filters(packet);
            assert!(
                subscriptions
                    .granted(&suback(id, vec![granted; count]))
                    .is_none()
            );
        }
        let (id, count) = id_and_filters(last);
        assert!(
            subscriptions
                .granted(&suback(id + 1, vec![granted]))
                .is_none(),
            "not asked"
        );
        // One is refused, and the answer lacks another.
        let mut codes = vec![granted; count - 2];
        codes.push(SubscribeReasonCode::NotAuthorized);
        let lacking = subscriptions.granted(&suback(id, codes)).unwrap();
        let points: Vec<Point> = lacking.iter().map(|it| it.point).collect();
        assert_eq!(points, [Point::Subscription; 2]);
        assert!(subscriptions.are_open());

        let again = subscriptions.ask();
        let (id, count) = id_and_filters(&again[0]);
        assert_eq!((again.len(), count), (1, 2));
        let lacking = subscriptions
            .granted(&suback(id, vec![granted; 2]))
            .unwrap();
        assert!(lacking.is_empty() && !subscriptions.are_open());
        assert!(subscriptions.ask().is_empty());
    }
}
