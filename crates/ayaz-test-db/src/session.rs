//! This process as a user of a server: its databases have its number and are dropped after use.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use ayaz_local::server_needed;
use ayaz_store::{Connection, DatabaseUrl, Role};
use tokio::sync::{Mutex, OnceCell, mpsc, oneshot};

use crate::server::server_is_given;
use crate::template;

/// The beginning of the name of each test's database; its process's number follows.
pub(crate) const PREFIX: &str = "ayaz_test_";

/// How many databases are dropped together on a private server, whose data is removed with it. Each drop
/// makes a checkpoint, which is slow while tests write; after the first one of a batch there is little to
/// write.
const DROP_BATCH: usize = 16;

/// The first half of a process's advisory lock: "test" in ASCII.
const PROCESS_LOCK: i32 = 0x7465_7374;

/// A server on which this process holds its lock.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) server: DatabaseUrl,
    /// The number of this process on this server.
    pub(crate) process: i32,
    /// Set once the template is there.
    template: OnceCell<()>,
    /// Names of databases to drop.
    unneeded: mpsc::UnboundedSender<String>,
}

impl Session {
    /// The session on this server, opened at the first call.
    pub(crate) async fn on(server: &str) -> Result<Arc<Self>> {
        static SESSIONS: Mutex<Option<HashMap<String, Arc<Session>>>> = Mutex::const_new(None);
        let mut sessions = SESSIONS.lock().await;
        let sessions = sessions.get_or_insert_default();
        if let Some(session) = sessions.get(server) {
            return Ok(Arc::clone(session));
        }
        let opened = Self::open(server.parse()?).await;
        let session = Arc::new(opened.with_context(server_needed)?);
        sessions.insert(server.to_owned(), Arc::clone(&session));
        Ok(session)
    }

    async fn open(server: DatabaseUrl) -> Result<Self> {
        let process = rand::random_range(0..i32::MAX);
        let (unneeded, names) = mpsc::unbounded_channel();
        let (opened, result) = oneshot::channel();
        let url = server.clone();
        // A thread of its own, since the connection needs a runtime that lives as long as the process,
        // and each test has another.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            match runtime {
                Ok(runtime) => runtime.block_on(keep(&url, process, names, opened)),
                Err(error) => drop(opened.send(Err(error.into()))),
            }
        });
        result.await.context("the thread of the session")??;
        Ok(Self {
            server,
            process,
            template: OnceCell::new(),
            unneeded,
        })
    }

    /// Makes the template on this server if it is not there.
    pub(crate) async fn ensure_template(&self) -> Result<()> {
        let ensured = self
            .template
            .get_or_try_init(|| template::ensure(&self.server));
        ensured.await.copied()
    }

    /// Drops the database soon. If this process ends before, the next one does.
    pub(crate) fn drop_database(&self, name: String) {
        // The thread has ended if its connection was lost: the server was stopped.
        let _ = self.unneeded.send(name);
    }
}

/// Holds the process's lock, and drops databases.
async fn keep(
    server: &DatabaseUrl,
    process: i32,
    mut names: mpsc::UnboundedReceiver<String>,
    opened: oneshot::Sender<Result<()>>,
) {
    let connection = match prepare(server, process).await {
        Ok(connection) => connection,
        Err(error) => return drop(opened.send(Err(error))),
    };
    let _ = opened.send(Ok(()));
    let batch = if server_is_given() { 1 } else { DROP_BATCH };
    let mut waiting = Vec::new();
    while let Some(name) = names.recv().await {
        waiting.push(name);
        if waiting.len() < batch {
            continue;
        }
        for name in waiting.drain(..) {
            if drop_now(&connection, &name).await.is_err() {
                return;
            }
        }
    }
}

async fn prepare(server: &DatabaseUrl, process: i32) -> Result<Connection> {
    let connection = Connection::open(server, Role::Owner).await?;
    let lock = "select pg_advisory_lock($1, $2)";
    connection
        .client
        .execute(lock, &[&PROCESS_LOCK, &process])
        .await?;
    drop_leftovers(&connection).await?;
    Ok(connection)
}

/// Drops the databases of processes that have ended: nobody holds their locks.
async fn drop_leftovers(connection: &Connection) -> Result<()> {
    let client = &connection.client;
    let all = "select datname::text from pg_database where starts_with(datname, $1)";
    for row in client.query(all, &[&PREFIX]).await? {
        let name: &str = row.get(0);
        let process = name.trim_start_matches(PREFIX).split('_').next();
        let Some(process) = process.and_then(|number| number.parse::<i32>().ok()) else {
            continue;
        };
        let free = "select pg_try_advisory_lock($1, $2)";
        let row = client.query_one(free, &[&PROCESS_LOCK, &process]).await?;
        if row.get(0) {
            drop_now(connection, name).await?;
            let free = "select pg_advisory_unlock($1, $2)";
            client.execute(free, &[&PROCESS_LOCK, &process]).await?;
        }
    }
    Ok(())
}

async fn drop_now(connection: &Connection, name: &str) -> Result<()> {
    let drop = format!("drop database if exists {name} with (force)");
    Ok(connection.client.batch_execute(&drop).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{or_skip, server_url, start};

    async fn exists(connection: &Connection, name: &str) -> Result<bool> {
        let sql = "select exists (select from pg_database where datname = $1)";
        Ok(connection.client.query_one(sql, &[&name]).await?.get(0))
    }

    #[tokio::test]
    async fn a_new_process_drops_what_ended_processes_have_left() -> Result<()> {
        let server = or_skip!(server_url());
        let first = Session::open(server.parse()?).await?;
        let administrator = Connection::open(&first.server, Role::Owner).await?;
        let used = format!("{PREFIX}{}_7", first.process);
        // Nobody holds the lock of this number.
        let left = format!("{PREFIX}{}_7", i32::MAX);
        for name in [&used, &left] {
            let create = format!("create database {name}");
            administrator.client.batch_execute(&create).await?;
        }
        Session::open(server.parse()?).await?;
        assert!(exists(&administrator, &used).await?);
        assert!(!exists(&administrator, &left).await?);
        first.drop_database(used.clone());
        // Names without a database fill the batch.
        for number in 0..DROP_BATCH {
            first.drop_database(format!("{PREFIX}{}_none{number}", first.process));
        }
        for _ in 0..100 {
            if !exists(&administrator, &used).await? {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        anyhow::bail!("{used} is still there")
    }

    #[tokio::test]
    async fn processes_that_start_at_once_make_one_template() -> Result<()> {
        let options = ayaz_local::Options {
            broker: false,
            ..ayaz_local::Options::default()
        };
        let stack = or_skip!(start(options));
        let server: DatabaseUrl = stack.database_url().parse()?;
        let administrator = Connection::open(&server, Role::Owner).await?;
        let name = template::name();
        assert!(exists(&administrator, &name).await?, "the cluster has it");
        // As if a process had been killed while it made the template.
        let unfinished = format!(
            "alter database {name} is_template false; alter database {name} allow_connections true"
        );
        administrator.client.batch_execute(&unfinished).await?;
        tokio::try_join!(
            template::ensure(&server),
            template::ensure(&server),
            template::ensure(&server)
        )?;
        let sql = "select count(*) from pg_database where datistemplate and not datallowconn
            and datname = $1";
        let row = administrator.client.query_one(sql, &[&name]).await?;
        assert_eq!(row.get::<_, i64>(0), 1);
        drop(administrator);
        Ok(stack.stop().await?)
    }
}
