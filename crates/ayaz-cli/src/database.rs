//! Where the database is, as every command that needs one is told.

use std::time::Duration;

use anyhow::{Result, bail};
use ayaz_store::{Connection, DatabaseUrl, Role, migrate};
use clap::Args;

use crate::exit::BadConfig;

/// How long a server may take to answer to a connection.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

// No comment of its own: it would hide the help of the command that takes it in.
#[derive(Debug, Args)]
pub(crate) struct Database {
    /// postgres://USER:PASSWORD@HOST:PORT/DATABASE. Better given by the environment variable, which
    /// other users of this machine do not see.
    // Text, because clap repeats a value that it cannot parse, and this one holds a password.
    #[arg(
        long,
        value_name = "URL",
        env = "AYAZ_DATABASE_URL",
        hide_env_values = true
    )]
    database_url: String,
}

impl Database {
    /// The one at this address.
    pub(crate) fn at(url: &str) -> Self {
        Self {
            database_url: url.to_owned(),
        }
    }

    /// Its address, or what is wrong with it, without the password.
    pub(crate) fn url(&self) -> Result<DatabaseUrl, BadConfig> {
        self.database_url
            .parse()
            .map_err(|error| BadConfig(format!("{error}")))
    }

    /// A connection in a role to a database whose schema is that of this program.
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
                "the database at {url} accepts a connection and does not answer ({} s): is its \
                 server stopped or overloaded?",
                CONNECT_TIME_MAX.as_secs()
            ),
        };
        migrate::check_schema(&connection).await?;
        Ok(connection)
    }
}
