//! There is one worker: two would delete and insert the same hours. Its place is a row that only our roles
//! can write (`worker_lease`), and that says until when it is taken, by the database's clock.
//!
//! Each holder has a term of its own. A worker looks for its term as the last thing before each commit, so
//! that one that was stopped, and whose place was taken meanwhile, commits nothing when it wakes up. What
//! it had not committed is done by whoever has the place.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement, Transaction};

use crate::connect::{Connection, DatabaseUrl, Role};
use crate::error::StoreError;

/// So long after its last sign of life the holder may be replaced, s. One whose connection is gone may be
/// replaced at once.
pub const LEASE_SECONDS: u32 = 20;

/// How often the holder gives a sign of life.
const RENEW_INTERVAL: Duration = Duration::from_secs(5);

/// The place of the worker, taken.
#[derive(Debug, Clone)]
pub struct Lease {
    check: Statement,
    term: i64,
}

/// Who has the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The program.
    pub program: String,
    /// Its machine.
    pub host: String,
    /// Its process there.
    pub process_id: i64,
    /// Since when.
    pub since: Timestamp,
    /// Until when it has it, unless it gives another sign of life.
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

/// $5 is whether the place is taken from whoever has it. Of two who want it at the same moment, the later
/// finds another term than it has seen, and takes nothing.
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

/// Takes the place, if it is free: given up, not renewed in time, or of a connection that is gone.
pub async fn try_take(connection: &Connection, program: &str) -> Result<Option<Lease>, StoreError> {
    end_expired(connection).await;
    take(connection, program, false).await
}

/// Takes the place from whoever has it. Needs the owner's rights, or the worker's.
pub(crate) async fn take_by_force(
    connection: &Connection,
    program: &str,
) -> Result<Lease, StoreError> {
    let lease = take(connection, program, true).await?;
    lease.ok_or_else(|| StoreError::Transient {
        operation: "take the worker's place",
        cause:
            "another takes it at the same moment, or its row is not there (`ayaz migrate` makes it)"
                .to_owned(),
    })
}

async fn take(
    connection: &Connection,
    program: &str,
    by_force: bool,
) -> Result<Option<Lease>, StoreError> {
    let failed = |error| StoreError::from_driver("take the worker's place", error);
    let client = &connection.client;
    // By this name everybody sees whether the connection is still there.
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

/// Ends the connection of a holder whose time is over: it may have been stopped within a transaction, and
/// hold what its successor needs. A login may end its own connections only; another's end by their
/// time limits.
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
        tracing::debug!(%error, "the holder of the worker's place cannot be ended");
        let _ = connection.client.batch_execute("rollback").await;
    }
}

/// Who has the place; `None` is nobody.
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
        .map_err(|error| StoreError::from_driver("look who is the worker", error))?;
    Ok(rows.first().map(|row| Holder {
        program: row.get(0),
        host: row.get(1),
        process_id: row.get(2),
        since: row.get(3),
        expires_at: row.get(4),
    }))
}

impl Lease {
    /// Fails if the place is another's by now. The last statement before a commit: until that is done,
    /// nobody takes the place.
    pub async fn check(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let rows = transaction
            .query(&self.check, &[&self.term])
            .await
            .map_err(|error| StoreError::from_driver("check the worker's place", error))?;
        if rows.is_empty() {
            return Err(StoreError::Transient {
                operation: "check the worker's place",
                cause: "another worker has taken it; what was not committed is left to that one"
                    .to_owned(),
            });
        }
        Ok(())
    }

    /// Gives signs of life over a connection of its own, until dropped or until the place is
    /// another's.
    pub fn renew(&self, url: &DatabaseUrl, role: Role) -> Renewal {
        let (url, term) = (url.clone(), self.term);
        Renewal(tokio::spawn(async move {
            while !is_lost(&url, role, term).await {
                tokio::time::sleep(RENEW_INTERVAL).await;
            }
            tracing::warn!("another has taken the worker's place");
        }))
    }
}

/// Renews until that fails, and says whether the place is another's.
async fn is_lost(url: &DatabaseUrl, role: Role, term: i64) -> bool {
    // One that does not answer is given up: the next may.
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
                tracing::debug!(%error, "the worker's place cannot be renewed");
                return false;
            }
            Err(_) => {
                connection.abandon();
                return false;
            }
        }
    }
}

/// Signs of life, until dropped.
#[derive(Debug)]
pub struct Renewal(JoinHandle<()>);

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// For whoever waits to know where to look.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        "an unknown machine".to_owned()
    } else {
        name.to_owned()
    }
}
