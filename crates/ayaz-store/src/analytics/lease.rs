//! There is only one worker: two would delete and insert the same hours. Its lease is a row that only our
//! roles can write (`worker_lease`), with an expiry by the database's clock.
//!
//! Each holder has its own term. A worker checks its term last before each commit. So a worker that was
//! stopped and has lost its lease meanwhile commits nothing when it continues; the new holder does that work.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement, Transaction};

use crate::connect::{Connection, DatabaseUrl, Role};
use crate::error::StoreError;

/// Seconds after its last heartbeat at which the lease expires. If the holder's connection is gone, it
/// expires at once.
pub const LEASE_SECONDS: u32 = 20;

/// Interval of heartbeats.
const RENEW_INTERVAL: Duration = Duration::from_secs(5);

/// The lease, held by this worker.
#[derive(Debug, Clone)]
pub struct Lease {
    check: Statement,
    term: i64,
}

/// The holder of the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its program.
    pub program: String,
    /// Its machine.
    pub host: String,
    /// Its process there.
    pub process_id: i64,
    /// When it took the lease.
    pub since: Timestamp,
    /// When the lease expires without another heartbeat.
    pub expires_at: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            program,
            host,
            process_id,
            since,
            ..
        } = self;
        write!(
            f,
            "{program} on {host} (process {process_id}), since {since:.0}"
        )
    }
}

/// $5 is whether to take the lease by force. Of two that try at the same moment, the later one finds a
/// changed term, and takes nothing.
const TAKE: &str = "-- take_lease
    with taken as (
        update worker_lease l
        set term = l.term + 1, program = $1, host = $2, process_id = $3, since = clock_timestamp(),
            backend_pid = pg_backend_pid(), backend_name = $4
        from worker_heartbeat h
        where h.term = l.term and (
            $5 or l.program is null or h.expires_at <= clock_timestamp()
            or not exists (
                select from pg_stat_activity a
                where a.pid = l.backend_pid and a.application_name = l.backend_name
            )
        )
        returning l.term
    ), alive as (
        update worker_heartbeat
        set term = taken.term, expires_at = clock_timestamp() + make_interval(secs => $6)
        from taken
    )
    select term from taken";

const RENEW: &str = "-- renew_lease
    update worker_heartbeat
    set expires_at = clock_timestamp() + make_interval(secs => $2)
    where term = $1";

/// Takes the lease if it is free: released, expired, or of a closed connection.
pub async fn try_take(connection: &Connection, program: &str) -> Result<Option<Lease>, StoreError> {
    end_expired(connection).await;
    take(connection, program, false).await
}

/// Takes the lease from its holder. Needs the owner's rights, or the worker's.
pub(crate) async fn take_by_force(
    connection: &Connection,
    program: &str,
) -> Result<Lease, StoreError> {
    let lease = take(connection, program, true).await?;
    lease.ok_or_else(|| StoreError::Transient {
        operation: "take the worker's lease",
        cause:
            "another worker takes it at the same moment, or its row is missing (`ayaz migrate` creates it)"
                .to_owned(),
    })
}

async fn take(
    connection: &Connection,
    program: &str,
    by_force: bool,
) -> Result<Option<Lease>, StoreError> {
    let failed = |error| StoreError::from_driver("take the worker's lease", error);
    let client = &connection.client;
    // This name shows whether the connection still exists.
    let name = format!("{program} {}", connection.mark());
    client
        .execute(
            "-- name_backend\nselect set_config('application_name', $1, false)",
            &[&name],
        )
        .await
        .map_err(failed)?;
    let (host, process) = (host_name(), i64::from(std::process::id()));
    let seconds = f64::from(LEASE_SECONDS);
    let rows = client
        .query(
            TAKE,
            &[&program, &host, &process, &name, &by_force, &seconds],
        )
        .await
        .map_err(failed)?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let check = client
        .prepare("-- check_lease\nselect from worker_lease where term = $1 for share")
        .await
        .map_err(failed)?;
    Ok(Some(Lease {
        check,
        term: row.get(0),
    }))
}

/// Ends the connection of an expired holder: it may have stopped within a transaction, and hold locks that
/// its successor needs. A login may end only its own connections; others end by their timeouts.
async fn end_expired(connection: &Connection) {
    let ended = connection
        .client
        .batch_execute(
            "-- end_expired_holder
            begin;
            set local role none;
            select pg_terminate_backend(a.pid)
            from worker_lease l
            join worker_heartbeat h using (term)
            join pg_stat_activity a
                on a.pid = l.backend_pid and a.application_name = l.backend_name
            where h.expires_at <= clock_timestamp() and l.program is not null;
            commit",
        )
        .await;
    if let Err(error) = ended {
        tracing::debug!(%error, "cannot end the connection of the expired lease holder");
        let _ = connection.client.batch_execute("rollback").await;
    }
}

/// The current holder; `None` means nobody.
pub async fn holder(client: &Client) -> Result<Option<Holder>, StoreError> {
    let rows = client
        .query(
            "-- lease_holder
            select program, host, process_id, since, expires_at
            from worker_lease join worker_heartbeat using (term)
            where program is not null",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("read the holder of the lease", error))?;
    Ok(rows.first().map(|row| Holder {
        program: row.get(0),
        host: row.get(1),
        process_id: row.get(2),
        since: row.get(3),
        expires_at: row.get(4),
    }))
}

impl Lease {
    /// Fails if another worker has the lease now. This is the last statement before a commit: until the
    /// commit is done, nobody can take the lease.
    pub async fn check(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let rows = transaction
            .query(&self.check, &[&self.term])
            .await
            .map_err(|error| StoreError::from_driver("check the worker's lease", error))?;
        if rows.is_empty() {
            return Err(StoreError::Transient {
                operation: "check the worker's lease",
                cause: "another worker has taken it, and does the work that was not committed"
                    .to_owned(),
            });
        }
        Ok(())
    }

    /// Sends heartbeats over a separate connection, until dropped or until the lease is lost.
    pub fn renew(&self, url: &DatabaseUrl, role: Role) -> Renewal {
        let (url, term) = (url.clone(), self.term);
        Renewal(tokio::spawn(async move {
            while !is_lost(&url, role, term).await {
                tokio::time::sleep(RENEW_INTERVAL).await;
            }
            tracing::warn!("another worker has taken the lease");
        }))
    }
}

/// Sends heartbeats until one fails, and returns whether the lease is lost.
async fn is_lost(url: &DatabaseUrl, role: Role, term: i64) -> bool {
    // Drops a connection that does not answer; the next one may.
    let time_max = 2 * RENEW_INTERVAL;
    let Ok(Ok(connection)) = tokio::time::timeout(time_max, Connection::open(url, role)).await
    else {
        return false;
    };
    let seconds = f64::from(LEASE_SECONDS);
    let parameters: [&(dyn ToSql + Sync); 2] = [&term, &seconds];
    loop {
        let renew = connection.client.execute(RENEW, &parameters);
        match tokio::time::timeout(time_max, renew).await {
            Ok(Ok(0)) => return true,
            Ok(Ok(_)) => tokio::time::sleep(RENEW_INTERVAL).await,
            Ok(Err(error)) => {
                tracing::debug!(%error, "cannot renew the lease");
                return false;
            }
            Err(_) => {
                connection.abandon();
                return false;
            }
        }
    }
}

/// Sends heartbeats until dropped.
#[derive(Debug)]
pub struct Renewal(JoinHandle<()>);

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Shows a waiting worker where the holder runs.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        "an unknown machine".to_owned()
    } else {
        name.to_owned()
    }
}
