//! How many new letters, and how large ones, each source may still have.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use tokio_postgres::Transaction;

use super::{DeadLetter, DeadLetterLimits};
use crate::dead_letters::Digest;
use crate::error::StoreError;

/// A source and an hour: FLEET/VEHICLE, or nothing where the topic names none.
pub(super) type QuotaKey = (String, Timestamp);

/// How many letters, and how many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Size {
    pub(super) letters: i64,
    pub(super) bytes: i64,
}

impl Size {
    pub(super) fn add(&mut self, other: Self) {
        self.letters = self.letters.saturating_add(other.letters);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    fn has_room_for(self, other: Self, letters_max: u64, bytes_max: u64) -> bool {
        let fits = |is: i64, more: i64, max: u64| is.saturating_add(more).max(0) as u64 <= max;
        fits(self.letters, other.letters, letters_max) && fits(self.bytes, other.bytes, bytes_max)
    }
}

/// What there is already.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// Letters that were new in an hour, by source and hour.
    pub(super) hours: HashMap<QuotaKey, Size>,
    pub(super) kept: Kept,
}

/// Letters that are kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    sources: HashMap<String, Size>,
    all: Size,
}

/// What is kept of these letters' sources, and of all.
pub(super) async fn kept(
    transaction: &Transaction<'_>,
    new: &[(usize, QuotaKey)],
) -> Result<Kept, StoreError> {
    if new.is_empty() {
        return Ok(Kept::default());
    }
    let sources: Vec<&str> = new.iter().map(|(_, (source, _))| source.as_str()).collect();
    let rows = transaction
        .query(
            "-- kept_dead_letters
            select source, letters, bytes from dead_letter_kept where source = any($1)
            union all
            select null, coalesce(sum(letters), 0)::bigint, coalesce(sum(bytes), 0)::bigint
            from dead_letter_kept",
            &[&sources],
        )
        .await
        .map_err(|error| StoreError::from_driver("add up dead letters", error))?;
    let mut kept = Kept::default();
    for row in rows {
        let size = Size {
            letters: row.get(1),
            bytes: row.get(2),
        };
        match row.get::<_, Option<String>>(0) {
            Some(source) => drop(kept.sources.insert(source, size)),
            None => kept.all = size,
        }
    }
    Ok(kept)
}

/// Locks the quotas of the letters that are not known yet, and returns what each has.
pub(super) async fn lock(
    transaction: &Transaction<'_>,
    letters: &[DeadLetter<'_>],
) -> Result<HashMap<QuotaKey, Size>, StoreError> {
    let (digests, topics, received) = keys(letters);
    let rows = transaction
        .query(
            "-- lock_dead_letter_quotas
            insert into dead_letter_quota (source, hour)
            select distinct
                dead_letter_source(letter.topic),
                date_trunc('hour', letter.received_at, 'UTC')
            from unnest($1::bytea[], $2::text[], $3::timestamptz[])
                as letter (digest, topic, received_at)
            where not exists (select from dead_letter where digest = letter.digest)
            order by 1, 2
            on conflict (source, hour) do update set letters = dead_letter_quota.letters
            returning source, hour, letters, bytes",
            &[&digests, &topics, &received],
        )
        .await
        .map_err(|error| StoreError::from_driver("lock the quotas of dead letters", error))?;
    Ok(rows
        .iter()
        .map(|row| {
            let size = Size {
                letters: i64::from(row.get::<_, i32>(2)),
                bytes: row.get(3),
            };
            ((row.get(0), row.get(1)), size)
        })
        .collect())
}

/// Which letters are not known, by their place, with the quota that each counts against. Asked
/// again under the lock: another daemon may have entered one meanwhile.
pub(super) async fn find_new(
    transaction: &Transaction<'_>,
    letters: &[DeadLetter<'_>],
) -> Result<Vec<(usize, QuotaKey)>, StoreError> {
    let (digests, topics, received) = keys(letters);
    let rows = transaction
        .query(
            "-- find_new_dead_letters
            select
                letter.number,
                dead_letter_source(letter.topic),
                date_trunc('hour', letter.received_at, 'UTC')
            from unnest($1::bytea[], $2::text[], $3::timestamptz[])
                with ordinality as letter (digest, topic, received_at, number)
            where not exists (select from dead_letter where digest = letter.digest)",
            &[&digests, &topics, &received],
        )
        .await
        .map_err(|error| StoreError::from_driver("look for known dead letters", error))?;
    let place = |row: &tokio_postgres::Row| row.get::<_, i64>(0).unsigned_abs() as usize - 1;
    Ok(rows
        .iter()
        .map(|row| (place(row), (row.get(1), row.get(2))))
        .collect())
}

fn keys<'a>(letters: &'a [DeadLetter<'_>]) -> (Vec<&'a Digest>, Vec<&'a str>, Vec<Timestamp>) {
    let mut keys = (Vec::new(), Vec::new(), Vec::new());
    for letter in letters {
        keys.0.push(&letter.digest);
        keys.1.push(letter.topic.as_str());
        keys.2.push(letter.first_received_at);
    }
    keys
}

/// What becomes of each letter.
pub(super) struct Sorted {
    /// By the letters' places: known ones and those that found room, which carry their quota.
    pub(super) entered: Vec<(usize, Option<QuotaKey>)>,
    /// By source, hour and reason.
    pub(super) suppressed: BTreeMap<(QuotaKey, &'static str), Suppressed>,
}

/// Messages over the limit.
pub(super) struct Suppressed {
    pub(super) messages: i64,
    first_received_at: Timestamp,
    last_received_at: Timestamp,
}

impl Usage {
    /// Takes the room for a letter, if there is any.
    fn takes(&mut self, key: &QuotaKey, size: Size, limits: &DeadLetterLimits) -> bool {
        let hour = self.hours.entry(key.clone()).or_default();
        let source = self.kept.sources.entry(key.0.clone()).or_default();
        let all = &mut self.kept.all;
        let (letters, bytes) = (
            limits.per_vehicle_hour_max,
            limits.per_vehicle_hour_max_bytes,
        );
        let fits = hour.has_room_for(size, u64::from(letters), bytes)
            && source.has_room_for(size, u64::MAX, limits.per_vehicle_max_bytes)
            && all.has_room_for(size, limits.total_max, limits.total_max_bytes);
        if fits {
            for used in [hour, source, all] {
                used.add(size);
            }
        }
        fits
    }
}

/// Gives the room that is left to the letters that came first.
pub(super) fn sort_out(
    letters: &[DeadLetter<'_>],
    mut new: Vec<(usize, QuotaKey)>,
    mut usage: Usage,
    limits: &DeadLetterLimits,
) -> Sorted {
    new.sort_by_key(|(place, _)| letters[*place].arrival);
    let mut quota_of: Vec<Option<QuotaKey>> = vec![None; letters.len()];
    let mut is_suppressed = vec![false; letters.len()];
    let mut suppressed: BTreeMap<(QuotaKey, &'static str), Suppressed> = BTreeMap::new();
    for (place, key) in new {
        let letter = &letters[place];
        let size = letter.size(limits);
        if usage.takes(&key, size, limits) {
            quota_of[place] = Some(key);
            continue;
        }
        is_suppressed[place] = true;
        let of = suppressed
            .entry((key, letter.rejection.reason))
            .or_insert_with(|| Suppressed {
                messages: 0,
                first_received_at: letter.first_received_at,
                last_received_at: letter.last_received_at,
            });
        of.messages += letter.deliveries;
        of.first_received_at = of.first_received_at.min(letter.first_received_at);
        of.last_received_at = of.last_received_at.max(letter.last_received_at);
    }
    let entered = quota_of.into_iter().enumerate();
    Sorted {
        entered: entered
            .filter(|(place, _)| !is_suppressed[*place])
            .collect(),
        suppressed,
    }
}

pub(super) async fn count_entered(
    transaction: &Transaction<'_>,
    entered: &BTreeMap<QuotaKey, Size>,
) -> Result<(), StoreError> {
    if entered.is_empty() {
        return Ok(());
    }
    let (mut sources, mut hours) = (vec![], vec![]);
    let (mut letters, mut bytes) = (vec![], vec![]);
    for ((source, hour), size) in entered {
        sources.push(source);
        hours.push(*hour);
        letters.push(i32::try_from(size.letters).unwrap_or(i32::MAX));
        bytes.push(size.bytes);
    }
    transaction
        .execute(
            "-- count_dead_letters
            update dead_letter_quota as quota
            set letters = quota.letters + entered.letters, bytes = quota.bytes + entered.bytes
            from unnest($1::text[], $2::timestamptz[], $3::integer[], $4::bigint[])
                as entered (source, hour, letters, bytes)
            where quota.source = entered.source and quota.hour = entered.hour",
            &[&sources, &hours, &letters, &bytes],
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("count dead letters", error))
}

pub(super) async fn count_suppressed(
    transaction: &Transaction<'_>,
    suppressed: &BTreeMap<(QuotaKey, &'static str), Suppressed>,
) -> Result<(), StoreError> {
    if suppressed.is_empty() {
        return Ok(());
    }
    let (mut sources, mut hours, mut reasons) = (vec![], vec![], vec![]);
    let (mut messages, mut first, mut last) = (vec![], vec![], vec![]);
    for (((source, hour), reason), of) in suppressed {
        sources.push(source);
        hours.push(*hour);
        reasons.push(*reason);
        messages.push(of.messages);
        first.push(of.first_received_at);
        last.push(of.last_received_at);
    }
    transaction
        .execute(
            "-- count_suppressed_messages
            insert into dead_letter_suppressed as known (
                source, hour, reason, messages, first_received_at, last_received_at
            )
            select * from unnest(
                $1::text[], $2::timestamptz[], $3::text[], $4::bigint[], $5::timestamptz[],
                $6::timestamptz[]
            )
            on conflict (source, hour, reason) do update set
                messages = known.messages + excluded.messages,
                first_received_at = least(known.first_received_at, excluded.first_received_at),
                last_received_at = greatest(known.last_received_at, excluded.last_received_at)",
            &[&sources, &hours, &reasons, &messages, &first, &last],
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("count suppressed messages", error))
}
