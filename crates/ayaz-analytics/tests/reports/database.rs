//! A database for each test.

use anyhow::{Context, Result};
use ayaz_store::{Connection, DatabaseUrl, Role};
use ayaz_test_db::TestDatabase;

/// A test's database.
pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
    pub(crate) owner: Connection,
    /// Drops the database when this value is dropped.
    _guard: TestDatabase,
}

impl Database {
    /// With the current schema.
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
            _guard: database,
        }))
    }

    /// A connection with the rights of this role.
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
}
