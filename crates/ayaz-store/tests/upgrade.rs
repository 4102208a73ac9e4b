//! An earlier version's database, with what it holds, under today's migrations.

use std::time::Duration;

use anyhow::Result;
use ayaz_local::{LocalStack, Options};
use ayaz_model::UnixMicroseconds;
use ayaz_store::ingest::DeadLetterLimits;
use ayaz_store::migrate::{latest_version, migrate};
use ayaz_store::{
    Connection, Content, DatabaseUrl, Envelope, IngestStore, Message, Rejection, Role,
};
use refinery::Target;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// 2026-01-10T06:00:00Z.
const NOW: UnixMicroseconds = UnixMicroseconds(1_768_024_800_000_000);
const TOPIC: &str = "ayaz/v1/astana/E12-001/telemetry";

/// The last version without quotas of dead letters.
const BEFORE_QUOTAS: i32 = 9;

fn letter(payload: &'static [u8]) -> Message {
    Message {
        envelope: Envelope {
            topic: TOPIC.into(),
            payload: payload.into(),
            received_at: NOW,
        },
        content: Content::Rejected(Rejection {
            reason: "payload_undecodable",
            detail: "because".to_owned(),
        }),
    }
}

#[tokio::test]
async fn letters_from_before_the_quotas_are_kept_and_known() -> Result<()> {
    let options = Options {
        broker: false,
        ..Options::default()
    };
    let stack = LocalStack::start(options, |_| {}).await?;
    let url: DatabaseUrl = stack.database_url().parse()?;
    let mut owner = Connection::open(&url, Role::Owner).await?;
    let mut runner = embedded::migrations::runner().set_target(Target::Version(BEFORE_QUOTAS));
    runner.set_migration_table_name("ayaz_schema_version");
    runner.run_async(&mut owner.client).await?;
    // As that version wrote it: the digest is that of the topic's length, topic and payload.
    owner
        .client
        .execute(
            "insert into dead_letter values (
                sha256(int8send(length($1::text)) || convert_to($1, 'UTF8') || $2::bytea),
                $1, $2, length($2), 'r', 'd', '0.0.9', now(), now(), 3
            )",
            &[&TOPIC, &&b"old"[..]],
        )
        .await?;

    let migrated = migrate(&url).await?;
    assert_eq!(migrated.version, latest_version());
    assert_eq!(
        migrated.applied.len() as i32,
        latest_version() - BEFORE_QUOTAS
    );

    let mut store = IngestStore::new(url, Duration::from_secs(30), "test").with_dead_letter_limits(
        DeadLetterLimits {
            per_vehicle_hour_max: 1,
            ..DeadLetterLimits::default()
        },
    );
    let written = store.write(&[letter(b"old"), letter(b"new")]).await?;
    assert_eq!(
        written.messages_suppressed, 0,
        "a letter that was there already takes no place"
    );
    let rows = owner
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
    Ok(stack.stop().await?)
}
