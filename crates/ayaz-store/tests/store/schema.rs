//! Earlier and later versions of the schema.

use anyhow::Result;
use ayaz_store::StoreError;
use ayaz_store::migrate::{check_schema, latest_version, migrate};
use refinery::Target;

use crate::database::Database;
use crate::dead_letters::{NOW, letter};

mod embedded {
    refinery::embed_migrations!("migrations");
}

const TOPIC: &str = "ayaz/v1/astana/E12-001/telemetry";

/// The last version without quotas of dead letters.
const BEFORE_QUOTAS: i32 = 9;

/// The last version without sums of the cabin and of what the wheels gave back.
const BEFORE_CABINS: i32 = 26;

/// Brings an empty database to an earlier version.
pub(crate) async fn migrate_to(database: &mut Database, version: i32) -> Result<()> {
    let mut runner = embedded::migrations::runner().set_target(Target::Version(version));
    runner.set_migration_table_name("ayaz_schema_version");
    runner.run_async(&mut database.owner.client).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_from_before_the_quotas_are_kept_and_known() -> Result<()> {
    let mut database = Database::empty().await?;
    migrate_to(&mut database, BEFORE_QUOTAS).await?;
    // As that version wrote it: the digest is that of the topic's length, topic and payload.
    database
        .owner
        .client
        .execute(
            "insert into dead_letter values (
                sha256(int8send(length($1::text)) || convert_to($1, 'UTF8') || $2::bytea),
                $1, $2, length($2), 'r', 'd', '0.0.9', now(), now(), 3
            )",
            &[&TOPIC, &&b"old"[..]],
        )
        .await?;

    let migrated = migrate(&database.url).await?;
    assert_eq!(migrated.version, latest_version());
    assert_eq!(
        migrated.applied.len() as i32,
        latest_version() - BEFORE_QUOTAS
    );

    let mut store = database.store(1);
    let written = store
        .write(&["old", "new"].map(|payload| letter(TOPIC, payload, NOW)))
        .await?;
    assert_eq!(
        written.messages_suppressed, 0,
        "a letter that was there already takes no place"
    );
    let rows = database
        .owner
        .client
        .query(
            "select payload, source, deliveries from dead_letter order by 1 desc",
            &[],
        )
        .await?;
    let rows: Vec<(Vec<u8>, String, i64)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let source = "astana/E12-001".to_owned();
    assert_eq!(
        rows,
        [
            (b"old".to_vec(), source.clone(), 4),
            (b"new".to_vec(), source, 1)
        ]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_are_worked_out_again_for_what_only_readings_tell() -> Result<()> {
    let mut database = Database::empty().await?;
    migrate_to(&mut database, BEFORE_CABINS).await?;
    database
        .execute(
            "insert into refreshed_hour (
                vehicle_id, hour, readings, readings_before, readings_after, open_trip_continued
            )
            values (1, '2026-01-10T06:00:00Z', 3600, 0, 0, false)",
        )
        .await?;
    let queued =
        "select count(*) from refresh_queue where vehicle_id = 1 and changed_from = '-infinity'";
    assert_eq!(database.number(queued).await?, 0);
    migrate(&database.url).await?;
    assert_eq!(database.number(queued).await?, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_does_not_fit_is_told_with_the_way_out() -> Result<()> {
    let database = Database::new().await?;
    let fatal = |outcome: Result<(), StoreError>| match outcome {
        Err(StoreError::Fatal(text)) => text,
        other => panic!("expected a refusal, got {other:?}"),
    };
    database
        .execute("create role stranger_to_ayaz; set role stranger_to_ayaz")
        .await?;
    let text = fatal(check_schema(&database.owner).await);
    assert!(text.contains("lacks the rights"), "{text}");
    assert!(!text.contains("no Ayaz schema"), "{text}");
    database
        .execute("reset role; drop role stranger_to_ayaz")
        .await?;

    let (found, known) = (latest_version() + 1, latest_version());
    database
        .execute(&format!(
            "insert into ayaz_schema_version (version, name, applied_on, checksum)
            values ({found}, 'from_the_future', '2030-01-01T00:00:00Z', '1')"
        ))
        .await?;
    let wanted = format!(
        "the database has schema version {found}, this program knows {known}: use a newer ayaz"
    );
    assert_eq!(fatal(check_schema(&database.owner).await), wanted);
    assert_eq!(fatal(migrate(&database.url).await.map(drop)), wanted);

    database.execute("drop table ayaz_schema_version").await?;
    let text = fatal(check_schema(&database.owner).await);
    assert!(text.contains("no Ayaz schema"), "{text}");
    Ok(())
}
