//! What is shown of dead letters.

use jiff::Timestamp;
use tokio_postgres::{Client, Row};

use super::selection::SELECTED;
use super::{DeadLetterSelection, Digest, DigestPrefix};
use crate::error::StoreError;

/// The letters of one vehicle that were refused for one reason, and those messages that were over
/// the limit and not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterGroup {
    /// Why.
    pub reason: String,
    /// By the topic; `None` where it names no vehicle.
    pub fleet: Option<String>,
    /// By the topic; `None` where it names no vehicle.
    pub vehicle: Option<String>,
    /// Letters that are kept.
    pub letters: i64,
    /// How often those were delivered.
    pub deliveries: i64,
    /// Messages that were counted and not kept.
    pub suppressed: i64,
    /// Letters that were replayed.
    pub replayed: i64,
    /// Letters that were replayed and refused again.
    pub came_back: i64,
    /// First delivery of any of them, suppressed ones included.
    pub first_received_at: Timestamp,
    /// Last delivery of any of them, suppressed ones included.
    pub last_received_at: Timestamp,
    /// What exactly was wrong with the last letter; `None` where none is kept.
    pub detail: Option<String>,
}

/// The first groups, and what there is in all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterSummary {
    /// Those asked for, the latest first.
    pub groups: Vec<DeadLetterGroup>,
    /// How many groups there are.
    pub groups_total: u64,
    /// Letters of all groups.
    pub letters_total: u64,
    /// Suppressed messages of all groups.
    pub suppressed_total: u64,
}

/// The selected letters by reason and vehicle, at most `limit` groups. What was suppressed is
/// selected in the same way, but for `open_only`: it cannot be replayed.
pub async fn summarize_letters(
    reader: &Client,
    selection: &DeadLetterSelection,
    limit: u32,
) -> Result<DeadLetterSummary, StoreError> {
    let limit = i64::from(limit);
    let mut parameters = selection.parameters().to_vec();
    parameters.push(&limit);
    let rows = reader
        .query(&summary_statement(), &parameters)
        .await
        .map_err(|error| StoreError::from_driver("summarize dead letters", error))?;
    let total = |name: &str| {
        let row = rows.first();
        row.map_or(0, |row| row.get::<_, i64>(name).unsigned_abs())
    };
    Ok(DeadLetterSummary {
        groups_total: total("groups_total"),
        letters_total: total("letters_total"),
        suppressed_total: total("suppressed_total"),
        groups: rows
            .iter()
            .map(|row| DeadLetterGroup {
                reason: row.get("reason"),
                fleet: row.get("fleet"),
                vehicle: row.get("vehicle"),
                letters: row.get("letters"),
                deliveries: row.get("deliveries"),
                suppressed: row.get("suppressed"),
                replayed: row.get("replayed"),
                came_back: row.get("came_back"),
                first_received_at: row.get("first_received_at"),
                last_received_at: row.get("last_received_at"),
                detail: row.get("detail"),
            })
            .collect(),
    })
}

fn summary_statement() -> String {
    format!(
        "-- summarize_dead_letters
        with refused as (
            select
                reason, fleet, vehicle,
                count(*) as letters,
                sum(deliveries)::bigint as deliveries,
                0::bigint as suppressed,
                count(replayed_at) as replayed,
                count(*) filter (where came_back) as came_back,
                min(first_received_at) as first_received_at,
                max(last_received_at) as last_received_at,
                last(detail, last_received_at) as detail
            from dead_letter_overview
            where {SELECTED}
            group by reason, fleet, vehicle
        ), suppressed as (
            select
                reason, fleet, vehicle, 0, 0, sum(messages)::bigint, 0, 0,
                min(first_received_at), max(last_received_at), null::text
            from (
                select
                    *,
                    nullif(split_part(source, '/', 1), '') as fleet,
                    nullif(split_part(source, '/', 2), '') as vehicle,
                    null::timestamptz as replayed_at,
                    false as came_back
                from dead_letter_suppressed
            ) as by_hour
            where {SELECTED}
            group by reason, fleet, vehicle
        )
        select
            reason, fleet, vehicle,
            sum(letters)::bigint as letters,
            sum(deliveries)::bigint as deliveries,
            sum(suppressed)::bigint as suppressed,
            sum(replayed)::bigint as replayed,
            sum(came_back)::bigint as came_back,
            min(first_received_at) as first_received_at,
            max(last_received_at) as last_received_at,
            max(detail) as detail,
            count(*) over () as groups_total,
            (sum(sum(letters)) over ())::bigint as letters_total,
            (sum(sum(suppressed)) over ())::bigint as suppressed_total
        from (select * from refused union all select * from suppressed) as part
        group by reason, fleet, vehicle
        order by max(last_received_at) desc, reason, fleet, vehicle
        limit $8"
    )
}

/// A letter without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterInfo {
    /// Its name.
    pub digest: Digest,
    /// Where it was published.
    pub topic: String,
    /// Why it was refused, the last time.
    pub reason: String,
    /// What exactly was wrong.
    pub detail: String,
    /// The daemon that refused it last.
    pub daemon_version: String,
    /// Bytes that arrived.
    pub payload_bytes: i32,
    /// Bytes that are kept, from the start.
    pub kept_bytes: i32,
    /// How often it was delivered.
    pub deliveries: i64,
    /// First delivery.
    pub first_received_at: Timestamp,
    /// Last delivery.
    pub last_received_at: Timestamp,
    /// When it was last published again.
    pub replayed_at: Option<Timestamp>,
    /// Whether it was refused again since; `None` if it was never replayed.
    pub came_back: Option<bool>,
}

impl DeadLetterInfo {
    /// Whether only the start of its bytes is kept.
    pub fn is_cut(&self) -> bool {
        self.kept_bytes < self.payload_bytes
    }

    fn from_row(row: &Row) -> Self {
        Self {
            digest: row.get("digest"),
            topic: row.get("topic"),
            reason: row.get("reason"),
            detail: row.get("detail"),
            daemon_version: row.get("daemon_version"),
            payload_bytes: row.get("payload_bytes"),
            kept_bytes: row.get("kept_bytes"),
            deliveries: row.get("deliveries"),
            first_received_at: row.get("first_received_at"),
            last_received_at: row.get("last_received_at"),
            replayed_at: row.get("replayed_at"),
            came_back: row.get("came_back"),
        }
    }
}

/// The first letters, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterPage {
    /// Those asked for, the latest first.
    pub letters: Vec<DeadLetterInfo>,
    /// How many are selected.
    pub total: u64,
}

/// The selected letters, at most `limit`.
pub async fn list_letters(
    reader: &Client,
    selection: &DeadLetterSelection,
    limit: u32,
) -> Result<DeadLetterPage, StoreError> {
    let limit = i64::from(limit);
    let mut parameters = selection.parameters().to_vec();
    parameters.push(&limit);
    let statement = format!(
        "-- list_dead_letters
        select *, count(*) over () as total
        from dead_letter_overview
        where {SELECTED}
        order by last_received_at desc, digest
        limit $8"
    );
    let rows = reader
        .query(&statement, &parameters)
        .await
        .map_err(|error| StoreError::from_driver("list dead letters", error))?;
    Ok(DeadLetterPage {
        letters: rows.iter().map(DeadLetterInfo::from_row).collect(),
        total: rows
            .first()
            .map_or(0, |row| row.get::<_, i64>("total").unsigned_abs()),
    })
}

/// Letters whose digest begins so, at most `limit`, by digest.
pub async fn find_letters(
    reader: &Client,
    prefix: &DigestPrefix,
    limit: u32,
) -> Result<Vec<DeadLetterInfo>, StoreError> {
    let (first, last) = prefix.range();
    let rows = reader
        .query(
            "-- find_dead_letters
            select * from dead_letter_overview
            where digest between $1 and $2
            order by digest
            limit $3",
            &[&first, &last, &i64::from(limit)],
        )
        .await
        .map_err(|error| StoreError::from_driver("find dead letters", error))?;
    Ok(rows.iter().map(DeadLetterInfo::from_row).collect())
}

/// The bytes that are kept of a letter; `None` if it is gone.
pub async fn load_payload(reader: &Client, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
    reader
        .query_opt(
            "-- load_dead_letter_payload\nselect payload from dead_letter where digest = $1",
            &[digest],
        )
        .await
        .map(|row| row.map(|row| row.get(0)))
        .map_err(|error| StoreError::from_driver("load a dead letter", error))
}
