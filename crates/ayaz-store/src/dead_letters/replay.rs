//! Letters that are published again, and how that is noted.

use jiff::Timestamp;
use tokio_postgres::Client;

use super::selection::SELECTED;
use super::{DeadLetterInfo, DeadLetterSelection, Digest};
use crate::error::StoreError;

/// Letters marked in one transaction: the daemons wait for them meanwhile.
const MARKED_AT_A_TIME: usize = 1_000;

/// A letter chosen for replay: as little as is needed to hold very many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenDeadLetter {
    /// Its name.
    pub digest: Digest,
    /// Bytes that arrived.
    pub payload_bytes: i32,
    /// Bytes that are kept.
    pub kept_bytes: i32,
    /// How often it had been delivered when it was chosen: more of them say that it came back.
    pub deliveries: i64,
    /// Whether it is a vehicle's status.
    pub is_status: bool,
}

impl ChosenDeadLetter {
    /// Whether only the start of its bytes is kept.
    pub fn is_cut(&self) -> bool {
        self.kept_bytes < self.payload_bytes
    }
}

impl From<&DeadLetterInfo> for ChosenDeadLetter {
    fn from(info: &DeadLetterInfo) -> Self {
        Self {
            digest: info.digest,
            payload_bytes: info.payload_bytes,
            kept_bytes: info.kept_bytes,
            deliveries: info.deliveries,
            is_status: info.topic.ends_with("/status"),
        }
    }
}

/// All selected letters, in the order in which they first arrived.
pub async fn choose_letters(
    reader: &Client,
    selection: &DeadLetterSelection,
) -> Result<Vec<ChosenDeadLetter>, StoreError> {
    let statement = format!(
        "-- choose_dead_letters
        select
            digest, payload_bytes, kept_bytes, deliveries,
            right(topic, 7) = '/status' as is_status
        from dead_letter_overview
        where {SELECTED}
        order by first_received_at, digest"
    );
    let rows = reader
        .query(&statement, &selection.parameters())
        .await
        .map_err(|error| StoreError::from_driver("choose dead letters", error))?;
    Ok(rows
        .iter()
        .map(|row| ChosenDeadLetter {
            digest: row.get("digest"),
            payload_bytes: row.get("payload_bytes"),
            kept_bytes: row.get("kept_bytes"),
            deliveries: row.get("deliveries"),
            is_status: row.get("is_status"),
        })
        .collect())
}

/// A letter as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeDeadLetter {
    /// Its name.
    pub digest: Digest,
    /// Where it was published.
    pub topic: String,
    /// Its bytes.
    pub payload: Vec<u8>,
}

impl WholeDeadLetter {
    /// Whether topic and payload are those that arrived: a payload may be cut, and a topic may have
    /// held characters that a database's text cannot.
    pub fn is_as_it_arrived(&self) -> bool {
        Digest::of(self.topic.as_bytes(), &self.payload) == self.digest
    }
}

/// Topics and payloads of these letters, in this order; those that are gone are left out.
pub async fn load_letters(
    reader: &Client,
    digests: &[Digest],
) -> Result<Vec<WholeDeadLetter>, StoreError> {
    let rows = reader
        .query(
            "-- load_dead_letters
            select digest, topic, payload
            from unnest($1::bytea[]) with ordinality as wanted (digest, number)
            join dead_letter using (digest)
            order by number",
            &[&digests],
        )
        .await
        .map_err(|error| StoreError::from_driver("load dead letters", error))?;
    Ok(rows
        .iter()
        .map(|row| WholeDeadLetter {
            digest: row.get(0),
            topic: row.get(1),
            payload: row.get(2),
        })
        .collect())
}

/// The database's clock.
pub async fn database_time(reader: &Client) -> Result<Timestamp, StoreError> {
    reader
        .query_one("-- database_time\nselect clock_timestamp()", &[])
        .await
        .map(|row| row.get(0))
        .map_err(|error| StoreError::from_driver("read the database's clock", error))
}

/// Marks letters as replayed at that instant. Needs the role of an operator.
pub async fn mark_replayed(
    operator: &Client,
    letters: &[ChosenDeadLetter],
    at: Timestamp,
) -> Result<(), StoreError> {
    for part in letters.chunks(MARKED_AT_A_TIME) {
        let digests: Vec<&Digest> = part.iter().map(|letter| &letter.digest).collect();
        let deliveries: Vec<i64> = part.iter().map(|letter| letter.deliveries).collect();
        operator
            .execute(
                // Locked in the daemons' order, by digest, so that neither waits for ever.
                "-- mark_dead_letters_replayed
                with locked as materialized (
                    select digest from dead_letter
                    where digest = any($1)
                    order by digest
                    for update
                )
                update dead_letter
                set replayed_at = $3, replayed_deliveries = replayed.deliveries
                from unnest($1::bytea[], $2::bigint[]) as replayed (digest, deliveries)
                join locked using (digest)
                where dead_letter.digest = replayed.digest",
                &[&digests, &deliveries, &at],
            )
            .await
            .map_err(|error| StoreError::from_driver("mark dead letters as replayed", error))?;
    }
    Ok(())
}
