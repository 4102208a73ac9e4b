//! What was sent and acknowledged to the sender, and whether the tables agree.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::{Result, ensure};
use ayaz_store::Connection;

/// Identity of a reading: vehicle, time in microseconds, boot, sequence.
pub type Key = (String, i64, i64, i64);

/// The external ledger. Only what the broker acknowledged belongs into it.
#[derive(Debug, Default)]
pub struct Ledger {
    readings: HashSet<Key>,
    /// Topic and payload of messages that cannot become readings.
    poison: HashSet<(String, Vec<u8>)>,
    /// Messages, repetitions included.
    pub messages: u64,
}

impl Ledger {
    /// A message with these readings.
    pub fn good(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.messages += 1;
        self.readings.extend(keys);
    }

    /// A message that has to become a dead letter.
    pub fn bad(&mut self, topic: String, payload: Vec<u8>) {
        self.messages += 1;
        self.poison.insert((topic, payload));
    }

    /// How many readings there must be.
    pub fn readings(&self) -> u64 {
        self.readings.len() as u64
    }

    /// How many dead letters there must be.
    pub fn dead_letters(&self) -> u64 {
        self.poison.len() as u64
    }

    /// Fails unless the fleet's readings, set aside or not, and its dead letters are exactly these.
    pub async fn verify(&self, owner: &Connection) -> Result<()> {
        let rows = owner
            .client
            .query(
                // Each is in one place only, so none may be in both.
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
            "{} of {} acknowledged readings are lost, such as {:?}",
            missing.len(),
            self.readings.len(),
            missing.first()
        );
        let twice = stored.iter().find(|(_, count)| **count > 1);
        ensure!(twice.is_none(), "stored more than once: {twice:?}");
        let strange: Vec<&Key> = stored
            .keys()
            .filter(|key| !self.readings.contains(*key))
            .collect();
        ensure!(
            strange.is_empty(),
            "{} readings are stored that nobody sent, such as {:?}",
            strange.len(),
            strange.first()
        );
        let letters = owner
            .client
            .query("select topic, payload, reason from dead_letter", &[])
            .await?;
        let letters: BTreeMap<(String, Vec<u8>), String> = letters
            .iter()
            .map(|row| ((row.get(0), row.get(1)), row.get(2)))
            .collect();
        let lost = self
            .poison
            .iter()
            .filter(|poison| !letters.contains_key(*poison))
            .count();
        ensure!(
            lost == 0,
            "{lost} acknowledged bad messages left no dead letter"
        );
        let strange = letters
            .iter()
            .find(|(letter, _)| !self.poison.contains(*letter));
        ensure!(
            strange.is_none(),
            "a good message became a dead letter: {:?}",
            strange.map(|((topic, _), reason)| (topic, reason))
        );
        Ok(())
    }
}
