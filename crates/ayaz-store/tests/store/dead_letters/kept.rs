//! What a letter keeps, and what opens none.

use anyhow::{Context, Result};
use ayaz_store::StoreError;
use ayaz_store::dead_letters::{
    DeadLetterSelection, Digest, list_letters, load_letters, load_payload,
};
use ayaz_store::ingest::{DeadLetterLimits, PAYLOAD_START_BYTES};
use ayaz_test_db::or_skip;

use super::{HOUR_MICROSECONDS, NOW, good_message, letter, refused, topic};
use crate::database::{Daemon as _, Database};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_again_are_counted_and_take_no_room() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut store = database.store(2);
    let one = letter(&topic("bus"), "one", NOW);
    store.write(&[one.clone(), one.clone()]).await?;
    let later = NOW.plus(HOUR_MICROSECONDS);
    let mut again = refused(&topic("bus"), "one", later, "vehicle_mismatch");
    let written = store
        .write(&[again.clone(), letter(&topic("bus"), "two", NOW)])
        .await?;
    assert_eq!(written.messages_suppressed, 0, "there was room for two");
    again.envelope.received_at = NOW.plus(10);
    let written = store.write(&[again]).await?;
    assert_eq!(written.messages_suppressed, 0, "known, though it is full");
    let row = database
        .owner
        .client
        .query_one(
            "select deliveries, first_received_at, last_received_at, reason
            from dead_letter where payload = 'one'",
            &[],
        )
        .await?;
    assert_eq!(row.get::<_, i64>(0), 4);
    assert_eq!(Some(row.get(1)), NOW.timestamp());
    assert_eq!(Some(row.get(2)), later.timestamp());
    assert_eq!(
        row.get::<_, String>(3),
        "vehicle_mismatch",
        "what is wrong with it now"
    );
    assert_eq!(
        database
            .number("select count(*) from dead_letter_quota")
            .await?,
        1,
        "a known letter opens no quota of its hour"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_payload_over_the_maximum_only_the_start_is_kept() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut store = database.store_with(DeadLetterLimits {
        payload_whole_max_bytes: 100_000,
        ..DeadLetterLimits::default()
    });
    let bytes = |length: usize| -> Vec<u8> { (0..length).map(|at| at as u8).collect() };
    store
        .write(&[
            letter(&topic("whole"), bytes(100_000), NOW),
            letter(&topic("cut"), bytes(100_001), NOW),
        ])
        .await?;
    let all = DeadLetterSelection::default();
    let page = list_letters(&database.owner.client, &all, 10).await?;
    assert_eq!(page.total, 2);
    for info in page.letters {
        let payload = load_payload(&database.owner.client, &info.digest).await?;
        let payload = payload.context("it is there")?;
        assert_eq!(payload.len() as i32, info.kept_bytes);
        assert_eq!(payload, bytes(payload.len()));
        let whole = &load_letters(&database.owner.client, &[info.digest]).await?[0];
        let (length, kept) = if info.topic.contains("whole") {
            (100_000, 100_000)
        } else {
            (100_001, PAYLOAD_START_BYTES as i32)
        };
        assert_eq!((info.payload_bytes, info.kept_bytes), (length, kept));
        assert_eq!(info.is_cut(), kept < length);
        assert_eq!(whole.is_as_it_arrived(), kept == length);
        assert_eq!(
            info.digest,
            Digest::of(whole.topic.as_bytes(), &bytes(length as usize))
        );
    }
    // The same large payload again is the same letter.
    let written = store
        .write(&[letter(&topic("cut"), bytes(100_001), NOW)])
        .await?;
    assert_eq!(written.messages_suppressed, 0);
    assert_eq!(
        database.number("select count(*) from dead_letter").await?,
        2
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_without_rejected_messages_does_not_look_at_dead_letters() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut store = database.store(10);
    // Whatever statement named one of them would fail.
    database
        .execute("drop table dead_letter_quota, dead_letter_suppressed, dead_letter cascade")
        .await?;
    let written = store.write(&[good_message("bus", 5)?]).await?;
    assert_eq!(written.readings_new, 5);
    let rejected = store.write(&[letter(&topic("bus"), "x", NOW)]).await;
    assert!(
        matches!(rejected, Err(StoreError::Fatal(_))),
        "{rejected:?}"
    );
    Ok(())
}
