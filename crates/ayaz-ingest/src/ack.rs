//! Which packets may be acknowledged, and in which order.
//!
//! MQTT wants PUBACKs in the order of receipt (MQTT-4.6.0-2), batches are committed as a whole, and
//! packet ids of one connection mean nothing on the next. So every delivery gets a token that names
//! its connection (epoch) and its position; a settled token releases the packets at the front of
//! the connection's queue that are all settled; a token of an earlier connection releases nothing,
//! because its packet will be delivered again.

use std::collections::VecDeque;

/// The right, and the duty, to settle one delivery. Cannot be copied or made elsewhere.
#[must_use = "a delivery whose token is not settled is never acknowledged"]
#[derive(Debug)]
pub struct AckToken {
    epoch: u64,
    /// `None` for QoS 0, which is not acknowledged.
    position: Option<u64>,
    bytes: usize,
}

impl AckToken {
    /// Bytes that this delivery keeps in memory until it is settled.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The packets of one connection that are delivered and not yet acknowledged.
#[derive(Debug)]
pub struct AckLedger {
    epoch: u64,
    /// Position of the front of the queue.
    first: u64,
    /// Packet id and whether it is settled, in the order of receipt.
    packets: VecDeque<(u16, bool)>,
}

impl AckLedger {
    /// The ledger of a new connection.
    pub fn new(epoch: u64) -> Self {
        Self {
            epoch,
            first: 0,
            packets: VecDeque::new(),
        }
    }

    /// Notes a received packet that has to be acknowledged.
    pub fn receive(&mut self, packet_id: u16, bytes: usize) -> AckToken {
        let position = self.first + self.packets.len() as u64;
        self.packets.push_back((packet_id, false));
        AckToken {
            epoch: self.epoch,
            position: Some(position),
            bytes,
        }
    }

    /// A token for a packet that is not acknowledged (QoS 0).
    pub fn receive_unacknowledged(&mut self, bytes: usize) -> AckToken {
        AckToken {
            epoch: self.epoch,
            position: None,
            bytes,
        }
    }

    /// Settles a delivery. Appends the packet ids that may be acknowledged now, in order.
    pub fn settle(&mut self, token: AckToken, acknowledge: &mut Vec<u16>) {
        let Some(position) = token.position.filter(|_| token.epoch == self.epoch) else {
            return;
        };
        // A token is settled once, so its position has not left the queue.
        let index = position
            .checked_sub(self.first)
            .and_then(|index| usize::try_from(index).ok());
        if let Some(packet) = index.and_then(|index| self.packets.get_mut(index)) {
            packet.1 = true;
        }
        while let Some((packet_id, true)) = self.packets.front().copied() {
            self.packets.pop_front();
            self.first += 1;
            acknowledge.push(packet_id);
        }
    }

    /// Packets delivered and not yet acknowledged.
    pub fn outstanding(&self) -> usize {
        self.packets.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_of_an_earlier_connection_acknowledges_nothing() {
        let mut acknowledged = Vec::new();
        let mut before = AckLedger::new(1);
        let stale = before.receive(7, 0);
        let mut after = AckLedger::new(2);
        let fresh = after.receive(7, 0);
        after.settle(stale, &mut acknowledged);
        assert!(
            acknowledged.is_empty(),
            "packet 7 of the new connection is not stored yet"
        );
        after.settle(fresh, &mut acknowledged);
        assert_eq!(acknowledged, [7]);
    }

    proptest! {
        /// Connections come and go while deliveries are stored in any order: each acknowledges
        /// its own packets only, as a prefix of what it received, once.
        #[test]
        fn no_connection_acknowledges_anothers_packets(
            // Deliveries received on each connection before it ends.
            received in proptest::collection::vec(0..30_usize, 1..6),
            order in any::<prop::sample::Index>(),
            seed in any::<u64>(),
        ) {
            use rand::{RngExt, SeedableRng};
            let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
            let mut waiting = Vec::new();
            let skip = order.index(7);
            for (epoch, count) in received.into_iter().enumerate() {
                let mut ledger = AckLedger::new(epoch as u64);
                let mut settled = vec![false; count];
                let mut acknowledged = Vec::new();
                for position in 0..count {
                    // Packet ids are used again by the next connection.
                    let token = ledger.receive(position as u16 + 1, 1);
                    waiting.push((epoch, position, token));
                    // Some are stored meanwhile, of this connection or an earlier one.
                    while waiting.len() > skip {
                        let index = rng.random_range(0..waiting.len());
                        let (of, position, token) = waiting.swap_remove(index);
                        if of == epoch {
                            settled[position] = true;
                        }
                        ledger.settle(token, &mut acknowledged);
                        let prefix = settled.iter().take_while(|settled| **settled).count();
                        let expected: Vec<u16> = (1..=prefix as u16).collect();
                        prop_assert_eq!(&acknowledged, &expected);
                    }
                }
            }
        }

        #[test]
        fn packets_are_acknowledged_in_order_and_never_before_they_settle(
            order in Just((0..40_usize).collect::<Vec<_>>()).prop_shuffle(),
            settled in 0..=40_usize,
        ) {
            let mut ledger = AckLedger::new(1);
            let mut tokens: Vec<_> =
                (0..40).map(|id| Some(ledger.receive(id as u16 + 1, 10))).collect();
            let mut acknowledged = Vec::new();
            let mut done = [false; 40];
            for &index in order.iter().take(settled) {
                done[index] = true;
                ledger.settle(tokens[index].take().unwrap(), &mut acknowledged);
                let prefix = done.iter().take_while(|settled| **settled).count();
                let expected: Vec<u16> = (1..=prefix as u16).collect();
                prop_assert_eq!(&acknowledged, &expected);
                prop_assert_eq!(ledger.outstanding(), 40 - prefix);
            }
        }
    }
}
