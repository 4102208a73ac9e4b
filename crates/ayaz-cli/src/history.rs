//! Announces that vehicles send many days of history. Otherwise the readings of days over the limit
//! are set aside.
//!
//! An operator announces this to the database, not in messages: a bus must not be able to raise its
//! own limit.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use ayaz_model::{Topic, VehicleKey};
use ayaz_store::set_aside::announce_history;
use ayaz_store::{Connection, Role};
use clap::Args;
use jiff::SignedDuration;
use tokio_postgres::Client;

use crate::database::Database;
use crate::exit::BadConfig;

/// How long an announcement is valid. The broker may keep messages while the daemon is down.
const HOLDS_FOR: SignedDuration = SignedDuration::from_hours(24);

/// After this time, the announcement is renewed.
const RENEW_AFTER: Duration = Duration::from_secs(12 * 3_600);

// No doc comment here: it would hide the help of the command that includes it.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct History {
    /// Announces many days of history, so that no day is set aside
    ///
    /// If a vehicle sends more distinct days in an hour than ayaz-ingest allows
    /// (limits.vehicle_days_per_hour_max), the readings of further days are set aside. This
    /// announces each vehicle to the database for one day, as ayaz_operator.
    #[arg(long)]
    history: bool,
    /// The database for --history, postgres://USER:PASSWORD@HOST:PORT/DATABASE
    #[arg(
        long,
        value_name = "URL",
        env = "AYAZ_DATABASE_URL",
        hide_env_values = true
    )]
    // A string, because clap prints a value that it cannot parse, and this one contains a password.
    database_url: Option<String>,
}

impl History {
    /// The announcer, if --history is given.
    pub(crate) async fn announcer(&self) -> anyhow::Result<Option<Announcer>> {
        if !self.history {
            return Ok(None);
        }
        let url = self.database_url.as_deref().ok_or_else(|| {
            BadConfig(
                "--history needs the database: give --database-url or AYAZ_DATABASE_URL, \
                 or send without it and accept the readings later with `ayaz readings accept`"
                    .to_owned(),
            )
        })?;
        Ok(Some(Announcer {
            operator: Database::at(url).open(Role::Operator).await?,
            announced: HashMap::new(),
        }))
    }
}

/// Announces each vehicle before its first message.
#[derive(Debug)]
pub(crate) struct Announcer {
    operator: Connection,
    announced: HashMap<VehicleKey, Instant>,
}

impl Announcer {
    /// Announces that the topic's vehicle may send any number of days.
    pub(crate) async fn announce(&mut self, topic: &str) -> anyhow::Result<()> {
        // The daemon rejects any other topic and stores nothing of it.
        let Ok(Topic { vehicle: key, .. }) = Topic::parse(topic.as_bytes()) else {
            return Ok(());
        };
        let announced_at = self.announced.get(&key);
        if announced_at.is_some_and(|at| at.elapsed() < RENEW_AFTER) {
            return Ok(());
        }
        announce(&self.operator.client, &key).await?;
        self.announced.insert(key, Instant::now());
        Ok(())
    }
}

/// Allows the vehicle to send any number of days, for one day from now. Needs the operator role.
pub(crate) async fn announce(operator: &Client, vehicle: &VehicleKey) -> anyhow::Result<()> {
    announce_history(operator, vehicle, HOLDS_FOR)
        .await
        .with_context(|| format!("cannot announce the history of {vehicle}"))
}
