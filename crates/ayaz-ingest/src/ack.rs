//! Decides which packets may be acknowledged, and in which order.
//!
//! MQTT demands PUBACKs in the order of receipt (MQTT-4.6.0-2). Batches are committed as a whole. Packet
//! ids are valid for one connection only. So every delivery has a token with its connection (epoch) and
//! position. When a token settles, all settled packets at the front of the queue may be acknowledged. A
//! token of an earlier connection has no effect, since the broker delivers its packet again.

use std::collections::VecDeque;

/// Settles one delivery. It cannot be copied, or created outside of this module.
#[must_use = "a delivery whose token is not settled is never acknowledged"]
#[derive(Debug)]
pub struct AckToken {
    epoch: u64,
    /// `None` for QoS 0, which has no acknowledgement.
    position: Option<u64>,
    bytes: usize,
}

impl AckToken {
    /// Bytes of memory that the delivery uses until it is settled.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The unacknowledged packets of one connection.
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

    /// Records a received packet that needs an acknowledgement.
    pub fn receive(&mut self, packet_id: u16, bytes: usize) -> AckToken {
        let position = self.first + self.packets.len() as u64;
        self.packets.push_back((packet_id, false));
        AckToken {
            epoch: self.epoch,
            position: Some(position),
            bytes,
        }
    }

    /// Creates a token for a packet of QoS 0, which has no acknowledgement.
    pub fn receive_unacknowledged(&mut self, bytes: usize) -> AckToken {
        AckToken {
            epoch: self.epoch,
            position: None,
            bytes,
        }
    }

    /// Settles a delivery. Appends the packet ids that may now be acknowledged, in order.
    pub fn settle(&mut self, token: AckToken, acknowledge: &mut Vec<u16>) {
        let Some(position) = token.position.filter(|_| token.epoch == self.epoch) else {
            return;
        };
        // A token settles only once, so its position is still in the queue.
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

    /// The number of unacknowledged packets.
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
        /// Deliveries of several connections are stored in any order. Each connection acknowledges only
        /// its own packets, once, and in the order of receipt.
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
                    // The next connection uses the same packet ids.
                    let token = ledger.receive(position as u16 + 1, 1);
                    waiting.push((epoch, position, token));
                    // Some deliveries of this or an earlier connection are stored.
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
        fn packets_are_acknowledged_in_order_and_after_they_settle(
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
