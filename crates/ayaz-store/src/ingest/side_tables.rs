//! What a batch writes beside its rows: dead letters, statuses and the ledger of touched hours.

use std::collections::BTreeMap;

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
    for (digest, (envelope, rejection, deliveries)) in letters {
        let topic = printable(&String::from_utf8_lossy(&envelope.topic), usize::MAX);
        let detail = printable(&rejection.detail, DETAIL_BYTES_MAX);
        transaction
            .execute(
                "-- insert_dead_letter
                insert into dead_letter (
                    digest, topic, payload, payload_bytes, reason, detail, daemon_version,
                    first_received_at, last_received_at, deliveries
                )
                values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
                on conflict (digest) do update set
                    last_received_at = greatest(
                        dead_letter.last_received_at, excluded.last_received_at
                    ),
                    deliveries = dead_letter.deliveries + excluded.deliveries",
                &[
                    &digest.as_slice(),
                    &topic,
                    &&envelope.payload[..],
                    &i32::try_from(envelope.payload.len()).unwrap_or(i32::MAX),
                    &rejection.reason,
                    &detail,
                    &daemon_version,
                    &envelope.received_at.timestamp().unwrap_or_default(),
                    &deliveries,
                ],
            )
            .await
            .map_err(|error| StoreError::from_driver("write a dead letter", error))?;
    }
    Ok(())
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
    for (vehicle, online, boot_id, at) in &plan.statuses {
        transaction
            .execute(
                "-- upsert_vehicle_status
                insert into vehicle_status (vehicle_id, online, boot_id, changed_at)
                values ($1, $2, $3, $4)
                on conflict (vehicle_id) do update set
                    online = excluded.online,
                    boot_id = excluded.boot_id,
                    changed_at = excluded.changed_at
                where (vehicle_status.online, vehicle_status.boot_id)
                    is distinct from (excluded.online, excluded.boot_id)",
                &[
                    vehicle,
                    online,
                    &i64::from(*boot_id),
                    &at.timestamp().unwrap_or_default(),
                ],
            )
            .await
            .map_err(|error| StoreError::from_driver("write a vehicle's status", error))?;
    }
    Ok(())
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
