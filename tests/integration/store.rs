//! The write path with a database that refuses some rows.

use anyhow::Result;
use ayaz_model::{UnixMicroseconds, VehicleKey};
use ayaz_store::{Content, Envelope, IngestStore, Message, Rejection, StoreError};
use ayaz_test_db::or_skip;
use std::time::Duration;
use system_tests::TestBed;

use crate::fixtures::{readings, vehicle};

fn message(number: u32, content: Content) -> Message {
    let envelope = Envelope {
        topic: format!("ayaz/v1/f/bus/{number}").into(),
        payload: number.to_be_bytes().to_vec().into(),
        received_at: UnixMicroseconds::now(),
    };
    Message { envelope, content }
}

fn store(bed: &TestBed) -> Result<IngestStore> {
    Ok(IngestStore::new(
        bed.database_url.parse()?,
        Duration::from_secs(20),
        "test",
    ))
}

#[tokio::test]
async fn refused_messages_become_dead_letters_and_all_others_are_stored() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    // A rule that validation does not have, as after a migration for a newer daemon.
    bed.owner
        .client
        .batch_execute("alter table reading add constraint odd check (sequence not in (77, 1234))")
        .await?;
    let key = VehicleKey {
        fleet: bed.fleet.clone(),
        vehicle: vehicle("bus"),
    };
    let messages: Vec<Message> = readings(1, 2_000)
        .chunks(10)
        .enumerate()
        .map(|(n, part)| {
            message(
                n as u32,
                Content::Readings(key.clone(), part.iter().collect()),
            )
        })
        .collect();
    let mut store = store(&bed)?;
    let written = store.write(&messages).await?;
    assert_eq!((written.readings_new, written.messages_refused), (1_980, 2));
    assert_eq!(bed.number("select count(*) from reading").await?, 1_980);
    let dead_letters = "select count(*) from dead_letter
        where reason = 'refused_by_database' and detail like '%odd%' and payload_bytes = 4
            and (topic like '%/7' or topic like '%/123')";
    assert_eq!(bed.number(dead_letters).await?, 2);

    let again = store.write(&messages).await?;
    assert_eq!((again.readings_new, again.readings_duplicate), (0, 1_980));
    assert_eq!(bed.number("select count(*) from dead_letter").await?, 2);
    assert_eq!(
        bed.number("select sum(deliveries)::bigint from dead_letter")
            .await?,
        4
    );
    Ok(())
}

#[tokio::test]
async fn a_batch_with_duplicates_adds_only_new_readings() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    let key = VehicleKey {
        fleet: bed.fleet.clone(),
        vehicle: vehicle("bus"),
    };
    let all = readings(9, 100);
    let of = |part: &[_]| message(0, Content::Readings(key.clone(), part.iter().collect()));
    let mut store = store(&bed)?;
    assert_eq!(
        store
            .write(&[of(&all[..40]), of(&all[20..60])])
            .await?
            .readings_new,
        60
    );
    let written = store.write(&[of(&all[50..]), of(&all)]).await?;
    assert_eq!(
        (written.readings_new, written.readings_duplicate),
        (40, 110)
    );
    assert_eq!(bed.number("select count(*) from reading").await?, 100);
    Ok(())
}

#[tokio::test]
async fn dead_letters_store_any_bytes() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    let rejection = Rejection {
        reason: "payload_undecodable",
        detail: "bad \0 byte \u{1b}[31m".repeat(500),
    };
    let mut letter = message(1, Content::Rejected(rejection));
    letter.envelope.topic = vec![0xff, 0, b'x'].into();
    letter.envelope.payload = vec![0; 300_000].into();
    store(&bed)?.write(&[letter.clone(), letter]).await?;
    let kept = "select count(*) from dead_letter
        where deliveries = 2 and payload_bytes = 300000 and length(payload) = 65536
            and daemon_version = 'test'";
    assert_eq!(bed.number(kept).await?, 1);
    Ok(())
}

#[tokio::test]
async fn the_role_of_the_daemon_may_only_insert() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    let url = bed.database_url.parse()?;
    let ingest = ayaz_store::Connection::open(&url, ayaz_store::Role::Ingest).await?;
    for forbidden in [
        "select * from reading",
        "delete from reading",
        "update reading set speed_kmh = 0",
        "delete from dead_letter",
        "select payload from dead_letter",
        "update dead_letter set payload = ''",
        "select * from energy_bucket",
        "drop table reading",
        "update vehicle set model = null",
    ] {
        let error = ingest
            .client
            .batch_execute(forbidden)
            .await
            .expect_err(forbidden);
        assert_eq!(
            error.code().map(|code| code.code()),
            Some("42501"),
            "{forbidden}: {error}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_database_without_a_schema_is_an_error_that_says_what_to_do() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    bed.owner
        .client
        .batch_execute("delete from ayaz_schema_version where version > 3")
        .await?;
    match store(&bed)?.connect().await {
        Err(StoreError::Fatal(text)) => assert!(text.contains("ayaz migrate"), "{text}"),
        other => panic!("expected an error, got {other:?}"),
    }
    Ok(())
}
