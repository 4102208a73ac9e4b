//! Collects messages until there are enough, or the oldest has waited long enough. Pure: no clock,
//! no I/O.

use std::time::{Duration, Instant};

use ayaz_store::{Content, Message};
use serde::Deserialize;

use crate::ack::AckToken;

/// When a batch is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchConfig {
    /// A batch with this many rows is full.
    pub rows_max: usize,
    /// A batch is written when its oldest message has waited this long and a writer is idle.
    pub linger_ms: u64,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            rows_max: 8_000,
            linger_ms: 40,
        }
    }
}

/// Messages that are written in one transaction, with the tokens that settle them.
#[derive(Debug, Default)]
pub struct Batch {
    /// In the order of receipt.
    pub messages: Vec<Message>,
    /// One for each message.
    pub tokens: Vec<AckToken>,
    /// The rows of all messages.
    pub rows: usize,
    /// Whether it has a status message.
    pub has_status: bool,
}

/// Collects the next batch.
#[derive(Debug)]
pub struct Batcher {
    config: BatchConfig,
    messages_max: usize,
    batch: Batch,
    oldest: Option<Instant>,
}

impl Batcher {
    /// Starts with an empty batch. A batch is also full with `messages_max` messages, since the broker
    /// delivers no more before some are acknowledged.
    pub fn new(config: BatchConfig, messages_max: usize) -> Self {
        Self {
            config,
            messages_max,
            batch: Batch::default(),
            oldest: None,
        }
    }

    /// Whether another message may be pushed. The last message may exceed `rows_max` by at most
    /// `limits.readings_max` rows.
    pub fn has_room(&self) -> bool {
        self.batch.rows < self.config.rows_max && self.batch.messages.len() < self.messages_max
    }

    /// Adds a message that arrived now.
    pub fn push(&mut self, message: Message, token: AckToken, now: Instant) {
        self.batch.rows += message.content.rows();
        self.batch.has_status |= matches!(message.content, Content::Status { .. });
        self.batch.messages.push(message);
        self.batch.tokens.push(token);
        self.oldest.get_or_insert(now);
    }

    /// When the batch must be written: now if it is full, later if it is not, never if it is empty.
    pub fn due_at(&self, now: Instant) -> Option<Instant> {
        let oldest = self.oldest?;
        if self.has_room() {
            Some(oldest + Duration::from_millis(self.config.linger_ms))
        } else {
            Some(now)
        }
    }

    /// Whether the batch has a status message.
    pub fn has_status(&self) -> bool {
        self.batch.has_status
    }

    /// Takes the batch; `None` if it is empty.
    pub fn take(&mut self) -> Option<Batch> {
        self.oldest.take()?;
        Some(std::mem::take(&mut self.batch))
    }
}

#[cfg(test)]
mod tests {
    use ayaz_model::UnixMicroseconds;
    use ayaz_store::{Envelope, Rejection};
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::ack::AckLedger;

    fn message(number: u64) -> Message {
        Message {
            envelope: Envelope {
                topic: Bytes::new(),
                payload: Bytes::copy_from_slice(&number.to_be_bytes()),
                received_at: UnixMicroseconds(0),
            },
            content: Content::Rejected(Rejection {
                reason: "test",
                detail: String::new(),
            }),
        }
    }

    proptest! {
        #[test]
        fn batches_are_limited_in_order_and_written_in_time(
            rows_max in 1..20_usize,
            messages_max in 1..20_usize,
            // Milliseconds to the next message, and whether the writer is idle then.
            steps in proptest::collection::vec((0..80_u64, any::<bool>()), 1..200),
        ) {
            const LINGER_MS: u64 = 40;
            let config = BatchConfig { rows_max, linger_ms: LINGER_MS };
            let mut batcher = Batcher::new(config, messages_max);
            let mut ledger = AckLedger::new(1);
            let mut now = Instant::now();
            let mut oldest = None;
            let (mut pushed, mut taken) = (0, Vec::new());
            for (pause_ms, idle) in steps {
                now += Duration::from_millis(pause_ms);
                if batcher.has_room() {
                    batcher.push(message(pushed), ledger.receive(1, 1), now);
                    oldest.get_or_insert(now);
                    pushed += 1;
                }
                let due_at = batcher.due_at(now);
                let lingered = oldest.map(|oldest| oldest + Duration::from_millis(LINGER_MS));
                let expected = if batcher.has_room() { lingered } else { Some(now) };
                prop_assert_eq!(due_at, expected);
                if idle && due_at.is_some_and(|due_at| due_at <= now) {
                    let batch = batcher.take().unwrap();
                    oldest = None;
                    prop_assert!(batch.rows <= rows_max && batch.messages.len() <= messages_max);
                    prop_assert_eq!(batch.messages.len(), batch.tokens.len());
                    prop_assert_eq!(batch.messages.len(), batch.rows);
                    taken.extend(batch.messages);
                    prop_assert!(batcher.take().is_none() && batcher.due_at(now).is_none());
                }
            }
            taken.extend(batcher.take().into_iter().flat_map(|batch| batch.messages));
            prop_assert!(taken.into_iter().eq((0..pushed).map(message)));
        }
    }
}
