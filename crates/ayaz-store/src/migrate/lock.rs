//! Only one migration runs at a time. It holds a lock on a table that only the owner can lock this way; any
//! login could hold an advisory lock for ever. The lock ends with the connection, even if the process is
//! killed.

use tokio_postgres::error::SqlState;

use super::blockers;
use crate::connect::{Connection, DatabaseUrl, Role};
use crate::error::StoreError;

/// The migration lock, held until dropped.
pub(super) struct MigrationLock(#[expect(dead_code, reason = "it holds the lock")] Connection);

/// Waits for the lock. Calls `report` with the holder.
pub(super) async fn take(
    url: &DatabaseUrl,
    report: &mut impl FnMut(&str),
) -> Result<MigrationLock, StoreError> {
    let connection = Connection::open(url, Role::Owner).await?;
    let client = &connection.client;
    let failed = |error| StoreError::from_driver("lock for migration", error);
    create_table(&connection).await?;
    let mut reported = String::new();
    loop {
        let locked = client
            .batch_execute(
                "-- lock_for_migration
                begin;
                set local lock_timeout = '2s';
                lock table public.ayaz_migration_lock in exclusive mode",
            )
            .await;
        let Err(error) = locked else {
            return Ok(MigrationLock(connection));
        };
        client.batch_execute("rollback").await.map_err(failed)?;
        if error.code() != Some(&SqlState::LOCK_NOT_AVAILABLE) {
            return Err(failed(error));
        }
        let whom = blockers::of_migration_lock(client).await?;
        if whom != reported {
            report(&format!("another migration is running, waiting for {whom}"));
            reported = whom;
        }
    }
}

/// Creates the version table before the schema. If two runs create it at once, one finds it.
async fn create_table(connection: &Connection) -> Result<(), StoreError> {
    const TRIES_MAX: usize = 5;
    let mut tries = 0;
    loop {
        tries += 1;
        let made = connection
            .client
            .batch_execute(
                "-- create_migration_lock
                do $$
                begin
                    if to_regclass('public.ayaz_migration_lock') is null then
                        create table public.ayaz_migration_lock ();
                        comment on table public.ayaz_migration_lock is
                            'Locked by `ayaz migrate` while it runs. It has no rows.';
                    end if;
                end
                $$",
            )
            .await;
        match made {
            Ok(()) => return Ok(()),
            Err(error)
                if tries < TRIES_MAX
                    && matches!(
                        error.code().map(SqlState::code),
                        Some("23505" | "42P07" | "XX000")
                    ) => {}
            Err(error) => return Err(StoreError::from_driver("lock for migration", error)),
        }
    }
}
