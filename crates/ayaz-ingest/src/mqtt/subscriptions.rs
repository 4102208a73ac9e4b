//! The subscriptions of one connection: requests and answers, also to unsubscribe from those of an
//! earlier configuration.

use std::collections::HashMap;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Filter, Packet, SubAck, Subscribe, UnsubAck, UnsubAckReason, Unsubscribe,
};

use super::grants::{self, Grant, Shortfall};
use super::topics;

/// A SUBSCRIBE packet for these topics, with QoS 1.
pub(super) fn subscribe(packet_id: u16, filters: Vec<String>) -> Packet {
    let filters = filters
        .into_iter()
        .map(|filter| Filter::new(filter, QoS::AtLeastOnce));
    Packet::Subscribe(Subscribe {
        pkid: packet_id,
        ..Subscribe::new_many(filters, None)
    })
}

/// A request that waits for its answer.
#[derive(Debug)]
enum Request {
    Subscribe(Vec<String>),
    Unsubscribe(Vec<String>),
}

#[derive(Debug)]
pub(super) struct Subscriptions {
    filters: Vec<String>,
    /// The broker's last answer for each filter.
    grants: HashMap<String, Grant>,
    /// Whether a filter is not granted yet.
    incomplete: bool,
    /// Requests by packet id.
    waiting: HashMap<u16, Request>,
    last_packet_id: u16,
    packet_max_bytes: Option<u32>,
}

impl Subscriptions {
    /// Subscriptions to these filters, with the broker's limit on packets.
    pub(super) fn new(filters: &[String], packet_max_bytes: Option<u32>) -> Self {
        Self {
            filters: filters.to_vec(),
            grants: HashMap::new(),
            incomplete: true,
            waiting: HashMap::new(),
            last_packet_id: 0,
            packet_max_bytes,
        }
    }

    /// Packets that request the filters that are not granted yet; none while an answer is pending.
    pub(super) fn request(&mut self) -> Vec<Packet> {
        if self.are_pending() {
            return Vec::new();
        }
        let filters = self.filters.iter();
        let missing: Vec<String> = filters
            .filter(|filter| grants::is_missing(self.grant(filter)))
            .cloned()
            .collect();
        let packets = topics::packets(&missing, self.packet_max_bytes).into_iter();
        packets
            .map(|filters| {
                let id = self.add_pending(Request::Subscribe(filters.clone()));
                subscribe(id, filters)
            })
            .collect()
    }

    /// Packets that unsubscribe from these filters.
    pub(super) fn unsubscribe(&mut self, filters: &[String]) -> Vec<Packet> {
        let packets = topics::packets(filters, self.packet_max_bytes).into_iter();
        packets
            .map(|filters| {
                let id = self.add_pending(Request::Unsubscribe(filters.clone()));
                Packet::Unsubscribe(Unsubscribe {
                    pkid: id,
                    filters,
                    properties: None,
                })
            })
            .collect()
    }

    fn add_pending(&mut self, request: Request) -> u16 {
        // Far fewer requests are pending than there are ids.
        loop {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            if !self.waiting.contains_key(&self.last_packet_id) {
                break;
            }
        }
        self.waiting.insert(self.last_packet_id, request);
        self.last_packet_id
    }

    fn grant(&self, filter: &str) -> Grant {
        self.grants.get(filter).copied().flatten()
    }

    fn are_pending(&self) -> bool {
        let mut waiting = self.waiting.values();
        waiting.any(|request| matches!(request, Request::Subscribe(_)))
    }

    /// Whether a filter is not granted yet.
    pub(super) fn are_incomplete(&self) -> bool {
        self.incomplete
    }

    /// Records the answer to SUBSCRIBE. Returns the shortfalls after the last answer.
    pub(super) fn granted(&mut self, answer: &SubAck) -> Option<Vec<Shortfall>> {
        let Some(Request::Subscribe(filters)) = self.waiting.remove(&answer.pkid) else {
            return None;
        };
        let mut codes = answer.return_codes.iter().copied();
        for filter in filters {
            self.grants.insert(filter, codes.next());
        }
        if self.are_pending() {
            return None;
        }
        let filters = self.filters.iter();
        let grants = filters.map(|filter| (filter.as_str(), self.grant(filter)));
        let incomplete = grants.clone().any(|(_, grant)| grants::is_missing(grant));
        let shortfalls = grants::of_subscriptions(grants);
        self.incomplete = incomplete;
        Some(shortfalls)
    }

    /// Logs the answer to UNSUBSCRIBE.
    pub(super) fn unsubscribed(&mut self, answer: &UnsubAck) {
        let Some(Request::Unsubscribe(filters)) = self.waiting.remove(&answer.pkid) else {
            return;
        };
        let (mut removed, mut refused) = (Vec::new(), None);
        for (filter, reason) in filters.into_iter().zip(&answer.reasons) {
            match reason {
                UnsubAckReason::Success => removed.push(filter),
                UnsubAckReason::NoSubscriptionExisted => {}
                other => refused = Some((filter, *other)),
            }
        }
        if !removed.is_empty() {
            tracing::warn!(
                filters = removed.join(" "),
                "unsubscribed from old subscriptions that the configuration does not name; messages \
                 that the broker had already queued are stored"
            );
        }
        if let Some((filter, reason)) = refused {
            tracing::warn!(
                filter,
                ?reason,
                "the broker refuses to unsubscribe from a subscription of an earlier configuration; \
                 its messages are stored"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use rumqttc::v5::mqttbytes::v5::SubscribeReasonCode;

    use super::*;
    use crate::mqtt::grants::Point;

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
    fn only_refused_filters_are_requested_again() {
        let granted = SubscribeReasonCode::Success(QoS::AtLeastOnce);
        let filters: Vec<String> = (0..500).map(|it| format!("ayaz/v1/{it:030}/+/c")).collect();
        let mut subscriptions = Subscriptions::new(&filters, None);
        let packets = subscriptions.request();
        assert!(
            packets.len() > 1 && subscriptions.request().is_empty(),
            "no request while an answer is pending"
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
            "not requested"
        );
        // The answer refuses one filter and leaves out another.
        let mut codes = vec![granted; count - 2];
        codes.push(SubscribeReasonCode::NotAuthorized);
        let shortfalls = subscriptions.granted(&suback(id, codes)).unwrap();
        let points: Vec<Point> = shortfalls.iter().map(|it| it.point).collect();
        assert_eq!(points, [Point::Subscription; 2]);
        assert!(subscriptions.are_incomplete());

        let again = subscriptions.request();
        let (id, count) = id_and_filters(&again[0]);
        assert_eq!((again.len(), count), (1, 2));
        let shortfalls = subscriptions
            .granted(&suback(id, vec![granted; 2]))
            .unwrap();
        assert!(shortfalls.is_empty() && !subscriptions.are_incomplete());
        assert!(subscriptions.request().is_empty());
    }
}
