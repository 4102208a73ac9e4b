//! The database that a test gets for itself.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::connect::{Connection, DatabaseUrl, Role};
use crate::error::StoreError;

/// Creates a database without a schema on the server, under a name that is of this process alone, and
/// returns its address. The beginning of the name must be a plain identifier.
pub async fn create_empty(
    server: &DatabaseUrl,
    name_prefix: &str,
) -> Result<DatabaseUrl, StoreError> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("{name_prefix}_{}_{number}", std::process::id());
    let url = server
        .with_database(&name)
        .map_err(|error| StoreError::Fatal(error.to_string()))?;
    Connection::open(server, Role::Owner)
        .await?
        .client
        .batch_execute(&format!("-- create_empty\ncreate database {name}"))
        .await
        .map_err(|error| StoreError::from_driver("create a database", error))?;
    Ok(url)
}
