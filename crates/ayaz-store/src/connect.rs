//! A connection with a role. It sets all its settings itself, so that defaults of the database or the login
//! have no effect.

mod pooler;
mod settings;
mod url;

use std::future::poll_fn;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::config::Config;
use tokio_postgres::{AsyncMessage, Client, NoTls, SimpleQueryMessage, Socket};

use crate::error::StoreError;
pub(crate) use pooler::transaction_pooler;
pub(crate) use settings::MARK;
use settings::{Setting, as_options, settings};
pub use url::{DatabaseUrl, DatabaseUrlError};

/// Role of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Inserts telemetry, nothing else.
    Ingest,
    /// Reads telemetry, writes aggregates.
    Analytics,
    /// Only reads.
    Reader,
    /// Marks and deletes dead letters, decides about readings that are set aside, edits the context of
    /// vehicles.
    Operator,
    /// The login itself, for migrations and tools.
    Owner,
}

impl Role {
    /// Name of the role in the database; `None` for the login itself.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Ingest => Some("ayaz_ingest"),
            Self::Analytics => Some("ayaz_analytics"),
            Self::Reader => Some("ayaz_reader"),
            Self::Operator => Some("ayaz_operator"),
            Self::Owner => None,
        }
    }
}

/// An open connection. Dropping it closes the connection, even during a statement.
#[derive(Debug)]
pub struct Connection {
    /// The client of the driver.
    pub client: Client,
    mark: String,
    /// Dropped with the connection, which ends the task.
    _driver: Driver,
}

/// Task that reads from and writes to the socket.
#[derive(Debug)]
struct Driver(JoinHandle<()>);

/// Timeout of a cancel request.
const CANCEL_TIME_MAX: Duration = Duration::from_secs(5);

/// A connection before its settings are verified.
struct Opened {
    client: Client,
    driver: Driver,
}

impl Connection {
    /// Connects, takes the role, and sets all settings that Ayaz needs. Does not check the schema: see
    /// [`check_schema`](crate::migrate::check_schema).
    pub async fn open(url: &DatabaseUrl, role: Role) -> Result<Self, StoreError> {
        let mark = new_mark();
        let settings = settings(role, &mark);
        let mut plain = url.config.clone();
        plain.application_name(role.name().unwrap_or("ayaz"));
        let mut config = plain.clone();
        config.options(as_options(url.config.get_options(), &settings));
        let opened = match Opened::connect(&config).await {
            Ok(opened) if opened.has(&mark).await? => opened,
            Ok(_) => pooler::open(url, &plain, &settings).await?,
            Err(error) if pooler::refused(&error) => pooler::open(url, &plain, &settings).await?,
            Err(error) => {
                let role_error = role_error(url, &settings, &error);
                return Err(role_error.unwrap_or_else(|| connect_error(url, &error)));
            }
        };
        Ok(Self {
            client: opened.client,
            mark,
            _driver: opened.driver,
        })
    }

    /// Whether the connection is closed.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Cancels the running statement on the server. Otherwise a statement that waits for a lock would keep
    /// waiting and keep its backend.
    pub(crate) fn abandon(self) {
        let cancel = self.client.cancel_token();
        drop(self);
        tokio::spawn(async move {
            let cancelled = tokio::time::timeout(CANCEL_TIME_MAX, cancel.cancel_query(NoTls)).await;
            // If the cancel request fails, the server ends the statement by its own timeouts.
            tracing::debug!(?cancelled, "a statement was cancelled");
        });
    }

    /// Value of the setting [`MARK`] on this connection.
    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }
}

impl Opened {
    async fn connect(config: &Config) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = config.connect(NoTls).await?;
        Ok(Self {
            client,
            driver: Driver(tokio::spawn(drive(connection))),
        })
    }

    /// Whether the settings are active. A pooler may have ignored them.
    async fn has(&self, mark: &str) -> Result<bool, StoreError> {
        let sql = format!("-- connection_mark\nselect current_setting('{MARK}', true)");
        Ok(self.ask(&sql).await?.as_deref() == Some(mark))
    }

    /// Returns the only field of the only row. Uses no prepared statement, since a pooler could leave it on a
    /// connection of another client.
    async fn ask(&self, sql: &str) -> Result<Option<String>, StoreError> {
        let answer = self
            .client
            .simple_query(sql)
            .await
            .map_err(|error| StoreError::from_driver("query the connection", error))?;
        Ok(answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    }
}

/// Exchanges data with the server until the connection ends, and logs warnings of the server.
async fn drive(
    mut connection: tokio_postgres::Connection<Socket, tokio_postgres::tls::NoTlsStream>,
) {
    loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notice(notice))) if notice.severity() == "WARNING" => {
                tracing::warn!("the database warns: {}", notice.message());
            }
            Some(Ok(_)) => {}
            // The waiting client also gets the error, and handles it.
            Some(Err(error)) => {
                tracing::debug!(%error, "database connection ended");
                return;
            }
            None => return,
        }
    }
}

impl Drop for Connection {
    /// Keeps the struct whole: without a `drop`, an async block that uses only `client` would capture only
    /// that field, and the driver would end too early.
    fn drop(&mut self) {}
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A unique word without characters that need escaping.
fn new_mark() -> String {
    use std::hash::{BuildHasher, RandomState};
    // Each `RandomState` has its own random keys.
    let random = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", random(), random())
}

/// A failed connection is always transient: the server may be starting, the password may change, the database
/// may be restored.
fn connect_error(url: &DatabaseUrl, error: &tokio_postgres::Error) -> StoreError {
    if lacks_password(error) {
        return StoreError::Transient {
            operation: "connect to the database",
            cause: format!(
                "{url} as {user}: the server asks for a password, and the URL has none: write \
                 postgres://USER:PASSWORD@HOST:PORT/DATABASE",
                user = url.user()
            ),
        };
    }
    StoreError::Transient {
        operation: "connect to the database",
        cause: format!(
            "{url} as {user}: {what}{advice}",
            user = url.user(),
            what = crate::error::describe(error),
            advice = advice(url, error).map_or(String::new(), |advice| format!("; {advice}"))
        ),
    }
}

/// Whether the password is missing. The driver has no error code for this.
fn lacks_password(error: &tokio_postgres::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(|source| source.to_string() == "password missing")
}

/// Advice for the user.
fn advice(url: &DatabaseUrl, error: &tokio_postgres::Error) -> Option<String> {
    if let Some(code) = error.code() {
        return match code.code() {
            "28P01" => Some(format!("is this the password of {}?", url.user())),
            "28000" => Some("may this login connect from here (pg_hba.conf)?".to_owned()),
            "3D000" => Some(
                "is the database name at the end of the URL right? `create database` creates it, \
                 `ayaz migrate` creates its tables"
                    .to_owned(),
            ),
            "42501" => Some(format!(
                "`grant connect on database … to {}`",
                quoted(url.user())
            )),
            "53300" => Some("close unused connections, or raise max_connections".to_owned()),
            _ => None,
        };
    }
    let source = std::error::Error::source(error);
    let system = source.and_then(|source| source.downcast_ref::<std::io::Error>());
    let Some(system) = system else {
        return Some("does a PostgreSQL server listen at that port?".to_owned());
    };
    Some(
        match system.kind() {
            std::io::ErrorKind::ConnectionRefused => {
                "does the database server run, and does it listen at that port?"
            }
            std::io::ErrorKind::TimedOut => {
                "is the host name right, and does a firewall block the port?"
            }
            std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset => {
                "does a PostgreSQL server listen at that port?"
            }
            _ => "is the host name right?",
        }
        .to_owned(),
    )
}

/// The error, if setting the role failed.
fn role_error(
    url: &DatabaseUrl,
    settings: &[Setting],
    error: &tokio_postgres::Error,
) -> Option<StoreError> {
    let (_, role) = settings.iter().find(|(name, _)| *name == "role")?;
    let server = error.as_db_error()?;
    if !server.message().contains("role") {
        return None;
    }
    match server.code().code() {
        "22023" | "42704" => Some(StoreError::Fatal(format!(
            "{url}: the database server has no role {role}: run `ayaz migrate` as the owner, which \
             creates it"
        ))),
        "42501" => Some(StoreError::Fatal(format!(
            "{url}: the login {user} may not act as {role}: `grant {role} to {user}`",
            user = quoted(url.user())
        ))),
        _ => None,
    }
}

/// The name, quoted for SQL.
fn quoted(name: &str) -> String {
    let is_plain = |(place, letter): (usize, char)| {
        letter.is_ascii_lowercase() || letter == '_' || place > 0 && letter.is_ascii_digit()
    };
    if !name.is_empty() && name.chars().enumerate().all(is_plain) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}
