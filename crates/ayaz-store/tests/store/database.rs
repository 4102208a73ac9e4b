//! Test databases as an ingest daemon uses them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use ayaz_store::IngestStore;
use ayaz_store::ingest::DeadLetterLimits;

pub(crate) use ayaz_test_db::Database;

/// What a daemon does with a test's database.
pub(crate) trait Daemon {
    /// A daemon's store with these limits.
    fn store_with(&self, limits: DeadLetterLimits) -> IngestStore;

    /// A daemon's store with this limit of dead letters per vehicle and hour.
    fn store(&self, per_vehicle_hour_max: u32) -> IngestStore {
        self.store_with(DeadLetterLimits {
            per_vehicle_hour_max,
            ..DeadLetterLimits::default()
        })
    }

    /// Runs a query for sources and numbers.
    async fn by_source(&self, sql: &str) -> Result<BTreeMap<String, i64>>;
}

impl Daemon for Database {
    fn store_with(&self, limits: DeadLetterLimits) -> IngestStore {
        IngestStore::new(self.url.clone(), Duration::from_secs(30), "test")
            .with_dead_letter_limits(limits)
    }

    async fn by_source(&self, sql: &str) -> Result<BTreeMap<String, i64>> {
        let rows = self.owner.client.query(sql, &[]).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}
