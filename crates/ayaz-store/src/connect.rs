//! A connection in the role of whoever uses it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};

use crate::error::StoreError;

/// Where the database is, with the password, which no `Debug` or `Display` shows.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct DatabaseUrl {
    secret: SecretString,
    config: Config,
}

/// A database URL that cannot be used. The URL itself is not repeated: it may hold a password.
#[derive(Debug, thiserror::Error)]
#[error(
    "the database URL cannot be read ({0}); it has the form \
     postgres://USER:PASSWORD@HOST:PORT/DATABASE"
)]
pub struct DatabaseUrlError(String);

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        let mut config: Config = text.parse().map_err(|error: tokio_postgres::Error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            DatabaseUrlError(cause.unwrap_or_else(|| error.to_string()))
        })?;
        if config.get_hosts().is_empty() {
            return Err(DatabaseUrlError("it names no host".to_owned()));
        }
        if config.get_ssl_mode() == SslMode::Require {
            return Err(DatabaseUrlError(
                "TLS is not built in yet: use a tunnel, without sslmode=require".to_owned(),
            ));
        }
        // A dead peer must not hold a daemon for the kernel's two hours.
        config
            .connect_timeout(Duration::from_secs(10))
            .keepalives_idle(Duration::from_secs(30))
            .tcp_user_timeout(Duration::from_secs(60));
        Ok(Self {
            secret: text.to_owned().into(),
            config,
        })
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = DatabaseUrlError;

    fn try_from(text: String) -> Result<Self, DatabaseUrlError> {
        text.parse()
    }
}

impl DatabaseUrl {
    /// The whole URL, with its password: for handing it to another process's environment.
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    /// Another database of the same server.
    ///
    /// # Errors
    ///
    /// If this address is not written as a URL, or the name does not fit into one.
    pub fn with_database(&self, name: &str) -> Result<Self, DatabaseUrlError> {
        let (address, options) = match self.expose().split_once('?') {
            Some((address, options)) => (address, format!("?{options}")),
            None => (self.expose(), String::new()),
        };
        let (scheme, server) = address
            .split_once("://")
            .ok_or_else(|| DatabaseUrlError("it is not written as a URL".to_owned()))?;
        let server = server.split('/').next().unwrap_or_default();
        format!("{scheme}://{server}/{name}{options}").parse()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match self.config.get_hosts().first() {
            Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
            Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
            None => "?".to_owned(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let database = self.config.get_dbname().unwrap_or("?");
        write!(f, "{host}:{port}/{database}")
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// Whose rights a connection has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// May insert telemetry and nothing else.
    Ingest,
    /// Reads telemetry, writes aggregates.
    Analytics,
    /// Reads.
    Reader,
    /// Reads dead letters and marks them as replayed; keeps what is known of vehicles.
    Operator,
    /// The login itself: migrations, tools.
    Owner,
}

impl Role {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Ingest => Some("ayaz_ingest"),
            Self::Analytics => Some("ayaz_analytics"),
            Self::Reader => Some("ayaz_reader"),
            Self::Operator => Some("ayaz_operator"),
            Self::Owner => None,
        }
    }
}

/// An open connection. Dropping it closes the connection, whatever is under way.
#[derive(Debug)]
pub struct Connection {
    /// The driver's client.
    pub client: Client,
    driver: JoinHandle<()>,
}

impl Connection {
    /// Connects and takes on the role. Does not look at the schema: see
    /// [`check_schema`](crate::migrate::check_schema).
    pub async fn open(url: &DatabaseUrl, role: Role) -> Result<Self, StoreError> {
        let mut config = url.config.clone();
        config.application_name(role.name().unwrap_or("ayaz"));
        let (client, connection) = config
            .connect(NoTls)
            .await
            .map_err(|error| connect_error(url, error))?;
        let driver = tokio::spawn(async move {
            // The client that waits for an answer gets the error too, and handles it.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "database connection ended");
            }
        });
        let opened = Self { client, driver };
        if let Some(role) = role.name() {
            opened
                .client
                .batch_execute(&format!("-- set_role\nset role {role}"))
                .await
                .map_err(|error| role_error(role, error))?;
        }
        Ok(opened)
    }

    /// Whether the connection is known to be gone.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Connecting is tried again whatever the server says: it may be starting, its password may be
/// about to be rotated, the database may be about to be restored.
fn connect_error(url: &DatabaseUrl, error: tokio_postgres::Error) -> StoreError {
    StoreError::Transient {
        operation: "connect to the database",
        cause: format!("{url}: {}", crate::error::describe(&error)),
    }
}

fn role_error(role: &str, error: tokio_postgres::Error) -> StoreError {
    match error.code().map(tokio_postgres::error::SqlState::code) {
        Some("22023" | "42704") => StoreError::Fatal(format!(
            "the database has no role {role}: run `ayaz migrate` first"
        )),
        Some("42501") => StoreError::Fatal(format!(
            "this database login may not act as {role}: `grant {role} to` it"
        )),
        _ => StoreError::from_driver("set role", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_is_on_the_same_server() {
        for (one, another) in [
            ("postgres://u:p@h:1/d", "postgres://u:p@h:1/e"),
            ("postgres://u:p@h", "postgres://u:p@h/e"),
            (
                "postgres://h/d?connect_timeout=3",
                "postgres://h/e?connect_timeout=3",
            ),
        ] {
            let url: DatabaseUrl = one.parse().unwrap();
            assert_eq!(url.with_database("e").unwrap().expose(), another);
        }
        let words: DatabaseUrl = "host=h dbname=d".parse().unwrap();
        assert!(words.with_database("e").is_err());
    }

    #[test]
    fn no_form_of_a_database_url_shows_its_password() {
        let url: DatabaseUrl = "postgres://ayaz:hunter2@127.0.0.1:5433/fleet"
            .parse()
            .unwrap();
        assert_eq!(url.to_string(), "127.0.0.1:5433/fleet");
        assert!(!format!("{url:?}").contains("hunter2"));
        let error = "postgres://ayaz:hunter2@127.0.0.1:bad/fleet"
            .parse::<DatabaseUrl>()
            .unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
