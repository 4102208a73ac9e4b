//! Leases of the worker and of a migration: other logins cannot block them.

use std::time::Duration;

use anyhow::{Context, Result};
use ayaz_store::analytics::lease::{holder, try_take};
use ayaz_store::migrate::{migrate, migrate_reporting};
use ayaz_store::{Connection, Role};
use ayaz_test_db::or_skip;

use crate::database::Database;

/// As if the holder had sent no heartbeat for long.
const EXPIRE: &str = "update worker_heartbeat set expires_at = now() - interval '1 second'";

/// Takes every lock that a read-only login can take.
async fn hold_what_a_reader_can(database: &Database) -> Result<Connection> {
    let reader = database.connect_as(Role::Reader).await?;
    reader
        .client
        .batch_execute(
            "select pg_advisory_lock(key) from generate_series(7152019, 7152021) as key;
            begin;
            lock table vehicle_context, vehicle, worker_lease, worker_heartbeat
                in access share mode",
        )
        .await?;
    Ok(reader)
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_of_a_reader_block_no_lease() -> Result<()> {
    let database = or_skip!(Database::new());
    let _reader = hold_what_a_reader_can(&database).await?;
    let worker = database.connect_as(Role::Analytics).await?;
    assert!(try_take(&worker, "worker").await?.is_some());
    let again = tokio::time::timeout(Duration::from_secs(20), migrate(&database.url)).await;
    assert!(again.context("migrate waits")??.applied.is_empty());
    let mut operator = database.connect_as(Role::Operator).await?;
    let writer = ayaz_store::context::ContextWriter::begin(&mut operator.client);
    let writer = tokio::time::timeout(Duration::from_secs(20), writer).await;
    writer
        .context("an import of context waits")??
        .commit()
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_free_once_its_holder_is_closed_or_silent() -> Result<()> {
    let database = or_skip!(Database::new());
    let first = database.connect_as(Role::Analytics).await?;
    let second = database.connect_as(Role::Analytics).await?;
    assert_eq!(holder(&first.client).await?, None);
    let lease = try_take(&first, "first")
        .await?
        .context("the lease is free")?;
    assert!(
        try_take(&second, "second").await?.is_none(),
        "the lease is held"
    );
    let holder_text = holder(&second.client)
        .await?
        .context("a holder")?
        .to_string();
    assert!(
        holder_text.starts_with("first on ") && holder_text.contains("(process "),
        "{holder_text}"
    );

    // Without a heartbeat, within a transaction: its connection is ended, and it commits nothing.
    let mut first = first;
    let transaction = first.client.transaction().await?;
    transaction
        .batch_execute("insert into refresh_queue (vehicle_id, hour) values (1, now())")
        .await?;
    database.execute(EXPIRE).await?;
    let next = try_take(&second, "second")
        .await?
        .context("the lease is expired")?;
    assert!(lease.check(&transaction).await.is_err());
    drop(transaction);
    assert_eq!(
        database
            .number("select count(*) from refresh_queue")
            .await?,
        0
    );
    drop(first);

    // If another login holds it, its connection is not ended; it finds its lease lost.
    let mut third = database.connect_as(Role::Analytics).await?;
    database.execute(EXPIRE).await?;
    database
        .execute("update worker_lease set backend_name = 'of another login'")
        .await?;
    let _lease = try_take(&third, "third")
        .await?
        .context("the lease is expired")?;
    let mut second = second;
    let transaction = second.client.transaction().await?;
    let error = next
        .check(&transaction)
        .await
        .err()
        .context("the lease is held")?;
    assert!(
        error.is_transient() && error.to_string().contains("another worker"),
        "{error}"
    );
    drop(transaction);

    // A closed connection: at once.
    let transaction = third.client.transaction().await?;
    transaction.rollback().await?;
    drop(third);
    let fourth = database.connect_as(Role::Analytics).await?;
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while try_take(&fourth, "fourth").await?.is_none() {
        anyhow::ensure!(
            std::time::Instant::now() < deadline,
            "the lease is not taken"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_within_a_transaction_commits_nothing_during_a_migration() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut worker = database.connect_as(Role::Analytics).await?;
    let lease = try_take(&worker, "worker")
        .await?
        .context("the lease is free")?;
    let transaction = worker.client.transaction().await?;
    transaction
        .batch_execute("select 1 from worker_lease")
        .await?;
    // As if a migration was missing.
    database
        .execute(
            "delete from ayaz_schema_version
            where version = (select max(version) from ayaz_schema_version)",
        )
        .await?;
    // It may fail, since its objects exist already; before that, it takes the worker's lease.
    let migrated = tokio::time::timeout(Duration::from_secs(60), migrate(&database.url)).await;
    let _ = migrated.context("migrate waits")?;
    assert!(lease.check(&transaction).await.is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_names_its_blocker_and_continues_when_that_ends() -> Result<()> {
    let database = or_skip!(Database::new());
    database
        .execute("update ayaz_view_set set hash = 'that of another version'")
        .await?;
    // A dashboard that leaves a transaction open.
    let reader = reader_in_a_transaction(&database).await?;
    let (report, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let url = database.url.clone();
    let migrating = tokio::spawn(async move {
        migrate_reporting(&url, |line| {
            let _ = report.send(line.to_owned());
        })
        .await
    });
    let line = tokio::time::timeout(Duration::from_secs(60), lines.recv()).await;
    let line = line?.context("it waits")?;
    assert!(
        line.contains("waiting for ayaz_reader of") && line.contains("since 2"),
        "{line}"
    );
    drop(reader);
    let migrated = tokio::time::timeout(Duration::from_secs(60), migrating).await???;
    assert!(migrated.views_made);
    Ok(())
}

/// Uses a read-only login, since the owner of a server may do everything.
async fn reader_in_a_transaction(database: &Database) -> Result<Connection> {
    database
        .execute(
            "do $$
            begin
                create role places_reader login password 'places_reader' in role ayaz_reader;
            exception when duplicate_object or unique_violation then
                null;
            end
            $$",
        )
        .await?;
    let (_, place) = database.url.expose().split_once('@').context("a login")?;
    let login = format!("postgres://places_reader:places_reader@{place}").parse()?;
    let reader = Connection::open(&login, Role::Reader).await?;
    reader
        .client
        .batch_execute("begin; select count(*) from winter_range")
        .await?;
    Ok(reader)
}
