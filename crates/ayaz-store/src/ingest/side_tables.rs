//! What a batch writes beside its rows: dead letters, statuses and the ledger of touched hours.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio_postgres::Transaction;

use super::rows::RowPlan;
use crate::error::StoreError;
use crate::message::{Content, Envelope, Message, Rejection};

/// Longest detail of a dead letter, in bytes.
const DETAIL_BYTES_MAX: usize = 2_000;

/// Enters the rejected messages. The digest of topic and payload is the key, so that a redelivery
/// is counted and not entered again.
pub(super) async fn write_dead_letters(
    transaction: &Transaction<'_>,
    messages: &[Message],
    daemon_version: &str,
) -> Result<(), StoreError> {
    let mut letters: BTreeMap<[u8; 32], (&Envelope, &Rejection, i64)> = BTreeMap::new();
    for message in messages {
        if let Content::Rejected(rejection) = &message.content {
            letters
                .entry(digest(&message.envelope))
                .and_modify(|letter| letter.2 += 1)
                .or_insert((&message.envelope, rejection, 1));
        }
    }
    if letters.is_empty() {
        return Ok(());
    }
    let mut columns = Letters::default();
    for (digest, (envelope, rejection, deliveries)) in &letters {
        columns.digests.push(digest);
        columns.topics.push(printable(
            &String::from_utf8_lossy(&envelope.topic),
            usize::MAX,
        ));
        columns.payloads.push(&envelope.payload);
        columns.reasons.push(rejection.reason);
        columns
            .details
            .push(printable(&rejection.detail, DETAIL_BYTES_MAX));
        columns
            .received
            .push(envelope.received_at.timestamp().unwrap_or_default());
        columns.deliveries.push(*deliveries);
    }
    transaction
        .execute(
            "-- insert_dead_letters
            insert into dead_letter (
                digest, topic, payload, payload_bytes, reason, detail, daemon_version,
                first_received_at, last_received_at, deliveries
            )
            select
                digest, topic, payload, length(payload), reason, detail, $8,
                received_at, received_at, deliveries
            from unnest(
                $1::bytea[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::timestamptz[],
                $7::bigint[]
            ) as letter (digest, topic, payload, reason, detail, received_at, deliveries)
            on conflict (digest) do update set
                last_received_at = greatest(
                    dead_letter.last_received_at, excluded.last_received_at
                ),
                deliveries = dead_letter.deliveries + excluded.deliveries",
            &[
                &columns.digests,
                &columns.topics,
                &columns.payloads,
                &columns.reasons,
                &columns.details,
                &columns.received,
                &columns.deliveries,
                &daemon_version,
            ],
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("write dead letters", error))
}

/// Dead letters by column, for `unnest`.
#[derive(Default)]
struct Letters<'a> {
    digests: Vec<&'a [u8]>,
    topics: Vec<String>,
    payloads: Vec<&'a [u8]>,
    reasons: Vec<&'a str>,
    details: Vec<String>,
    received: Vec<Timestamp>,
    deliveries: Vec<i64>,
}

fn digest(envelope: &Envelope) -> [u8; 32] {
    let mut hash = Sha256::new();
    // The length keeps topic and payload apart.
    hash.update((envelope.topic.len() as u64).to_be_bytes());
    hash.update(&envelope.topic);
    hash.update(&envelope.payload);
    hash.finalize().into()
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

/// Enters who came and went. Retained statuses arrive again at every connect, so only a change
/// counts as one.
pub(super) async fn write_statuses(
    transaction: &Transaction<'_>,
    plan: &RowPlan<'_>,
) -> Result<(), StoreError> {
    if plan.statuses.is_empty() {
        return Ok(());
    }
    let (mut vehicles, mut online, mut boots, mut times) = (vec![], vec![], vec![], vec![]);
    for (vehicle, status) in &plan.statuses {
        vehicles.push(*vehicle);
        online.push(status.online);
        boots.push(i64::from(status.boot_id));
        times.push(status.received_at.timestamp().unwrap_or_default());
    }
    transaction
        .execute(
            "-- upsert_vehicle_statuses
            insert into vehicle_status (vehicle_id, online, boot_id, changed_at)
            select * from unnest($1::integer[], $2::boolean[], $3::bigint[], $4::timestamptz[])
            on conflict (vehicle_id) do update set
                online = excluded.online,
                boot_id = excluded.boot_id,
                changed_at = excluded.changed_at
            where (vehicle_status.online, vehicle_status.boot_id)
                is distinct from (excluded.online, excluded.boot_id)",
            &[&vehicles, &online, &boots, &times],
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("write vehicles' statuses", error))
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
}
