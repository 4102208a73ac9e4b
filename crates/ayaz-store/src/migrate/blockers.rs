//! Shows who blocks a migration.

use std::fmt::Write as _;

use tokio_postgres::{Client, Row};

use crate::error::StoreError;

/// Lists up to three transactions, the longest first; one of them has the lock.
pub(super) async fn of_locks(client: &Client) -> Result<String, StoreError> {
    let sql = format!(
        "-- lock_holders
        select {COLUMNS}, a.xact_start
        from pg_stat_activity a
        where a.datname = current_database() and a.pid <> pg_backend_pid()
            -- Without the right to see start times, shows at least who holds locks.
            and (
                a.xact_start < clock_timestamp() - interval '2 seconds'
                or a.xact_start is null and exists (
                    select from pg_locks l
                    where l.pid = a.pid and l.granted and l.relation is not null
                )
            )
            and coalesce(a.backend_type, 'client backend') = 'client backend'
            and not exists (
                select from pg_locks l
                where l.pid = a.pid and l.relation = to_regclass('public.ayaz_migration_lock')
                    and l.mode = 'ExclusiveLock'
            )
        order by a.xact_start
        limit 3"
    );
    describe_all(client, &sql).await
}

/// Shows who is migrating.
pub(super) async fn of_migration_lock(client: &Client) -> Result<String, StoreError> {
    let sql = format!(
        "-- migrating
        select {COLUMNS}, a.xact_start
        from pg_locks l
        join pg_stat_activity a using (pid)
        where l.relation = to_regclass('public.ayaz_migration_lock')
            and l.mode = 'ExclusiveLock' and l.granted"
    );
    describe_all(client, &sql).await
}

const COLUMNS: &str = "a.application_name, a.usename::text, a.pid, \
     coalesce(host(a.client_addr), 'a local socket')";

async fn describe_all(client: &Client, sql: &str) -> Result<String, StoreError> {
    let rows = client
        .query(sql, &[])
        .await
        .map_err(|error| StoreError::from_driver("read who holds the locks", error))?;
    let mut text = String::new();
    for row in &rows {
        let between = if text.is_empty() { "" } else { "; " };
        // Writing to a string does not fail.
        let _ = write!(text, "{between}{}", describe(row));
    }
    if text.is_empty() {
        text.push_str("others with short transactions");
    }
    Ok(text)
}

fn describe(row: &Row) -> String {
    let (application, login): (Option<&str>, Option<&str>) = (row.get(0), row.get(1));
    let (pid, host): (i32, Option<&str>) = (row.get(2), row.get(3));
    let since: Option<jiff::Timestamp> = row.get(4);
    let since = since.map_or(String::new(), |at| format!(", since {at:.0}"));
    format!(
        "{} of {} from {} (backend {pid}{since}; `select pg_terminate_backend({pid})` ends it)",
        application
            .filter(|name| !name.is_empty())
            .unwrap_or("a program without a name"),
        login.unwrap_or("a login"),
        host.unwrap_or("?")
    )
}
