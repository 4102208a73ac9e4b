//! Other clients of the servers: they flood, take locks and connections, or use the daemon's client id.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ayaz_publisher::{Publisher, PublisherOptions};
use rand_chacha::ChaCha8Rng;
use url::Url;

use super::{STORE, STRANGER, System, WILD};
use crate::faults::load;
use crate::mqtt::Connect;
use crate::processes::signal;

/// Name and password of the login that holds locks.
const READER: &str = "harness_reader";

const MAKE_READER: &str = "do $$
    begin
        create role harness_reader login password 'harness_reader' in role ayaz_reader;
    exception when duplicate_object or unique_violation then
        null;
    end
    $$";

/// The advisory keys are those of earlier versions.
const HOLD_LOCKS: &str = "
    select pg_try_advisory_lock(key) from generate_series(7152000, 7152100) as key;
    begin;
    do $$
    declare
        readable regclass;
    begin
        for readable in
            select oid from pg_class
            where relnamespace = 'public'::regnamespace and relkind = 'r'
                and has_table_privilege(oid, 'select')
        loop
            execute format('lock table %s in access share mode', readable);
        end loop;
    end
    $$";

impl System {
    /// Stops the analytics worker until another one has taken over, then continues it.
    pub async fn stop_worker(&mut self, awake: Duration) -> Result<()> {
        let stopped = self.analytics.take().context("a worker")?;
        let pid = stopped.pid().context("the worker has ended")?;
        signal("STOP", &[pid]).await?;
        let next = self.start_analytics()?;
        let taken_over = next.until_ready().await;
        // It continues in the middle of its work and must do no harm.
        signal("CONT", &[pid]).await?;
        taken_over.context("the second worker did not take over")?;
        self.analytics = Some(next);
        tokio::time::sleep(awake).await;
        stopped.kill().await
    }

    /// Connects as a read-only login and takes all locks that it can get.
    pub async fn reader_with_locks(&self) -> Result<ayaz_store::Connection> {
        let owner = self.owner().await?;
        owner.client.batch_execute(MAKE_READER).await?;
        let mut url = Url::parse(&self.bed.database_url)?;
        let is_set = url.set_username(READER).is_ok() && url.set_password(Some(READER)).is_ok();
        ensure!(is_set, "a URL without a login");
        let url = url.as_str().parse()?;
        let reader = ayaz_store::Connection::open(&url, ayaz_store::Role::Reader).await?;
        reader.client.batch_execute(HOLD_LOCKS).await?;
        Ok(reader)
    }

    /// Sends the messages of a bus that floods.
    pub async fn flood(&mut self, rng: &mut ChaCha8Rng) -> Result<()> {
        let messages = load::flood(rng, &self.bed.fleet).context("a valid name")?;
        let url = self.stack.mqtt_url_as(WILD).context("a private broker")?;
        let options = PublisherOptions::new(url.parse()?, WILD);
        let publisher = Publisher::connect(options).await?;
        for message in &messages {
            let (topic, payload) = (message.topic.clone(), message.payload.clone());
            publisher.publish(topic, payload).await?;
        }
        // This fails if the broker has not acknowledged all of them.
        publisher.finish().await?;
        self.flooded.extend(messages);
        Ok(())
    }

    /// Connects with another login and the daemon's client id. It must get no message, must not get the
    /// daemon's session, and must not end it.
    pub async fn foreign_client(&self, clean_start: bool, time: Duration) -> Result<()> {
        let url = self
            .stack
            .mqtt_url_as(STRANGER)
            .context("a private broker")?;
        let url = Url::parse(&url)?;
        let connect = Connect {
            clean_start,
            session_expiry_s: 0,
            ..Connect::lasting(
                url.port().context("a port")?,
                Some((STRANGER, url.password().context("a password")?)),
                STORE,
            )
        };
        let mut client = connect.open().await?;
        ensure!(
            !client.session_present(),
            "the stranger has the daemon's session"
        );
        let mut received = client.deliveries().await?;
        tokio::time::sleep(time).await;
        received.extend(client.deliveries().await?);
        ensure!(
            received.is_empty(),
            "{} messages for the stranger",
            received.len()
        );
        client.close().await
    }

    /// Terminates all backends of the database.
    pub async fn end_backends(&self) -> Result<()> {
        let client = self.owner().await?;
        client
            .client
            .execute(
                "select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()",
                &[],
            )
            .await?;
        Ok(())
    }

    /// Takes all connections of the server, with those of the daemons.
    pub async fn use_up_connections(&self, time: Duration) -> Result<()> {
        let deadline = Instant::now() + time;
        let mut held = vec![self.owner().await?];
        self.end_backends().await?;
        while Instant::now() < deadline {
            match self.owner().await {
                Ok(connection) => held.push(connection),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        Ok(())
    }
}
