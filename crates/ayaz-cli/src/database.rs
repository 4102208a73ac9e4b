//! The database address, for every command that needs a database.

use std::time::Duration;

use anyhow::{Result, bail};
use ayaz_store::{Connection, DatabaseUrl, Role, migrate};
use clap::Args;

use crate::exit::BadConfig;

/// Longest time that a server may take to answer.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

// No doc comment here: it would hide the help of the command that includes it.
#[derive(Debug, Args)]
pub(crate) struct Database {
    /// postgres://USER:PASSWORD@HOST:PORT/DATABASE. Prefer the environment variable, because other
    /// users of this machine cannot see it.
    // A string, because clap prints a value that it cannot parse, and this one contains a password.
    #[arg(
        long,
        value_name = "URL",
        env = "AYAZ_DATABASE_URL",
        hide_env_values = true
    )]
    database_url: String,
}

impl Database {
    /// The database at this address.
    pub(crate) fn at(url: &str) -> Self {
        Self {
            database_url: url.to_owned(),
        }
    }

    /// Its address, or the error in it, without the password.
    pub(crate) fn url(&self) -> Result<DatabaseUrl, BadConfig> {
        self.database_url
            .parse()
            .map_err(|error| BadConfig(format!("{error}")))
    }

    /// Opens a connection in a role. Fails if the database's schema is not that of this program.
    pub(crate) async fn open(&self, role: Role) -> Result<Connection> {
        let url = self.url()?;
        let opening = Connection::open(&url, role);
        let opened = tokio::time::timeout(CONNECT_TIME_MAX, opening).await;
        let connection = match opened {
            Ok(opened) => opened.map_err(|error| {
                let address = url.to_string();
                let context = match error.to_string().contains(&address) {
                    true => "cannot use the database".to_owned(),
                    false => format!("cannot use the database at {address}"),
                };
                anyhow::Error::from(error).context(context)
            })?,
            Err(_) => bail!(
                "the database at {url} accepts a connection but does not answer ({} s): is its \
                 server stopped or overloaded?",
                CONNECT_TIME_MAX.as_secs()
            ),
        };
        migrate::check_schema(&connection).await?;
        Ok(connection)
    }
}
