//! Whether the database answers, asked apart from all work. A server that is stopped, or a network that
//! swallows packets, keeps a connection open and a statement waiting for as long as it likes; and a daemon
//! that has nothing to do does not notice that its connection was closed.

use std::time::Duration;

use crate::connect::{Connection, DatabaseUrl, Role};
use crate::error::StoreError;

/// How often the database is asked.
pub const ASKED_EVERY: Duration = Duration::from_secs(4);

/// How long it may take to answer, connecting included.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(3);

/// Asks a database over a connection of its own.
#[derive(Debug)]
pub struct Pulse {
    url: DatabaseUrl,
    role: Role,
    connection: Option<Connection>,
}

impl Pulse {
    /// One that has not asked yet.
    pub fn new(url: DatabaseUrl, role: Role) -> Self {
        Self {
            url,
            role,
            connection: None,
        }
    }

    /// Asks for ever, and tells after each question that the database has answered, or why not.
    pub async fn watch(mut self, tell: impl Fn(Result<(), String>)) {
        loop {
            let answer = self.ask(ANSWER_TIME_MAX).await;
            tell(answer.map_err(|error| error.to_string()));
            tokio::time::sleep(ASKED_EVERY).await;
        }
    }

    /// Asks once.
    pub async fn ask(&mut self, limit: Duration) -> Result<(), StoreError> {
        let kept = self.connection.take().filter(|it| !it.is_closed());
        let answer = async {
            let connection = match kept {
                Some(connection) => connection,
                None => Connection::open(&self.url, self.role).await?,
            };
            connection
                .client
                .simple_query("-- pulse\nset application_name = 'ayaz pulse'")
                .await
                .map_err(|error| {
                    StoreError::from_driver("ask the database for an answer", error)
                })?;
            Ok(connection)
        };
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(connection)) => {
                self.connection = Some(connection);
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StoreError::Transient {
                operation: "ask the database for an answer",
                cause: format!(
                    "the database at {} has not answered for {} s: is its server stopped or \
                     overloaded, or the network cut?",
                    self.url,
                    limit.as_secs()
                ),
            }),
        }
    }
}
