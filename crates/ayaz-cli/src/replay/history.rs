//! Announces a replay of years: without that, readings of many days are set aside.
//!
//! It is said to the database, as an operator, and not in the messages: a bus that could raise its own
//! bound would have none.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use ayaz_model::VehicleKey;
use ayaz_store::set_aside::announce_history;
use ayaz_store::{Connection, Role};
use jiff::SignedDuration;

use crate::cli::BadConfig;
use crate::database::Database;

/// How long an announcement holds: the broker may keep messages while the daemon is away.
const HOLDS_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A replay in recorded time goes on for longer.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(12 * 3_600);

/// Announces each vehicle before its first message.
#[derive(Debug)]
pub(super) struct Announcer {
    operator: Connection,
    announced: HashMap<VehicleKey, Instant>,
}

impl Announcer {
    /// On this database, or where the environment says.
    pub(super) async fn open(database_url: Option<&str>) -> anyhow::Result<Self> {
        let url = database_url.ok_or_else(|| {
            BadConfig(
                "--history is announced to the database: give --database-url or AYAZ_DATABASE_URL, \
                 or replay without it and take the readings in with `ayaz readings accept`"
                    .to_owned(),
            )
        })?;
        Ok(Self {
            operator: Database::at(url).open(Role::Operator).await?,
            announced: HashMap::new(),
        })
    }

    /// Sees to it that the topic's vehicle may send as many days as it likes.
    pub(super) async fn announce(&mut self, topic: &str) -> anyhow::Result<()> {
        let mut names = topic.split('/').skip(2);
        let (Some(fleet), Some(vehicle)) = (names.next(), names.next()) else {
            return Ok(());
        };
        let key = VehicleKey {
            fleet: fleet.parse()?,
            vehicle: vehicle.parse()?,
        };
        let said = self.announced.get(&key);
        if said.is_some_and(|at| at.elapsed() < SAY_AGAIN_AFTER) {
            return Ok(());
        }
        announce_history(&self.operator.client, &key, HOLDS_FOR)
            .await
            .with_context(|| format!("cannot announce the history of {key}"))?;
        self.announced.insert(key, Instant::now());
        Ok(())
    }
}
