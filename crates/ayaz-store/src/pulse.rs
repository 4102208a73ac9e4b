//! Checks that the database answers, on a separate connection. If a server is stopped or a network drops
//! packets, a connection stays open and its statement waits; and an idle daemon does not notice that its
//! connection is closed.

use std::time::Duration;

use crate::connect::{Connection, DatabaseUrl, Role};
use crate::error::StoreError;

/// Interval between checks.
pub const CHECK_INTERVAL: Duration = Duration::from_secs(4);

/// Timeout of a check, including connecting.
pub const CHECK_TIMEOUT: Duration = Duration::from_secs(3);

/// Checks the database over its own connection.
#[derive(Debug)]
pub struct Pulse {
    url: DatabaseUrl,
    role: Role,
    connection: Option<Connection>,
}

impl Pulse {
    /// A new one without a connection.
    pub fn new(url: DatabaseUrl, role: Role) -> Self {
        Self {
            url,
            role,
            connection: None,
        }
    }

    /// Checks for ever, and reports each result: `Ok`, or the reason.
    pub async fn watch(mut self, report: impl Fn(Result<(), String>)) {
        loop {
            let answer = self.ask(CHECK_TIMEOUT).await;
            report(answer.map_err(|error| error.to_string()));
            tokio::time::sleep(CHECK_INTERVAL).await;
        }
    }

    /// Checks once.
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
