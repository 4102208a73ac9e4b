//! The servers of all runs of a bench, and unique names.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use crate::scratch::{self, Contents, ScratchDatabase, ServerFacts};
use anyhow::{Context, Result};
use ayaz_local::LocalStack;
use ayaz_model::{BrokerUrl, FleetId};
use ayaz_store::DatabaseUrl;
use url::Url;

use super::load::{Load, START};
use super::processes::Servers;

/// Servers, names and durations.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) servers: Servers,
    pub(super) mqtt_url: BrokerUrl,
    pub(super) mqtt_url_text: String,
    database_url: DatabaseUrl,
    database_url_text: String,
    /// Part of all topics of this bench, and prefix of its database names.
    pub(super) fleet: FleetId,
    databases: AtomicU32,
    pub(super) warm_up: Duration,
    pub(super) duration: Duration,
}

impl Site {
    pub(super) fn new(
        stack: &mut LocalStack,
        warm_up: Duration,
        duration: Duration,
    ) -> Result<Self> {
        let broker = stack.broker().and_then(|server| server.pid());
        let postgres = stack.database().and_then(|server| server.pid());
        // Fixed length, so that every bench sends messages of the same size.
        let stamp = jiff::Timestamp::now().as_millisecond() % 1_000_000_000_000;
        Ok(Self {
            servers: Servers::new(broker, postgres),
            mqtt_url: stack.mqtt_url().parse()?,
            mqtt_url_text: stack.mqtt_url().to_owned(),
            database_url: stack.database_url().parse()?,
            database_url_text: stack.database_url().to_owned(),
            fleet: format!("bench_{stamp:012}").parse()?,
            databases: AtomicU32::new(0),
            warm_up,
            duration,
        })
    }

    /// The server's own database, for programs that need only a valid address.
    pub(super) fn database_url(&self) -> &DatabaseUrl {
        &self.database_url
    }

    /// Creates a migrated database for one run, with the load's vehicles.
    pub(super) async fn scratch(&self, load: &Load) -> Result<ScratchDatabase> {
        let number = self.databases.fetch_add(1, Relaxed);
        let name = format!("ayaz_{}_{number}", self.fleet);
        let mut url = Url::parse(&self.database_url_text)?;
        url.set_path(&name);
        let url: DatabaseUrl = url.as_str().parse()?;
        let created =
            ScratchDatabase::create(&self.database_url, &name, url, &load.fleet, &load.vehicles);
        created.await.context("create a database for the run")
    }

    /// Removes the databases of all runs, including those of failed or interrupted runs.
    pub(super) async fn remove_scratch(&self) -> Result<()> {
        let prefix = format!("ayaz_{}_", self.fleet);
        scratch::remove(&self.database_url, &prefix)
            .await
            .map(drop)
            .context("remove the run's database")
    }

    pub(super) async fn server_facts(&self) -> Result<ServerFacts> {
        let load = Arc::new(Load::generate(&self.fleet, 1, 2)?);
        let facts = self.scratch(&load).await?.server_facts().await?;
        self.remove_scratch().await?;
        Ok(facts)
    }
}

/// Fails unless the database has exactly these contents.
pub(super) async fn verify(database: &ScratchDatabase, expected: Contents) -> Result<()> {
    let found = database.contents(START).await?;
    anyhow::ensure!(
        found == expected,
        "the run is invalid, so the bench fails: found {found:?}, should be {expected:?}"
    );
    Ok(())
}
