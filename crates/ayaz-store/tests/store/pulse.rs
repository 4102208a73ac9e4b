//! Whether the database answers.

use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};
use ayaz_store::{DatabaseUrl, Pulse, Role};
use ayaz_test_db::or_skip;
use tokio::net::TcpListener;

use crate::database::Database;

const LIMIT: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_counts_as_not_answering() -> Result<()> {
    // Like a stopped server: the operating system still accepts connections.
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let url: DatabaseUrl = format!("postgres://a:b@{}/ayaz", silent.local_addr()?).parse()?;
    let error = Pulse::new(url, Role::Ingest).ask(LIMIT).await;
    let text = error
        .err()
        .context("the server does not answer")?
        .to_string();
    assert!(text.contains("has not answered"), "{text}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_connection_is_noticed_while_idle() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut pulse = Pulse::new(database.url.clone(), Role::Analytics);
    let limit = Duration::from_secs(20);
    pulse.ask(limit).await?;
    let name = database.url.expose().rsplit_once('/').context("a URL")?.1;
    let admin: DatabaseUrl = database.url.expose().replace(name, "postgres").parse()?;
    let admin = ayaz_store::Connection::open(&admin, Role::Owner).await?;
    let allow = |is: bool| format!("alter database {name} allow_connections {is}");
    admin.client.batch_execute(&allow(false)).await?;
    let ended = "select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity
        where datname = $1 and application_name = 'ayaz pulse'";
    let row = admin.client.query_one(ended, &[&name]).await?;
    assert_eq!(row.get::<_, i64>(0), 1, "one connection has this name");
    assert!(pulse.ask(limit).await.is_err());
    admin.client.batch_execute(&allow(true)).await?;
    pulse.ask(limit).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_check_reports_its_result() -> Result<()> {
    let database = or_skip!(Database::new());
    let results = Mutex::new(Vec::new());
    let pulse = Pulse::new(database.url.clone(), Role::Analytics);
    let watching = pulse.watch(|found| results.lock().expect("results").push(found));
    // The first answer, and the start of the pause after it.
    let _ = tokio::time::timeout(Duration::from_secs(3), watching).await;
    assert_eq!(*results.lock().expect("results"), [Ok(())]);
    Ok(())
}
