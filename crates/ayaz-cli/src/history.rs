//! Announces that vehicles are to send many days: without that, readings of further days are set aside.
//!
//! It is said to the database, as an operator, and not in the messages: a bus that could raise its own
//! bound would have none.

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

/// How long an announcement holds: the broker may keep messages while the daemon is away.
const HOLDS_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Who sends for longer says it again.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(12 * 3_600);

// No comment of its own: it would hide the help of the command that takes it in.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct History {
    /// Announces many days of history, so that no day of it is set aside
    ///
    /// A vehicle that sends more distinct days in an hour than ayaz-ingest takes
    /// (limits.vehicle_days_per_hour_max) has the readings of further days set aside. This announces each
    /// vehicle to the database for a day, as ayaz_operator.
    #[arg(long)]
    history: bool,
    /// Where --history is announced, postgres://USER:PASSWORD@HOST:PORT/DATABASE
    #[arg(
        long,
        value_name = "URL",
        env = "AYAZ_DATABASE_URL",
        hide_env_values = true
    )]
    // Text, because clap repeats a value that it cannot parse, and this one holds a password.
    database_url: Option<String>,
}

impl History {
    /// Who announces, if somebody is to.
    pub(crate) async fn announcer(&self) -> anyhow::Result<Option<Announcer>> {
        if !self.history {
            return Ok(None);
        }
        let url = self.database_url.as_deref().ok_or_else(|| {
            BadConfig(
                "--history is announced to the database: give --database-url or AYAZ_DATABASE_URL, \
                 or send without it and take the readings in with `ayaz readings accept`"
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
    /// Sees to it that the topic's vehicle may send as many days as it likes.
    pub(crate) async fn announce(&mut self, topic: &str) -> anyhow::Result<()> {
        // The daemon rejects any other topic, so no day of it is stored.
        let Ok(Topic { vehicle: key, .. }) = Topic::parse(topic.as_bytes()) else {
            return Ok(());
        };
        let said = self.announced.get(&key);
        if said.is_some_and(|at| at.elapsed() < SAY_AGAIN_AFTER) {
            return Ok(());
        }
        announce(&self.operator.client, &key).await?;
        self.announced.insert(key, Instant::now());
        Ok(())
    }
}

/// Lets the vehicle send as many days as it likes for a day from now. Needs the role of an operator.
pub(crate) async fn announce(operator: &Client, vehicle: &VehicleKey) -> anyhow::Result<()> {
    announce_history(operator, vehicle, HOLDS_FOR)
        .await
        .with_context(|| format!("cannot announce the history of {vehicle}"))
}
