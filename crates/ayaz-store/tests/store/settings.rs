//! Default settings of a database have no effect on our connections.

use std::time::Duration;

use anyhow::{Context, Result};
use ayaz_store::migrate::migrate;
use ayaz_store::reports::{TripSelection, energy_by_trip};
use ayaz_store::{IngestStore, Role, StoreError};
use ayaz_test_db::or_skip;

use crate::database::{Daemon as _, Database};
use crate::dead_letters::{NOW, letter};
use crate::identity::{reading, stored, write};

/// Tables of another application, and settings that break connections which do not override them.
const HOSTILE: &str = include_str!("hostile_settings.sql");

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_settings_of_another_application_have_no_effect() -> Result<()> {
    let database = or_skip!(Database::empty());
    // Once for the migrations themselves, and again for a schema that is there.
    database.execute(HOSTILE).await?;
    migrate(&database.url).await?;
    migrate(&database.url).await?;

    let mut store = database.store(10);
    write(&mut store, &[reading("a", 1), reading("b", 2)]).await?;
    store
        .write(&[letter("ayaz/v1/astana/a/telemetry", "x", NOW)])
        .await?;
    // Through staging, in temporary tables.
    write(&mut store, &[reading("a", 1), reading("a", 3)]).await?;
    let expected = [("a".to_owned(), vec![1, 3]), ("b".to_owned(), vec![2])].into();
    assert_eq!(stored(&database).await?, expected);

    // The operator chooses the timeout of a reader.
    database
        .execute(
            "do $$ begin
                execute format('alter database %I reset statement_timeout', current_database());
            end $$",
        )
        .await?;
    let reader = database.connect_as(Role::Reader).await?;
    energy_by_trip(&reader.client, &TripSelection::default()).await?;

    let ingest = database.connect_as(Role::Ingest).await?;
    let row = ingest
        .client
        .query_one(
            "select current_setting('synchronous_commit'), current_setting('search_path'),
                current_setting('default_transaction_isolation'), current_setting('timezone')",
            &[],
        )
        .await?;
    let settings: Vec<&str> = (0..4).map(|column| row.get(column)).collect();
    assert_eq!(settings, ["on", "public,pg_temp", "read committed", "UTC"]);
    Ok(())
}

/// Number of connections of the daemon on the server, in any state.
const BACKENDS: &str = "select count(*) from pg_stat_activity
    where datname = current_database() and application_name = 'ayaz_ingest'";

#[tokio::test(flavor = "multi_thread")]
async fn timed_out_writes_leave_no_waiting_backends() -> Result<()> {
    let database = or_skip!(Database::new());
    let timeout = Duration::from_millis(300);
    let mut store = IngestStore::new(database.url.clone(), timeout, "test");
    write(&mut store, &[reading("a", 1)]).await?;
    // Uses a separate connection to lock: within a transaction, all counts would be the same.
    let holder = database.connect_as(Role::Owner).await?;
    let lock = "begin; lock table reading in access exclusive mode";
    holder.client.batch_execute(lock).await?;
    let mut most = 0;
    for second in 2..14 {
        let error = store
            .write(&[reading("a", second)])
            .await
            .err()
            .context("the table is locked")?;
        assert!(matches!(error, StoreError::Transient { .. }), "{error}");
        most = most.max(database.number(BACKENDS).await?);
    }
    assert!(most <= 3, "{most} backends wait for a lock");
    holder.client.batch_execute("rollback").await?;
    // The timeout is short for a busy machine.
    let mut store = database.store(1);
    write(&mut store, &[reading("a", 100)]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_client_leaves_no_waiting_backend() -> Result<()> {
    let database = or_skip!(Database::new());
    let holder = database.connect_as(Role::Owner).await?;
    let lock = "begin; lock table vehicle in access exclusive mode";
    holder.client.batch_execute(lock).await?;
    let waiting = database.connect_as(Role::Ingest).await?;
    let waits = tokio::time::timeout(
        Duration::from_millis(300),
        waiting.client.query("select * from vehicle", &[]),
    );
    assert!(waits.await.is_err());
    // Closes without a message to the server, like a killed process.
    drop(waiting);
    let deadline = std::time::Instant::now() + Duration::from_secs(15);
    while database.number(BACKENDS).await? > 0 {
        anyhow::ensure!(
            std::time::Instant::now() < deadline,
            "the backend still waits"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
