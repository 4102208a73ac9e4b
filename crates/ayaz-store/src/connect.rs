//! A connection in the role of whoever uses it, set up by itself: what the database or the login has
//! set is of no consequence.

mod pooler;
mod settings;
mod url;

use std::future::poll_fn;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::config::Config;
use tokio_postgres::{AsyncMessage, Client, NoTls, SimpleQueryMessage, Socket};

use crate::error::StoreError;
pub(crate) use pooler::named as transaction_pooler;
pub(crate) use settings::MARK;
use settings::{Setting, as_options, settings};
pub use url::{DatabaseUrl, DatabaseUrlError};

/// Whose rights a connection has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// May insert telemetry and nothing else.
    Ingest,
    /// Reads telemetry, writes aggregates.
    Analytics,
    /// Reads.
    Reader,
    /// Marks and deletes dead letters, decides about readings that are set aside, keeps what is known of
    /// vehicles.
    Operator,
    /// The login itself: migrations, tools.
    Owner,
}

impl Role {
    /// Its name in the database; `None` for the login itself.
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

/// An open connection. Dropping it closes the connection, whatever is under way.
#[derive(Debug)]
pub struct Connection {
    /// The driver's client.
    pub client: Client,
    mark: String,
    /// Ends with the connection.
    _driver: Driver,
}

/// Does the reading and the writing.
#[derive(Debug)]
struct Driver(JoinHandle<()>);

/// How long the server may take to hear that a statement is given up.
const CANCEL_TIME_MAX: Duration = Duration::from_secs(5);

/// A connection that is not known to be set up.
struct Opened {
    client: Client,
    driver: Driver,
}

impl Connection {
    /// Connects, takes on the role, and sets all that Ayaz relies on. Does not look at the schema: see
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

    /// Whether the connection is known to be gone.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Gives up what the server still does for this connection. Without that, a statement that waits for
    /// a lock would go on waiting, with a backend of its own.
    pub(crate) fn abandon(self) {
        let cancel = self.client.cancel_token();
        drop(self);
        tokio::spawn(async move {
            let cancelled = tokio::time::timeout(CANCEL_TIME_MAX, cancel.cancel_query(NoTls)).await;
            // Where it cannot be told so, the server finds out by its own time limits.
            tracing::debug!(?cancelled, "a statement was given up");
        });
    }

    /// What the setting [`MARK`] has on this connection, and on no other.
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

    /// Whether the settings have arrived; a pooler may leave them out.
    async fn has(&self, mark: &str) -> Result<bool, StoreError> {
        let sql = format!("-- connection_mark\nselect current_setting('{MARK}', true)");
        Ok(self.ask(&sql).await?.as_deref() == Some(mark))
    }

    /// The only field of the only row. Without a prepared statement, which would be left behind on a
    /// connection that is not ours alone.
    async fn ask(&self, sql: &str) -> Result<Option<String>, StoreError> {
        let answer = self
            .client
            .simple_query(sql)
            .await
            .map_err(|error| StoreError::from_driver("look at the connection", error))?;
        Ok(answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    }
}

/// Carries what is said both ways, until the connection ends. What the server warns of is logged.
async fn drive(
    mut connection: tokio_postgres::Connection<Socket, tokio_postgres::tls::NoTlsStream>,
) {
    loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notice(notice))) if notice.severity() == "WARNING" => {
                tracing::warn!("the database warns: {}", notice.message());
            }
            Some(Ok(_)) => {}
            // The client that waits for an answer gets the error too, and handles it.
            Some(Err(error)) => {
                tracing::debug!(%error, "database connection ended");
                return;
            }
            None => return,
        }
    }
}

impl Drop for Connection {
    /// The driver ends with it. That it has a `drop` keeps its parts together: a block that used `client`
    /// alone would otherwise take nothing else, and the connection would end before it.
    fn drop(&mut self) {}
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A word that no other connection has, without anything that has to be escaped.
fn new_mark() -> String {
    use std::hash::{BuildHasher, RandomState};
    // Each has keys of its own, from the system's random numbers.
    let random = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", random(), random())
}

/// Connecting is tried again whatever the server says: it may be starting, its password may be
/// about to be rotated, the database may be about to be restored.
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

/// Whether the driver had none to answer with. It has no code of its own for that.
fn lacks_password(error: &tokio_postgres::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(|source| source.to_string() == "password missing")
}

/// What to try.
fn advice(url: &DatabaseUrl, error: &tokio_postgres::Error) -> Option<String> {
    if let Some(code) = error.code() {
        return match code.code() {
            "28P01" => Some(format!("is the password that of {}?", url.user())),
            "28000" => Some("may this login connect from here (pg_hba.conf)?".to_owned()),
            "3D000" => Some(
                "does the database's name end the URL? `create database` makes it, `ayaz migrate` \
                 fills it"
                    .to_owned(),
            ),
            "42501" => Some(format!(
                "`grant connect on database … to {}`",
                quoted(url.user())
            )),
            "53300" => {
                Some("end connections that are not needed, or raise max_connections".to_owned())
            }
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
                "is the host's name right, and does no firewall hide it?"
            }
            std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset => {
                "does a PostgreSQL server listen at that port?"
            }
            _ => "is the host's name right?",
        }
        .to_owned(),
    )
}

/// The error, if it is about taking on the role.
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
             makes it"
        ))),
        "42501" => Some(StoreError::Fatal(format!(
            "{url}: the login {user} may not act as {role}: `grant {role} to {user}`",
            user = quoted(url.user())
        ))),
        _ => None,
    }
}

/// The name as SQL takes it.
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
