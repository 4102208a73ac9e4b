//! A test's database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use ayaz_store::{Connection, DatabaseUrl, Role};

use crate::server::server_url;
use crate::session::{PREFIX, Session};
use crate::template;

/// A database of one test. It is dropped with this value, also if the test panics.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: DatabaseUrl,
    session: Arc<Session>,
}

impl TestDatabase {
    /// A database with today's schema on the shared server. `None` if tests that need a server are
    /// skipped.
    ///
    /// # Errors
    ///
    /// If there is no server.
    pub async fn migrated() -> Result<Option<Self>> {
        match server_url().await? {
            Some(server) => Self::migrated_on(server).await.map(Some),
            None => Ok(None),
        }
    }

    /// A database without a schema on the shared server. `None` if tests that need a server are skipped.
    ///
    /// # Errors
    ///
    /// If there is no server.
    pub async fn empty() -> Result<Option<Self>> {
        match server_url().await? {
            Some(server) => Self::empty_on(server).await.map(Some),
            None => Ok(None),
        }
    }

    /// A database with today's schema on this server.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached.
    pub async fn migrated_on(server: &str) -> Result<Self> {
        let session = Session::on(server).await?;
        session.ensure_template().await?;
        let administrator = Connection::open(&session.server, Role::Owner).await?;
        let database = Self::named(session)?;
        template::copy(&administrator, &database.name).await?;
        Ok(database)
    }

    /// A database without a schema on this server.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached.
    pub async fn empty_on(server: &str) -> Result<Self> {
        let session = Session::on(server).await?;
        let administrator = Connection::open(&session.server, Role::Owner).await?;
        let database = Self::named(session)?;
        let create = format!("create database {}", database.name);
        administrator.client.batch_execute(&create).await?;
        Ok(database)
    }

    fn named(session: Arc<Session>) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}_{number}", session.process);
        Ok(Self {
            url: session.server.with_database(&name)?,
            name,
            session,
        })
    }

    /// Its address, as the server's owner.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        self.session.drop_database(std::mem::take(&mut self.name));
    }
}
