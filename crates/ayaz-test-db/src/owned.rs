//! A test's database with a connection of its owner.

use anyhow::{Context, Result};
use ayaz_store::{Connection, DatabaseUrl, Role};

use crate::TestDatabase;

/// A test's database, and a connection of its owner. The database is dropped with this value.
#[derive(Debug)]
pub struct Database {
    /// Its address, as the server's owner.
    pub url: DatabaseUrl,
    /// The owner's connection.
    pub owner: Connection,
    _guard: TestDatabase,
}

impl Database {
    /// A database with today's schema. `None` if tests that need a server are skipped.
    ///
    /// # Errors
    ///
    /// If there is no server.
    pub async fn new() -> Result<Option<Self>> {
        Self::with(TestDatabase::migrated().await?).await
    }

    /// A database without a schema. `None` if tests that need a server are skipped.
    ///
    /// # Errors
    ///
    /// If there is no server.
    pub async fn empty() -> Result<Option<Self>> {
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
    ///
    /// # Errors
    ///
    /// If the server refuses it.
    pub async fn connect_as(&self, role: Role) -> Result<Connection> {
        Ok(Connection::open(&self.url, role).await?)
    }

    /// Runs a query for one number, as the owner.
    ///
    /// # Errors
    ///
    /// If the query fails; the error has its text.
    pub async fn number(&self, sql: &str) -> Result<i64> {
        let row = self.owner.client.query_one(sql, &[]).await;
        Ok(row.with_context(|| sql.to_owned())?.get(0))
    }

    /// Runs statements as the owner.
    ///
    /// # Errors
    ///
    /// If one of them fails; the error has their text.
    pub async fn execute(&self, sql: &str) -> Result<()> {
        let done = self.owner.client.batch_execute(sql).await;
        done.with_context(|| sql.to_owned())
    }
}
