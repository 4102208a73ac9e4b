//! Deliveries to batches: decode, validate, gather, and hand over when the writer is idle.

use std::collections::VecDeque;
use std::time::Instant;

use ayaz_model::TimeQuality;
use ayaz_store::{Content, Envelope, Message, ReadingEncoder};
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};

use crate::batch::Batcher;
use crate::decode::decode;
use crate::delivery::Delivery;
use crate::metrics;
use crate::validate::{InvalidCounts, Limits, validate};
use crate::writer::Request;

/// Works until there are no more deliveries, then hands over what is left.
pub async fn run(
    limits: Limits,
    mut batcher: Batcher,
    mut deliveries: UnboundedReceiver<Vec<Delivery>>,
    mut requests: Receiver<Request>,
) {
    let mut encoder = ReadingEncoder::default();
    // Decoded, a message is several times as large, so no more are than a batch takes.
    let mut undecoded = VecDeque::new();
    let mut open = true;
    let mut idle_writer: Option<Request> = None;
    while open || batcher.due_at(Instant::now()).is_some() {
        let now = Instant::now();
        let mut tally = Tally::default();
        while batcher.has_room()
            && let Some(delivery) = undecoded.pop_front()
        {
            let (message, token) = check(delivery, &limits, &mut encoder, &mut tally);
            batcher.push(message, token, now);
        }
        tally.count();
        ayaz_store::failpoint!("after_decode");
        let due_at = batcher.due_at(now);
        // At the end there is nothing to linger for.
        let due = due_at.is_some_and(|due_at| !open || due_at <= now);
        if due && let Some(request) = idle_writer.take() {
            let refused = batcher.take().and_then(|batch| request.send(batch).err());
            if refused.is_some() {
                // The writer has stopped: what is not written is not acknowledged either.
                return;
            }
            continue;
        }
        tokio::select! {
            request = requests.recv(), if idle_writer.is_none() => match request {
                Some(request) => idle_writer = Some(request),
                None => return,
            },
            delivered = deliveries.recv(), if open && undecoded.is_empty() => match delivered {
                Some(delivered) => undecoded = delivered.into(),
                None => open = false,
            },
            () = sleep_until(due_at), if !due && due_at.is_some() => {}
        }
    }
}

async fn sleep_until(instant: Option<Instant>) {
    if let Some(instant) = instant {
        tokio::time::sleep_until(instant.into()).await;
    }
}

fn check(
    delivery: Delivery,
    limits: &Limits,
    encoder: &mut ReadingEncoder,
    tally: &mut Tally,
) -> (Message, crate::ack::AckToken) {
    let Delivery {
        topic,
        payload,
        received_at,
        token,
    } = delivery;
    let checked = decode(&topic, &payload, limits)
        .and_then(|frame| validate(frame, limits, received_at, encoder, &mut tally.invalid));
    let content = match checked {
        Ok(content) => {
            tally.look_at(&content);
            content
        }
        Err(reject) => {
            metrics::add_labelled(
                metrics::MESSAGES_REJECTED,
                "reason",
                reject.reason.name(),
                1,
            );
            tracing::debug!(
                reason = reject.reason.name(),
                detail = reject.detail,
                "dead letter"
            );
            Content::Rejected(reject.into())
        }
    };
    (
        Message {
            envelope: Envelope {
                topic,
                payload,
                received_at,
            },
            content,
        },
        token,
    )
}

/// Counts gathered over a few messages, since every metric costs a look-up.
#[derive(Default)]
struct Tally {
    invalid: InvalidCounts,
    future: u64,
    ancient: u64,
}

impl Tally {
    fn look_at(&mut self, content: &Content) {
        let Content::Readings(_, readings) = content else {
            return;
        };
        for quality in readings.time_qualities() {
            match quality {
                TimeQuality::Good => {}
                TimeQuality::Future => self.future += 1,
                TimeQuality::Ancient => self.ancient += 1,
            }
        }
    }

    fn count(self) {
        let invalid = self.invalid;
        for (reason, count) in [
            ("not_finite", invalid.not_finite),
            ("out_of_range", invalid.out_of_range),
            ("unknown_value", invalid.unknown_value),
            ("malformed", invalid.malformed),
        ] {
            metrics::add_labelled(metrics::VALUES_INVALID, "reason", reason, count);
        }
        for (quality, count) in [("future", self.future), ("ancient", self.ancient)] {
            metrics::add_labelled(metrics::READINGS_MISTIMED, "time_quality", quality, count);
        }
    }
}
