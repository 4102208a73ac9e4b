//! One private server for all tests, and a database for each.

use anyhow::{Context, Result};
use ayaz_local::process_database;
use ayaz_store::migrate::migrate;
use ayaz_store::{Connection, DatabaseUrl, Role, scratch};

/// A test's database.
pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
    pub(crate) owner: Connection,
}

impl Database {
    /// With today's schema.
    pub(crate) async fn new() -> Result<Self> {
        let database = Self::empty().await?;
        migrate(&database.url).await?;
        Ok(database)
    }

    /// Without a schema. The server ends with the process.
    pub(crate) async fn empty() -> Result<Self> {
        let server = process_database().await?.database_url().parse()?;
        let url = scratch::create_empty(&server, "reports").await?;
        let owner = Connection::open(&url, Role::Owner).await?;
        Ok(Self { url, owner })
    }

    /// A connection with the rights of that role.
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
