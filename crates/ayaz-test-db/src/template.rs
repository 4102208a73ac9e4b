//! The template database on a server.

use anyhow::{Context, Result};
use ayaz_store::{Connection, DatabaseUrl, Role, migrate};
use tokio::sync::Mutex;

/// The advisory lock of the process that makes the template: "ayaz" in ASCII, then a number.
const TEMPLATE_LOCK: i64 = 0x6179_617a_0000_0001;

/// The first digits of the schema's hash.
pub(crate) fn hash() -> String {
    migrate::schema_hash().chars().take(16).collect()
}

/// The template's name.
pub(crate) fn name() -> String {
    format!("ayaz_template_{}", hash())
}

/// Makes the template on the server if it is not there. Other processes that want it wait.
pub(crate) async fn ensure(server: &DatabaseUrl) -> Result<()> {
    let administrator = Connection::open(server, Role::Owner).await?;
    let client = &administrator.client;
    // The lock ends with the connection.
    client
        .batch_execute(&format!(
            "set lock_timeout = 0; select pg_advisory_lock({TEMPLATE_LOCK})"
        ))
        .await?;
    let name = name();
    let exists = "select exists (select from pg_database where datname = $1 and datistemplate)";
    if client.query_one(exists, &[&name]).await?.get(0) {
        return Ok(());
    }
    // A process that was killed may have left a part of it.
    client
        .batch_execute(&format!("drop database if exists {name} with (force)"))
        .await?;
    client
        .batch_execute(&format!("create database {name}"))
        .await?;
    migrate::migrate(&server.with_database(&name)?)
        .await
        .context("migrate the template")?;
    // A database can be copied while nobody is connected to it, and TimescaleDB's scheduler connects
    // wherever it may.
    client
        .batch_execute(&format!(
            "alter database {name} allow_connections false;
            alter database {name} is_template true"
        ))
        .await?;
    let close = "select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity
        where datname = $1";
    client.query_one(close, &[&name]).await?;
    Ok(())
}

/// Copies the template to a new database.
pub(crate) async fn copy(client: &Connection, database: &str) -> Result<()> {
    // The server makes one copy at a time: two of them at once only share the disk.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let template = name();
    let client = &client.client;
    let guard = ONE_AT_A_TIME.lock().await;
    client
        .batch_execute(&format!("create database {database} template {template}"))
        .await?;
    drop(guard);
    // A copy has the rights on tables and not those on the database itself.
    let rights = "select
            coalesce(
                string_agg(
                    format(
                        'grant %s on database %I to %s',
                        privilege_type,
                        $2::text,
                        case grantee when 0 then 'public' else grantee::regrole::text end
                    ),
                    ';'
                ),
                ''
            )
        from pg_database, aclexplode(datacl) where datname = $1";
    let rights: String = client
        .query_one(rights, &[&template, &database])
        .await?
        .get(0);
    client
        .batch_execute(&format!(
            "revoke all on database {database} from public; {rights}"
        ))
        .await?;
    Ok(())
}
