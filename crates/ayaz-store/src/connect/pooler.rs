//! A connection pooler in between. One that gives each transaction another connection of the server
//! takes away what a connection is for us (its role, its settings, its staging tables), and gives it to
//! whoever comes next: it is named and not used. One that keeps a connection for its client will do.

use tokio_postgres::config::Config;
use tokio_postgres::error::SqlState;

use super::settings::{Setting, as_statements};
use super::{DatabaseUrl, Opened, connect_error, role_error};
use crate::error::StoreError;

/// Whether the answer to our first message is that of a pooler which knows no `options`.
pub(super) fn refused(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        *error.code() == SqlState::PROTOCOL_VIOLATION
            && error.message().contains("startup parameter")
    })
}

/// Connects without `options`, makes sure that the connection is one, and sets it up by statements.
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
    // Nothing is set before this: it would be left behind for another application.
    let first = backend(&opened).await?;
    let beside = connect().await?;
    let other = backend(&beside).await?;
    if first == other || backend(&opened).await? != first {
        return Err(named(url));
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

/// The server's process that does this client's work now. Two clients that are connected at the same
/// time have two of them, and each keeps its own, unless somebody deals them out.
async fn backend(opened: &Opened) -> Result<Option<String>, StoreError> {
    opened.ask("-- backend\nselect pg_backend_pid()").await
}

/// What to do about it.
pub(crate) fn named(url: &DatabaseUrl) -> StoreError {
    StoreError::Fatal(format!(
        "{url} is a connection pooler that gives each transaction another connection (PgBouncer's \
         pool_mode = transaction), with the role and the settings of somebody else: give the address \
         of the database server itself, or let the pooler keep a connection for its client \
         (pool_mode = session)"
    ))
}
