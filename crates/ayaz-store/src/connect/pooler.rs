//! Connection poolers. A pooler in transaction mode may use another server connection for each transaction.
//! It loses our role, settings and staging tables, or passes them to another client, so we detect and refuse
//! it. A pooler in session mode works.

use tokio_postgres::config::Config;
use tokio_postgres::error::SqlState;

use super::settings::{Setting, as_statements};
use super::{DatabaseUrl, Opened, connect_error, role_error};
use crate::error::StoreError;

/// Whether a pooler refused the `options` of our first message.
pub(super) fn refused(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        *error.code() == SqlState::PROTOCOL_VIOLATION
            && error.message().contains("startup parameter")
    })
}

/// Connects without `options`, checks that the server connection is stable, and then sends the settings as
/// statements.
pub(super) async fn open(
    url: &DatabaseUrl,
    config: &Config,
    settings: &[Setting],
) -> Result<Opened, StoreError> {
    let connect = async || {
        Opened::connect(config)
            .await
            .map_err(|error| connect_error(url, &error))
    };
    let opened = connect().await?;
    // Set nothing before this check: the settings would stay on a connection that another application gets.
    let first = backend(&opened).await?;
    let beside = connect().await?;
    let other = backend(&beside).await?;
    if first == other || backend(&opened).await? != first {
        return Err(transaction_pooler(url));
    }
    opened
        .client
        .batch_execute(&as_statements(settings))
        .await
        .map_err(|error| {
            role_error(url, settings, &error)
                .unwrap_or_else(|| StoreError::from_driver("set up the connection", error))
        })?;
    Ok(opened)
}

/// The server process of this client. Two clients that are connected at the same time have different ones,
/// and keep them, unless a pooler switches them.
async fn backend(opened: &Opened) -> Result<Option<String>, StoreError> {
    opened.ask("-- backend\nselect pg_backend_pid()").await
}

/// The error, with advice.
pub(crate) fn transaction_pooler(url: &DatabaseUrl) -> StoreError {
    StoreError::Fatal(format!(
        "{url} is a connection pooler in transaction mode (PgBouncer's pool_mode = transaction): a \
         transaction may get a connection with another client's role and settings. Use the address of \
         the database server, or pool_mode = session"
    ))
}
