//! What one test works on: a migrated database and a fleet of its own.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use ayaz_model::{FleetId, Reading, VehicleId};
use ayaz_proto::Message as _;
use ayaz_publisher::{MqttUrl, Publisher, PublisherOptions, encode};
use ayaz_store::{Connection, DatabaseUrl, Role};
use url::Url;

use crate::program::Program;
use crate::servers;

static BEDS: AtomicU32 = AtomicU32::new(0);

/// A database and a fleet.
#[derive(Debug)]
pub struct Bed {
    /// The test's database, as its owner.
    pub database_url: String,
    /// The broker.
    pub mqtt_url: String,
    /// The test's fleet: no other test's daemon subscribes to it.
    pub fleet: FleetId,
    /// The test's own connection, as the owner.
    pub owner: Connection,
}

impl Bed {
    /// On the shared servers.
    pub async fn new() -> Result<Self> {
        let shared = tokio::task::spawn_blocking(servers::shared).await??;
        Self::on(&shared.database_url, &shared.mqtt_url).await
    }

    /// On these servers.
    pub async fn on(server_url: &str, mqtt_url: &str) -> Result<Self> {
        let number = BEDS.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let server = Connection::open(&server_url.parse()?, Role::Owner).await?;
        server
            .client
            .batch_execute(&format!("create database {name}"))
            .await
            .context("create the test's database")?;
        let mut url = Url::parse(server_url)?;
        url.set_path(&name);
        let database: DatabaseUrl = url.as_str().parse()?;
        ayaz_store::migrate::migrate(&database).await?;
        Ok(Self {
            database_url: url.into(),
            mqtt_url: mqtt_url.to_owned(),
            fleet: format!("fleet{}-{number}", std::process::id()).parse()?,
            owner: Connection::open(&database, Role::Owner).await?,
        })
    }

    /// The same bed with a new connection, after the database was away.
    pub async fn reconnect(self) -> Result<Self> {
        let owner = Connection::open(&self.database_url.parse()?, Role::Owner).await?;
        Ok(Self { owner, ..self })
    }

    /// The ingest daemon as a process, subscribed to this fleet only, once it is ready.
    pub async fn ingest(&self) -> Result<Program> {
        let program = self.ingest_unready()?;
        program.until_ready().await?;
        Ok(program)
    }

    /// The ingest daemon as a process, just started.
    pub fn ingest_unready(&self) -> Result<Program> {
        self.ingest_configured("", "")
    }

    /// The same with more lines in its `[mqtt]` section, and more sections.
    pub fn ingest_configured(&self, mqtt: &str, sections: &str) -> Result<Program> {
        self.ingest_with(&[], mqtt, sections)
    }

    /// The same with more in its environment.
    pub fn ingest_with(
        &self,
        variables: &[(&'static str, &str)],
        mqtt: &str,
        sections: &str,
    ) -> Result<Program> {
        let client_id = format!("client_id = 'ingest-{}'\n{mqtt}", self.fleet);
        self.ingest_as_login(variables, &client_id, sections)
    }

    /// The same with its login's name as client id.
    pub fn ingest_as_login(
        &self,
        variables: &[(&'static str, &str)],
        mqtt: &str,
        sections: &str,
    ) -> Result<Program> {
        let config = self.ingest_config(mqtt, sections);
        let more = variables
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let environment: Vec<_> = self.environment().into_iter().chain(more).collect();
        Program::daemon("ayaz-ingest", &environment, &config)
    }

    /// The ingest daemon as a process, just started, with its log elsewhere.
    pub fn ingest_logging_to(&self, log: OwnedFd) -> Result<Program> {
        let client_id = format!("client_id = 'ingest-{}'", self.fleet);
        let config = self.ingest_config(&client_id, "");
        Program::daemon_logging_to(log, "ayaz-ingest", &self.environment(), &config)
    }

    fn ingest_config(&self, mqtt: &str, sections: &str) -> String {
        let fleet = &self.fleet;
        format!(
            "[mqtt]\nurl = 'mqtt://127.0.0.1'\nfleets = ['{fleet}']\n\
             reconnect_delay_max_ms = 1000\n{mqtt}\n\
             [database]\nurl = 'postgres://127.0.0.1/x'\n{sections}"
        )
    }

    /// The analytics worker as a process, until it has worked off all that is pending.
    pub async fn analyse(&self) -> Result<String> {
        Program::output("ayaz-analytics", &["--once"], &self.environment()).await
    }

    /// Runs `ayaz` with these arguments and returns what it printed.
    pub async fn ayaz(&self, arguments: &[&str]) -> Result<String> {
        Program::output("ayaz", arguments, &self.environment()).await
    }

    /// The two addresses, as every program takes them.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AYAZ_DATABASE_URL", self.database_url.clone()),
            ("AYAZ_MQTT_URL", self.mqtt_url.clone()),
        ]
    }

    /// A publisher with a name of its own.
    pub async fn publisher(&self, name: &str) -> Result<Publisher> {
        let url: MqttUrl = self.mqtt_url.parse()?;
        let options = PublisherOptions::new(url, format!("{name}-{}", self.fleet));
        Ok(Publisher::connect(options).await?)
    }

    /// Publishes readings of one vehicle in one message.
    pub async fn publish(
        &self,
        publisher: &Publisher,
        vehicle: &VehicleId,
        readings: &[Reading],
    ) -> Result<()> {
        let message = encode::telemetry_batch(vehicle, false, readings);
        let topic = encode::telemetry_topic(&self.fleet, vehicle);
        publisher
            .publish(topic, message.encode_to_vec().into())
            .await?;
        Ok(())
    }

    /// A single number from the database.
    pub async fn number(&self, sql: &str) -> Result<i64> {
        Ok(self.owner.client.query_one(sql, &[]).await?.get(0))
    }
}
