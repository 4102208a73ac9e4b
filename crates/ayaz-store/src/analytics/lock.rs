//! There is one worker: two would delete and insert the same hours.

use tokio_postgres::Client;

use crate::error::StoreError;

/// Tries to become the worker. The lock is the session's, so it ends with the connection, also when
/// the process is killed; and since the work is done on the same connection, a worker that lost
/// the lock cannot commit.
pub async fn try_become_worker(client: &Client) -> Result<bool, StoreError> {
    client
        .query_one(
            "-- try_become_worker\nselect pg_try_advisory_lock(7152020)",
            &[],
        )
        .await
        .map(|row| row.get(0))
        .map_err(|error| StoreError::from_driver("ask for the worker's lock", error))
}

/// Ends the connection of whoever is the worker, and waits up to five seconds until it is gone.
pub(crate) async fn end_worker(client: &Client) -> Result<(), tokio_postgres::Error> {
    client
        .execute(
            "-- end_worker
            select pg_terminate_backend(pid, 5000)
            from pg_locks
            where locktype = 'advisory' and granted and classid = 0 and objid = 7152020 and objsubid = 1
                and database = (select oid from pg_database where datname = current_database())",
            &[],
        )
        .await
        .map(drop)
}

/// Lets commits return before they are on disk, for this session. A commit that a crash of the
/// server undoes puts its hours back into the queue with it, so they are worked out again.
pub async fn commit_without_waiting(client: &Client) -> Result<(), StoreError> {
    client
        .batch_execute("-- commit_without_waiting\nset synchronous_commit = off")
        .await
        .map_err(|error| StoreError::from_driver("set up the session", error))
}

/// Has samples read in the order of the key, for this session: the rows of a vehicle's hour follow one
/// another in the table as they do in the index, and come sorted. By default the planner takes each
/// row for a seek of a disk, gathers them in a bitmap and sorts them, at a third more processor time.
pub async fn read_in_key_order(client: &Client) -> Result<(), StoreError> {
    client
        .batch_execute("-- read_in_key_order\nset random_page_cost = 1.1")
        .await
        .map_err(|error| StoreError::from_driver("set up the session", error))
}
