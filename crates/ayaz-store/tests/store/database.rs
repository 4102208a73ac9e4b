//! A database for each test.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use ayaz_store::ingest::DeadLetterLimits;
use ayaz_store::{Connection, DatabaseUrl, IngestStore, Role};
use ayaz_test_db::TestDatabase;

/// A test's database.
pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
    pub(crate) owner: Connection,
    /// Drops the database with this value.
    pub(crate) guard: TestDatabase,
}

impl Database {
    /// With today's schema.
    pub(crate) async fn new() -> Result<Option<Self>> {
        Self::with(TestDatabase::migrated().await?).await
    }

    /// Without a schema.
    pub(crate) async fn empty() -> Result<Option<Self>> {
        Self::with(TestDatabase::empty().await?).await
    }

    async fn with(database: Option<TestDatabase>) -> Result<Option<Self>> {
        let Some(database) = database else {
            return Ok(None);
        };
        let url = database.url().clone();
        let owner = Connection::open(&url, Role::Owner).await?;
        Ok(Some(Self {
            url,
            owner,
            guard: database,
        }))
    }

    /// A daemon's store with this limit of dead letters per vehicle and hour.
    pub(crate) fn store(&self, per_vehicle_hour_max: u32) -> IngestStore {
        self.store_with(DeadLetterLimits {
            per_vehicle_hour_max,
            ..DeadLetterLimits::default()
        })
    }

    /// A daemon's store with these limits.
    pub(crate) fn store_with(&self, limits: DeadLetterLimits) -> IngestStore {
        IngestStore::new(self.url.clone(), Duration::from_secs(30), "test")
            .with_dead_letter_limits(limits)
    }

    /// A connection with this role.
    pub(crate) async fn connect_as(&self, role: Role) -> Result<Connection> {
        Ok(Connection::open(&self.url, role).await?)
    }

    pub(crate) async fn number(&self, sql: &str) -> Result<i64> {
        let row = self.owner.client.query_one(sql, &[]).await;
        Ok(row.with_context(|| sql.to_owned())?.get(0))
    }

    pub(crate) async fn execute(&self, sql: &str) -> Result<()> {
        Ok(self.owner.client.batch_execute(sql).await?)
    }

    /// Runs a query for sources and numbers.
    pub(crate) async fn by_source(&self, sql: &str) -> Result<BTreeMap<String, i64>> {
        let rows = self.owner.client.query(sql, &[]).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}
