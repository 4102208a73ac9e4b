//! Stops the worker during a schema change: a migration that builds sums would miss rows that an older worker
//! writes at the same time. The worker loses nothing: it waits for its lease, and then finds the changed
//! schema.

use tokio_postgres::Client;

use crate::analytics::lease::{self, Renewal};
use crate::connect::{Connection, DatabaseUrl, Role};
use crate::error::StoreError;

/// Holds the worker's lease until dropped.
pub(super) struct LeaseGuard(#[expect(dead_code, reason = "it keeps the lease")] Option<Renewal>);

const PROGRAM: &str = "ayaz migrate";

/// Takes the worker's lease for as long as the returned value and the connection live.
pub(super) async fn take_lease(
    url: &DatabaseUrl,
    connection: &Connection,
) -> Result<LeaseGuard, StoreError> {
    let client = &connection.client;
    let row = client
        .query_one(
            "-- has_worker_lease\nselect to_regclass('public.worker_lease') is not null",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("look for the worker's lease", error))?;
    if !row.get::<_, bool>(0) {
        // Before the first migrations there is no lease table.
        return Ok(LeaseGuard(None));
    }
    repair_lease(client).await?;
    // A worker within a transaction finds its lease gone when it wants to commit.
    let lease = lease::take_by_force(connection, PROGRAM).await?;
    Ok(LeaseGuard(Some(lease.renew(url, Role::Owner))))
}

/// Creates missing rows of the lease. A copy of only some tables may lack them.
pub(super) async fn repair_lease(client: &Client) -> Result<(), StoreError> {
    client
        .batch_execute(
            "-- repair_worker_lease
            insert into worker_lease default values on conflict do nothing;
            insert into worker_heartbeat as h (term) select term from worker_lease
            on conflict (one_row) do update set term = excluded.term where h.term <> excluded.term",
        )
        .await
        .map_err(|error| StoreError::from_driver("repair the worker's lease", error))
}
