//! The worker, held off while the schema changes: what one of before wrote while a migration adds up what
//! there is would be missing from it. The worker loses nothing by that; it comes back, stands by, and finds
//! the schema changed.

use tokio_postgres::Client;

use crate::analytics::lease::{self, Renewal};
use crate::connect::{Connection, DatabaseUrl, Role};
use crate::error::StoreError;

/// Holds it off, until dropped.
pub(super) struct HeldOff(#[expect(dead_code, reason = "it keeps the place")] Option<Renewal>);

const PROGRAM: &str = "ayaz migrate";

/// Takes the worker's place for as long as what is returned, and the connection, last.
pub(super) async fn hold_off(
    url: &DatabaseUrl,
    connection: &Connection,
) -> Result<HeldOff, StoreError> {
    let client = &connection.client;
    let row = client
        .query_one(
            "-- has_worker_lease\nselect to_regclass('public.worker_lease') is not null",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("look for the worker's place", error))?;
    if !row.get::<_, bool>(0) {
        // The first migrations did not come so far.
        return Ok(HeldOff(None));
    }
    mend_place(client).await?;
    // A worker that is within a transaction finds its place gone when it wants to commit.
    let lease = lease::take_by_force(connection, PROGRAM).await?;
    Ok(HeldOff(Some(lease.renew(url, Role::Owner))))
}

/// Sees to it that the place has its rows, which a copy of some tables may lack.
pub(super) async fn mend_place(client: &Client) -> Result<(), StoreError> {
    client
        .batch_execute(
            "-- mend_worker_lease
            insert into worker_lease default values on conflict do nothing;
            insert into worker_heartbeat as h (term) select term from worker_lease
            on conflict (one_row) do update set term = excluded.term where h.term <> excluded.term",
        )
        .await
        .map_err(|error| StoreError::from_driver("mend the worker's place", error))
}
