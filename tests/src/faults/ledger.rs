//! The acknowledged messages, and the comparison of the tables with them.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::{Result, ensure};
use ayaz_store::Connection;

/// Identity of a reading: vehicle, time in microseconds, boot, sequence.
pub type Key = (String, i64, i64, i64);

/// The messages that the broker has acknowledged.
#[derive(Debug, Default)]
pub struct Ledger {
    readings: HashSet<Key>,
    /// Topic and payload of messages that must become dead letters.
    bad: HashSet<(String, Vec<u8>)>,
    /// Number of messages, with repetitions.
    pub messages: u64,
}

impl Ledger {
    /// Adds a message with these readings.
    pub fn good(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.messages += 1;
        self.readings.extend(keys);
    }

    /// Adds a message that must become a dead letter.
    pub fn bad(&mut self, topic: String, payload: Vec<u8>) {
        self.messages += 1;
        self.bad.insert((topic, payload));
    }

    /// The expected number of readings.
    pub fn readings(&self) -> u64 {
        self.readings.len() as u64
    }

    /// The expected number of dead letters.
    pub fn dead_letters(&self) -> u64 {
        self.bad.len() as u64
    }

    /// Fails if the stored readings, set aside or not, and dead letters are not exactly those of the ledger.
    pub async fn verify(&self, owner: &Connection) -> Result<()> {
        let rows = owner
            .client
            .query(
                // A reading may be in one of the two tables only.
                "select vehicle,
                    (extract(epoch from recorded_at) * 1000000)::bigint, boot_id, sequence
                from (
                    select vehicle_id, recorded_at, boot_id, sequence from reading
                    union all
                    select vehicle_id, recorded_at, boot_id, sequence from reading_set_aside
                ) as stored
                join vehicle using (vehicle_id)",
                &[],
            )
            .await?;
        let mut stored: HashMap<Key, u32> = HashMap::with_capacity(rows.len());
        for row in rows {
            let key = (row.get(0), row.get(1), row.get(2), row.get(3));
            *stored.entry(key).or_default() += 1;
        }
        let missing: Vec<&Key> = self
            .readings
            .iter()
            .filter(|key| !stored.contains_key(*key))
            .collect();
        ensure!(
            missing.is_empty(),
            "{} of {} acknowledged readings are missing, such as {:?}",
            missing.len(),
            self.readings.len(),
            missing.first()
        );
        let twice = stored.iter().find(|(_, count)| **count > 1);
        ensure!(twice.is_none(), "stored more than once: {twice:?}");
        let unknown: Vec<&Key> = stored
            .keys()
            .filter(|key| !self.readings.contains(*key))
            .collect();
        ensure!(
            unknown.is_empty(),
            "{} stored readings were never sent, such as {:?}",
            unknown.len(),
            unknown.first()
        );
        let dead_letters = owner
            .client
            .query("select topic, payload, reason from dead_letter", &[])
            .await?;
        let dead_letters: BTreeMap<(String, Vec<u8>), String> = dead_letters
            .iter()
            .map(|row| ((row.get(0), row.get(1)), row.get(2)))
            .collect();
        let lost = self
            .bad
            .iter()
            .filter(|message| !dead_letters.contains_key(*message))
            .count();
        ensure!(
            lost == 0,
            "{lost} acknowledged bad messages have no dead letter"
        );
        let wrong = dead_letters
            .iter()
            .find(|(message, _)| !self.bad.contains(*message));
        ensure!(
            wrong.is_none(),
            "a good message became a dead letter: {:?}",
            wrong.map(|((topic, _), reason)| (topic, reason))
        );
        Ok(())
    }
}
