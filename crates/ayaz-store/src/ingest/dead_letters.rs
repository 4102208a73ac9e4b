//! Messages that could not become rows, entered so that a vehicle that sends nothing else cannot
//! fill the disk: new letters and their bytes are counted, by source and hour, by source and in all, and
//! what comes over a limit is counted and not kept.
//!
//! Locks are taken in one order, first quotas, then letters, each sorted, so that daemons that share
//! sources wait for each other and do not deadlock.

mod quota;

use std::collections::{BTreeMap, HashMap};

use ayaz_model::UnixMicroseconds;
use jiff::Timestamp;
use tokio_postgres::Transaction;

use crate::dead_letters::Digest;
use crate::error::StoreError;
use crate::message::{Content, Envelope, Message, Rejection};
use quota::{QuotaKey, Size, Sorted, Usage};

/// Longest detail of a dead letter, in bytes.
const DETAIL_BYTES_MAX: usize = 2_000;

/// What is kept of a payload that is larger than the daemon accepts, in bytes.
pub const PAYLOAD_START_BYTES: usize = 64 * 1024;

/// How many dead letters are kept, and how much of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetterLimits {
    /// New letters of one vehicle in one hour of the daemon's clock; topics that name no vehicle
    /// count as one. What comes over it is counted in `dead_letter_suppressed`.
    pub per_vehicle_hour_max: u32,
    /// Bytes of topic and kept payload of a vehicle's new letters in an hour.
    pub per_vehicle_hour_max_bytes: u64,
    /// Bytes of all letters of a vehicle that are kept.
    pub per_vehicle_max_bytes: u64,
    /// Letters of all vehicles that are kept. Daemons that write at the same time may pass it by what
    /// each of them writes in one transaction.
    pub total_max: u64,
    /// Bytes of them.
    pub total_max_bytes: u64,
    /// Payloads up to this length are kept whole, so that they can be replayed; of a larger one
    /// only the first [`PAYLOAD_START_BYTES`]. The largest that the daemon accepts.
    pub payload_whole_max_bytes: usize,
}

impl Default for DeadLetterLimits {
    fn default() -> Self {
        Self {
            per_vehicle_hour_max: 1_000,
            per_vehicle_hour_max_bytes: 16 << 20,
            per_vehicle_max_bytes: 256 << 20,
            total_max: 1_000_000,
            total_max_bytes: 4 << 30,
            payload_whole_max_bytes: 256 * 1024,
        }
    }
}

impl DeadLetterLimits {
    fn kept<'a>(&self, payload: &'a [u8]) -> &'a [u8] {
        let whole_max = self.payload_whole_max_bytes.max(PAYLOAD_START_BYTES);
        if payload.len() <= whole_max {
            payload
        } else {
            &payload[..PAYLOAD_START_BYTES]
        }
    }
}

/// Enters the rejected messages, and returns how many were over the limit. The digest of topic and
/// payload is the key, so that a redelivery is counted and not entered again.
pub(super) async fn write_dead_letters(
    transaction: &Transaction<'_>,
    messages: &[Message],
    daemon_version: &str,
    limits: &DeadLetterLimits,
) -> Result<u64, StoreError> {
    let letters = gather(messages);
    if letters.is_empty() {
        return Ok(0);
    }
    let hours = quota::lock(transaction, &letters).await?;
    let new = quota::find_new(transaction, &letters).await?;
    let kept = quota::kept(transaction, &new).await?;
    let sorted = quota::sort_out(&letters, new, Usage { hours, kept }, limits);
    let entered = enter(transaction, &letters, &sorted, daemon_version, limits).await?;
    quota::count_entered(transaction, &entered).await?;
    quota::count_suppressed(transaction, &sorted.suppressed).await?;
    let suppressed: i64 = sorted.suppressed.values().map(|of| of.messages).sum();
    Ok(suppressed.unsigned_abs())
}

/// One letter, with all its deliveries of the batch.
struct DeadLetter<'a> {
    digest: Digest,
    topic: String,
    envelope: &'a Envelope,
    rejection: &'a Rejection,
    /// Place in the batch of its first delivery.
    arrival: usize,
    deliveries: i64,
    first_received_at: Timestamp,
    last_received_at: Timestamp,
}

impl DeadLetter<'_> {
    /// What it takes if it is kept, as `dead_letter_bytes` in the database counts.
    fn size(&self, limits: &DeadLetterLimits) -> Size {
        let payload = limits.kept(&self.envelope.payload);
        Size {
            letters: 1,
            bytes: (self.topic.len() + payload.len()) as i64,
        }
    }
}

/// The batch's letters, by digest.
fn gather(messages: &[Message]) -> Vec<DeadLetter<'_>> {
    let mut letters: BTreeMap<Digest, DeadLetter<'_>> = BTreeMap::new();
    for (arrival, message) in messages.iter().enumerate() {
        let Content::Rejected(rejection) = &message.content else {
            continue;
        };
        let envelope = &message.envelope;
        let digest = Digest::of(&envelope.topic, &envelope.payload);
        let received_at = instant(envelope.received_at);
        letters
            .entry(digest)
            .and_modify(|letter| {
                letter.deliveries += 1;
                letter.last_received_at = letter.last_received_at.max(received_at);
            })
            .or_insert_with(|| DeadLetter {
                digest,
                topic: printable(&String::from_utf8_lossy(&envelope.topic), usize::MAX),
                envelope,
                rejection,
                arrival,
                deliveries: 1,
                first_received_at: received_at,
                last_received_at: received_at,
            });
    }
    letters.into_values().collect()
}

/// Letters by column, for `unnest`.
#[derive(Default)]
struct Columns<'a> {
    digests: Vec<&'a Digest>,
    topics: Vec<&'a str>,
    payloads: Vec<&'a [u8]>,
    payload_bytes: Vec<i32>,
    reasons: Vec<&'a str>,
    details: Vec<String>,
    first_received: Vec<Timestamp>,
    last_received: Vec<Timestamp>,
    deliveries: Vec<i64>,
}

impl<'a> Columns<'a> {
    fn push(&mut self, letter: &'a DeadLetter<'_>, limits: &DeadLetterLimits) {
        let payload = &letter.envelope.payload;
        self.digests.push(&letter.digest);
        self.topics.push(&letter.topic);
        self.payloads.push(limits.kept(payload));
        self.payload_bytes
            .push(i32::try_from(payload.len()).unwrap_or(i32::MAX));
        self.reasons.push(letter.rejection.reason);
        self.details
            .push(printable(&letter.rejection.detail, DETAIL_BYTES_MAX));
        self.first_received.push(letter.first_received_at);
        self.last_received.push(letter.last_received_at);
        self.deliveries.push(letter.deliveries);
    }
}

/// Enters new letters and counts the deliveries of known ones, in the order of the digests. Returns
/// how many of each quota are really new.
async fn enter(
    transaction: &Transaction<'_>,
    letters: &[DeadLetter<'_>],
    sorted: &Sorted,
    daemon_version: &str,
    limits: &DeadLetterLimits,
) -> Result<BTreeMap<QuotaKey, Size>, StoreError> {
    let mut entered: BTreeMap<QuotaKey, Size> = BTreeMap::new();
    if sorted.entered.is_empty() {
        return Ok(entered);
    }
    let mut columns = Columns::default();
    for (place, _) in &sorted.entered {
        columns.push(&letters[*place], limits);
    }
    let rows = transaction
        .query(
            "-- insert_dead_letters
            insert into dead_letter (
                digest, topic, payload, payload_bytes, reason, detail, daemon_version,
                first_received_at, last_received_at, deliveries
            )
            select
                digest, topic, payload, payload_bytes, reason, detail, $10,
                first_received_at, last_received_at, deliveries
            from unnest(
                $1::bytea[], $2::text[], $3::bytea[], $4::integer[], $5::text[], $6::text[],
                $7::timestamptz[], $8::timestamptz[], $9::bigint[]
            ) as letter (
                digest, topic, payload, payload_bytes, reason, detail,
                first_received_at, last_received_at, deliveries
            )
            on conflict (digest) do update set
                last_received_at = greatest(
                    dead_letter.last_received_at, excluded.last_received_at
                ),
                deliveries = dead_letter.deliveries + excluded.deliveries,
                reason = excluded.reason,
                detail = excluded.detail,
                daemon_version = excluded.daemon_version
            returning digest, deliveries",
            &[
                &columns.digests,
                &columns.topics,
                &columns.payloads,
                &columns.payload_bytes,
                &columns.reasons,
                &columns.details,
                &columns.first_received,
                &columns.last_received,
                &columns.deliveries,
                &daemon_version,
            ],
        )
        .await
        .map_err(|error| StoreError::from_driver("write dead letters", error))?;
    let stored: HashMap<Digest, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for (place, quota) in &sorted.entered {
        let letter = &letters[*place];
        // One that another daemon entered meanwhile, in another hour, has its deliveries too.
        let is_new = stored.get(&letter.digest) == Some(&letter.deliveries);
        if let Some(quota) = quota
            && is_new
        {
            entered
                .entry(quota.clone())
                .or_default()
                .add(letter.size(limits));
        }
    }
    Ok(entered)
}

fn instant(at: UnixMicroseconds) -> Timestamp {
    at.timestamp().unwrap_or_default()
}

/// The database's text takes no NUL, and an error may quote what a stranger sent.
fn printable(text: &str, bytes_max: usize) -> String {
    let mut cut = text.len().min(bytes_max);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    text[..cut]
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_cut_between_characters_and_hold_no_controls() {
        assert_eq!(printable("a\0b\nc", 10), "a\u{fffd}b\u{fffd}c");
        assert_eq!(printable("аяз", 3), "а");
        assert_eq!(printable("", 3), "");
    }

    #[test]
    fn only_payloads_over_the_largest_accepted_are_cut() {
        let limits = |payload_whole_max_bytes| DeadLetterLimits {
            payload_whole_max_bytes,
            ..DeadLetterLimits::default()
        };
        let payload = vec![7; 200_000];
        for (whole_max, length, kept) in [
            (100_000, 100_000, 100_000),
            (100_000, 100_001, PAYLOAD_START_BYTES),
            // What fits into the start is whole anyway.
            (1_000, 60_000, 60_000),
            (1_000, 70_000, PAYLOAD_START_BYTES),
        ] {
            assert_eq!(limits(whole_max).kept(&payload[..length]).len(), kept);
        }
    }
}
