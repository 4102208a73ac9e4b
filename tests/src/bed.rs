//! The environment of one test: a migrated database and a fleet of its own.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use ayaz_model::{BrokerUrl, FleetId, Reading, TopicKind, VehicleId};
use ayaz_proto::Message as _;
use ayaz_publisher::{Publisher, PublisherOptions, encode};
use ayaz_store::{Connection, Role};
use ayaz_test_db::TestDatabase;

use crate::program::Program;
use crate::servers;

static BEDS: AtomicU32 = AtomicU32::new(0);

/// A database and a fleet.
#[derive(Debug)]
pub struct TestBed {
    /// The test's database, as its owner.
    pub database_url: String,
    /// The broker.
    pub mqtt_url: String,
    /// The test's fleet: no other test's daemon subscribes to it.
    pub fleet: FleetId,
    /// The test's own connection, as the owner.
    pub owner: Connection,
    _database: TestDatabase,
}

impl TestBed {
    /// A test bed on the shared servers. `None` if tests that need a server are skipped.
    pub async fn new() -> Result<Option<Self>> {
        let Some(mqtt_url) = servers::broker_url().await? else {
            return Ok(None);
        };
        Self::on_broker(mqtt_url).await
    }

    /// A test bed on the shared database server and this broker. `None` if tests that need a server are
    /// skipped.
    pub async fn on_broker(mqtt_url: &str) -> Result<Option<Self>> {
        match ayaz_test_db::server_url().await? {
            Some(server_url) => Self::on(server_url, mqtt_url).await.map(Some),
            None => Ok(None),
        }
    }

    /// A test bed on these servers.
    pub async fn on(server_url: &str, mqtt_url: &str) -> Result<Self> {
        let number = BEDS.fetch_add(1, Ordering::Relaxed);
        let database = TestDatabase::migrated_on(server_url).await?;
        Ok(Self {
            database_url: database.url().expose().to_owned(),
            mqtt_url: mqtt_url.to_owned(),
            fleet: format!("fleet{}-{number}", std::process::id()).parse()?,
            owner: Connection::open(database.url(), Role::Owner).await?,
            _database: database,
        })
    }

    /// The same test bed with a new connection, after the database was stopped.
    pub async fn reconnect(self) -> Result<Self> {
        let owner = Connection::open(&self.database_url.parse()?, Role::Owner).await?;
        Ok(Self { owner, ..self })
    }

    /// Starts the ingest daemon, subscribed to this fleet only, and waits until it is ready.
    pub async fn ingest(&self) -> Result<Program> {
        let program = self.ingest_unready()?;
        program.until_ready().await?;
        Ok(program)
    }

    /// Starts the ingest daemon and does not wait.
    pub fn ingest_unready(&self) -> Result<Program> {
        self.ingest_configured("", "")
    }

    /// Starts the ingest daemon with more lines in the `[mqtt]` section and more sections.
    pub fn ingest_configured(&self, mqtt: &str, sections: &str) -> Result<Program> {
        self.ingest_with(&[], mqtt, sections)
    }

    /// As [`Self::ingest_configured`], with more environment variables.
    pub fn ingest_with(
        &self,
        variables: &[(&'static str, &str)],
        mqtt: &str,
        sections: &str,
    ) -> Result<Program> {
        let client_id = format!("client_id = 'ingest-{}'\n{mqtt}", self.fleet);
        self.ingest_as_login(variables, &client_id, sections)
    }

    /// As [`Self::ingest_with`], with the login's name as client id.
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

    /// Starts the ingest daemon with another file as its log and does not wait.
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

    /// Runs the analytics worker until no hour is pending.
    pub async fn analyse(&self) -> Result<String> {
        Program::output("ayaz-analytics", &["--once"], &self.environment()).await
    }

    /// Runs `ayaz` with these arguments and returns its output.
    pub async fn ayaz(&self, arguments: &[&str]) -> Result<String> {
        Program::output("ayaz", arguments, &self.environment()).await
    }

    /// The environment variables with the addresses of both servers.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AYAZ_DATABASE_URL", self.database_url.clone()),
            ("AYAZ_MQTT_URL", self.mqtt_url.clone()),
        ]
    }

    /// A publisher whose client id begins with this name.
    pub async fn publisher(&self, name: &str) -> Result<Publisher> {
        let url: BrokerUrl = self.mqtt_url.parse()?;
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
        let topic = TopicKind::Telemetry.topic(&self.fleet, vehicle);
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
