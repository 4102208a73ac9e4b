//! Dead letters are bounded by their bytes, and can be deleted.

use anyhow::Result;
use ayaz_store::Role;
use ayaz_store::dead_letters::{
    DeadLetterSelection, choose_letters, delete_letters, summarize_letters,
};
use ayaz_store::ingest::DeadLetterLimits;
use ayaz_test_db::or_skip;

use super::{
    HOUR_MICROSECONDS, NOW, counts, letter, letters_by_source, suppressed_by_source, topic,
};
use crate::database::{Daemon as _, Database};

/// Bytes of a letter's payload here; its topic counts too.
const PAYLOAD_BYTES: usize = 1_000;

fn large(vehicle: &str, number: u8, hour: i64) -> ayaz_store::Message {
    let received_at = NOW.plus(hour * HOUR_MICROSECONDS);
    letter(&topic(vehicle), vec![number; PAYLOAD_BYTES], received_at)
}

/// That many letters of a vehicle whose topic has 25 bytes.
fn bytes(letters: u64) -> u64 {
    letters * (PAYLOAD_BYTES + topic("bus").len()) as u64
}

/// What the triggers added up is what is there.
async fn check_sums(database: &Database) -> Result<()> {
    let wrong = "select count(*) from (
            select source, count(*), sum(octet_length(topic) + octet_length(payload))
            from dead_letter group by 1
            except
            select source, letters, bytes from dead_letter_kept
        ) as wrong";
    assert_eq!(database.number(wrong).await?, 0);
    let empty = "select count(*) from dead_letter_kept k
        where (letters <> 0 or bytes <> 0)
            and not exists (select from dead_letter d where d.source = k.source)";
    assert_eq!(database.number(empty).await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bound_on_bytes_holds_and_what_comes_over_it_is_counted() -> Result<()> {
    let unbounded = DeadLetterLimits::default();
    let of_an_hour = DeadLetterLimits {
        per_vehicle_hour_max_bytes: bytes(3),
        ..unbounded
    };
    let of_a_vehicle = DeadLetterLimits {
        per_vehicle_max_bytes: bytes(3),
        ..unbounded
    };
    let in_all = DeadLetterLimits {
        total_max_bytes: bytes(3),
        ..unbounded
    };
    let number_in_all = DeadLetterLimits {
        total_max: 3,
        ..unbounded
    };
    for (name, limits, later_hour, other_bus) in [
        ("hour", of_an_hour, 3, 3),
        ("vehicle", of_a_vehicle, 0, 3),
        ("all", in_all, 0, 0),
        ("number", number_in_all, 0, 0),
    ] {
        let database = or_skip!(Database::new());
        // Two daemons and one batch each, then one more.
        let batch = |bus: &str, from: u8, hour| -> Vec<_> {
            (from..from + 2)
                .map(|number| large(bus, number, hour))
                .collect()
        };
        let mut suppressed = 0;
        for from in [0, 2] {
            let batch = batch("bus", from, 0);
            suppressed += database
                .store_with(limits)
                .write(&batch)
                .await?
                .messages_suppressed;
        }
        assert_eq!(suppressed, 1, "{name}");
        assert_eq!(
            letters_by_source(&database).await?,
            counts([("astana/bus", 3)]),
            "{name}"
        );
        assert_eq!(
            suppressed_by_source(&database).await?,
            counts([("astana/bus", 1)]),
            "{name}"
        );
        let mut store = database.store_with(limits);
        // One that is known takes no room.
        let known = store.write(&[large("bus", 0, 0)]).await?;
        assert_eq!(known.messages_suppressed, 0, "{name}");
        let entered = async |sql: &str| database.number(sql).await;
        for from in [10, 12] {
            store.write(&batch("bus", from, 1)).await?;
            store.write(&batch("bu2", from, 0)).await?;
        }
        let later = "select count(*) from dead_letter where get_byte(payload, 0) >= 10
            and source = 'astana/bus'";
        assert_eq!(entered(later).await?, later_hour, "{name}: the next hour");
        let other = "select count(*) from dead_letter where source = 'astana/bu2'";
        assert_eq!(entered(other).await?, other_bus, "{name}: another bus");
        check_sums(&database).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_letters_make_room_and_what_was_suppressed_stays_counted() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut store = database.store_with(DeadLetterLimits {
        per_vehicle_max_bytes: bytes(4),
        ..DeadLetterLimits::default()
    });
    let batch: Vec<_> = (0..6).map(|n| large("bus", n, i64::from(n))).collect();
    assert_eq!(store.write(&batch).await?.messages_suppressed, 2);
    let operator = database.connect_as(Role::Operator).await?;
    let client = &operator.client;
    let old = DeadLetterSelection {
        vehicle: Some("bus".to_owned()),
        reason: Some("payload_undecodable".to_owned()),
        last_before: NOW.plus(2 * HOUR_MICROSECONDS).timestamp(),
        ..DeadLetterSelection::default()
    };
    let chosen = choose_letters(client, &old).await?;
    assert_eq!(chosen.len(), 2);
    // One of them arrives again before it is deleted.
    store.write(&batch[..1]).await?;
    assert_eq!(delete_letters(client, &chosen).await?, 1);
    let chosen = choose_letters(client, &old).await?;
    assert_eq!(delete_letters(client, &chosen).await?, 1);
    check_sums(&database).await?;
    let all = DeadLetterSelection::default();
    let summary = summarize_letters(&database.owner.client, &all, 10).await?;
    assert_eq!((summary.letters_total, summary.suppressed_total), (2, 2));
    // Two find room now.
    let more: Vec<_> = (10..13).map(|n| large("bus", n, 10)).collect();
    assert_eq!(store.write(&more).await?.messages_suppressed, 1);
    let summary = summarize_letters(&database.owner.client, &all, 10).await?;
    assert_eq!((summary.letters_total, summary.suppressed_total), (4, 3));
    database.execute("truncate dead_letter").await?;
    check_sums(&database).await?;
    let reader = database.connect_as(Role::Reader).await?;
    let error = delete_letters(&reader.client, &chosen).await;
    assert!(error.is_err(), "a reader must not: {error:?}");
    Ok(())
}
