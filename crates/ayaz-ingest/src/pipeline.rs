//! Turns deliveries into batches: decodes, validates, collects, and sends a batch to an idle writer.

use std::collections::VecDeque;
use std::time::Instant;

use ayaz_model::TimeQuality;
use ayaz_store::{Content, Envelope, Message, ReadingEncoder};
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};

use crate::batch::Batcher;
use crate::clock::Clock;
use crate::decode::decode;
use crate::delivery::Delivery;
use crate::fair_queue::{FairQueue, Flood};
use crate::metrics::{self, HOT};
use crate::validate::{InvalidCounts, Limits, validate};
use crate::writer::Request;

/// Runs until there are no more deliveries, then sends the last batches.
pub async fn run(
    limits: Limits,
    clock: Clock,
    mut waiting: FairQueue,
    mut batcher: Batcher,
    mut deliveries: UnboundedReceiver<Vec<Delivery>>,
    mut requests: Receiver<Request>,
) {
    let mut encoder = ReadingEncoder::default();
    let mut open = true;
    let mut idle = VecDeque::new();
    // The writer whose batch has statuses. No other writer gets such a batch until it asks again, since
    // the last status of a vehicle must be written last.
    let mut with_statuses = None;
    // A writer compares the clocks before its first request. Until then no time can be checked.
    let mut clock_is_known = false;
    while open || !waiting.is_empty() || batcher.due_at(Instant::now()).is_some() {
        let now = Instant::now();
        let mut tally = Tally::default();
        // A decoded message is several times as large, so decode no more than one batch.
        while clock_is_known
            && batcher.has_room()
            && let Some(delivery) = waiting.pop()
        {
            let (message, token) = check(delivery, &limits, &clock, &mut encoder, &mut tally);
            batcher.push(message, token, now);
        }
        tally.count();
        HOT.vehicles_over.set(waiting.over() as f64);
        ayaz_store::failpoint!("after_decode");
        let due_at = batcher.due_at(now);
        // After the last delivery there is no reason to wait.
        let due = due_at.is_some_and(|due_at| !open || due_at <= now);
        let in_order = with_statuses.is_none() || !batcher.has_status();
        if due
            && in_order
            && let Some(Request { writer, batch: to }) = idle.pop_front()
        {
            let Some(batch) = batcher.take() else {
                continue;
            };
            if batch.has_status {
                with_statuses = Some(writer);
            }
            if to.send(batch).is_err() {
                // The writer has ended. Messages that are not written are not acknowledged.
                return;
            }
            continue;
        }
        tokio::select! {
            request = requests.recv() => match request {
                Some(request) => {
                    clock_is_known = true;
                    with_statuses = with_statuses.filter(|writer| *writer != request.writer);
                    idle.push_back(request);
                }
                None => return,
            },
            // Reads all deliveries, so that the queue knows how much each vehicle has.
            delivered = deliveries.recv(), if open => match delivered {
                Some(delivered) => enqueue(delivered, &mut waiting),
                None => open = false,
            },
            () = sleep_until(due_at), if !due && due_at.is_some() => {}
        }
    }
}

fn enqueue(delivered: Vec<Delivery>, waiting: &mut FairQueue) {
    let now = Instant::now();
    for delivery in delivered {
        if let Some(Flood { topic, bytes }) = waiting.push(delivery, now) {
            tracing::warn!(
                // Its own target, so that a user can silence it while a backlog is read.
                target: "ayaz_ingest::intake",
                topic = %String::from_utf8_lossy(&topic),
                bytes,
                "this vehicle sends more than all others together: messages of the others are stored \
                 first; none is lost"
            );
        }
    }
    let held_back = waiting.take_held_back();
    if held_back > 0 {
        metrics::add(metrics::MESSAGES_HELD_BACK, held_back);
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
    clock: &Clock,
    encoder: &mut ReadingEncoder,
    tally: &mut Tally,
) -> (Message, crate::ack::AckToken) {
    let Delivery {
        topic,
        payload,
        received_at,
        token,
    } = delivery;
    let received_at = clock.reference_time(received_at);
    let checked = decode(&topic, &payload, limits)
        .and_then(|frame| validate(frame, limits, received_at, encoder, &mut tally.invalid));
    let content = match checked {
        Ok(content) => {
            tally.add(&content);
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

/// Counts of several messages, since every metric costs a look-up.
#[derive(Default)]
struct Tally {
    invalid: InvalidCounts,
    future: u64,
    ancient: u64,
}

impl Tally {
    fn add(&mut self, content: &Content) {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ayaz_daemon::admin::Readiness;
    use ayaz_model::UnixMicroseconds;
    use ayaz_proto::Message as _;
    use ayaz_proto::telemetry::v1::VehicleStatus;
    use bytes::Bytes;
    use tokio::sync::{mpsc, oneshot};
    use tokio::time::timeout;

    use super::*;
    use crate::ack::AckLedger;
    use crate::batch::{Batch, BatchConfig};
    use crate::clock::ClockConfig;

    fn delivery(kind: &str, payload: Vec<u8>, ledger: &mut AckLedger) -> Delivery {
        Delivery {
            topic: Bytes::from(format!("ayaz/v1/astana/E12-001/{kind}")),
            payload: payload.into(),
            received_at: UnixMicroseconds(0),
            token: ledger.receive(1, 1),
        }
    }

    fn status(online: bool) -> Vec<u8> {
        let status = VehicleStatus {
            vehicle: "E12-001".to_owned(),
            online,
            boot_id: 1,
        };
        status.encode_to_vec()
    }

    #[allow(clippy::async_yields_async, reason = "the batch arrives later")]
    async fn ask(requests: &mpsc::Sender<Request>, writer: u8) -> oneshot::Receiver<Batch> {
        let (to, batch) = oneshot::channel();
        let request = Request { writer, batch: to };
        requests.send(request).await.unwrap();
        batch
    }

    #[tokio::test]
    async fn a_batch_with_statuses_waits_for_the_earlier_one() {
        let mut ledger = AckLedger::new(1);
        let (deliver, delivered) = mpsc::unbounded_channel();
        let (requests, requested) = mpsc::channel(1);
        let one_each = Batcher::new(BatchConfig::default(), 1);
        let clock = Clock::new(&ClockConfig::default(), Readiness::default());
        let waiting = FairQueue::new(1 << 20);
        tokio::spawn(run(
            Limits::default(),
            clock,
            waiting,
            one_each,
            delivered,
            requested,
        ));
        let junk = delivery("telemetry", vec![1], &mut ledger);
        let statuses = [status(false), status(true)].map(|it| delivery("status", it, &mut ledger));
        deliver
            .send([junk].into_iter().chain(statuses).collect())
            .unwrap();
        assert!(!ask(&requests, 0).await.await.unwrap().has_status);
        assert!(ask(&requests, 1).await.await.unwrap().has_status);
        let mut other = ask(&requests, 0).await;
        let pause = Duration::from_millis(200);
        assert!(
            timeout(pause, &mut other).await.is_err(),
            "both batches with statuses are written at the same time"
        );
        // The first writer asks again, so its batch is stored.
        let again = ask(&requests, 1).await;
        assert!(other.await.unwrap().has_status);
        drop(again);
    }
}
