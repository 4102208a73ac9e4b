//! A source's limit in an hour, and what comes over it.

use anyhow::Result;
use ayaz_store::analytics::upkeep::forget_quotas;
use ayaz_store::dead_letters::{DeadLetterSelection, summarize_letters};
use ayaz_store::{Message, Role, Written};
use ayaz_test_db::or_skip;

use super::{NOW, counts, good_message, letter, letters_by_source, suppressed_by_source, topic};
use crate::database::{Daemon as _, Database};

#[tokio::test(flavor = "multi_thread")]
async fn daemons_that_write_at_once_keep_to_the_limit_together() -> Result<()> {
    const DAEMONS: u32 = 4;
    const BATCHES: u32 = 12;
    const LETTERS: u32 = 25;
    let database = or_skip!(Database::new());
    let mut daemons = tokio::task::JoinSet::new();
    for daemon in 0..DAEMONS {
        let mut store = database.store(100);
        daemons.spawn(async move {
            let mut suppressed = 0;
            for batch in 0..BATCHES {
                let mut messages = Vec::new();
                for number in 0..LETTERS {
                    let payload = format!("{daemon} {batch} {number}");
                    messages.push(letter(&topic("flood"), payload.clone(), NOW));
                    messages.push(letter(&topic("flood2"), payload, NOW));
                }
                // The same bytes from all daemons, and quotas in another order than they arrive.
                messages.push(letter(&topic("flood"), "all the same", NOW));
                messages.push(letter(&topic("quiet"), [batch as u8], NOW));
                messages.push(good_message("quiet", 3)?);
                if daemon % 2 == 0 {
                    messages.reverse();
                }
                suppressed += store.write(&messages).await?.messages_suppressed;
            }
            Ok::<_, anyhow::Error>(suppressed)
        });
    }
    let mut told = 0;
    while let Some(daemon) = daemons.join_next().await {
        told += daemon??;
    }

    let flood = i64::from(DAEMONS * BATCHES * LETTERS);
    let kept = counts([
        ("astana/flood", 100),
        ("astana/flood2", 100),
        ("astana/quiet", i64::from(BATCHES)),
    ]);
    assert_eq!(letters_by_source(&database).await?, kept);
    let quotas = database
        .by_source("select source, letters::bigint from dead_letter_quota")
        .await?;
    assert_eq!(quotas, kept, "the quotas count what is there");
    // "all the same" is new once, in a batch that still had room.
    let same = "select count(*) from dead_letter where payload = 'all the same'";
    let same = database.number(same).await?;
    assert_eq!(same, 1);
    let suppressed = counts([
        ("astana/flood", flood + same - 100),
        ("astana/flood2", flood - 100),
    ]);
    assert_eq!(suppressed_by_source(&database).await?, suppressed);
    assert_eq!(told as i64, suppressed.values().sum::<i64>());
    assert_eq!(database.number("select count(*) from reading").await?, 3);
    let deliveries = "select sum(deliveries)::bigint from dead_letter
        where source = 'astana/quiet'";
    assert_eq!(
        database.number(deliveries).await?,
        i64::from(DAEMONS * BATCHES),
        "another vehicle's letters are neither lost nor suppressed"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_gives_no_room_and_the_next_hour_does() -> Result<()> {
    let database = or_skip!(Database::new());
    let batch = |from: u8, count: u8, received_at| -> Vec<Message> {
        let one = |n| letter(&topic("bus"), [n], received_at);
        (from..from + count).map(one).collect()
    };
    let written = database.store(5).write(&batch(0, 4, NOW)).await?;
    assert_eq!((written.messages_suppressed, written.transactions), (0, 1));
    let written = database.store(5).write(&batch(10, 4, NOW)).await?;
    assert_eq!(written.messages_suppressed, 3);
    let first = "select count(*) from dead_letter where payload = '\\x0a'";
    assert_eq!(
        database.number(first).await?,
        1,
        "the room that is left goes to what came first"
    );

    // A batch on both sides of the full hour: the old hour stays full.
    let later = NOW.plus(20_000_000);
    let mixed = [batch(20, 2, NOW), batch(30, 7, later)].concat();
    let written = database.store(5).write(&mixed).await?;
    assert_eq!(written.messages_suppressed, 2 + 2);
    assert_eq!(
        letters_by_source(&database).await?,
        counts([("astana/bus", 10)]),
        "five of each hour"
    );
    let hours =
        "select string_agg(extract(hour from hour at time zone 'UTC') || ':' || letters, ' '
        order by hour) from dead_letter_quota";
    let hours: String = database.owner.client.query_one(hours, &[]).await?.get(0);
    assert_eq!(hours, "6:5 7:5");

    let suppressed = "select reason, messages, first_received_at, last_received_at
        from dead_letter_suppressed order by hour";
    let rows = database.owner.client.query(suppressed, &[]).await?;
    let instants = |row: &tokio_postgres::Row| (row.get(2), row.get(3));
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].get::<_, String>(0), "payload_undecodable");
    assert_eq!(rows[0].get::<_, i64>(1), 5);
    assert_eq!(Some(instants(&rows[0])), NOW.timestamp().map(|at| (at, at)));
    assert_eq!(
        Some(instants(&rows[1])),
        later.timestamp().map(|at| (at, at))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_name_no_vehicle_share_one_quota() -> Result<()> {
    let database = or_skip!(Database::new());
    let topics = [
        "",
        "x",
        "ayaz/v1/astana",
        "ayaz/v1/astana/bus",
        "ayaz/v1//bus/telemetry",
        "ayaz/v1/ast ana/bus/telemetry",
        "ayaz/v2/astana/bus/telemetry",
        "\0\u{fffd}",
        &format!("ayaz/v1/astana/{}/telemetry", "b".repeat(65)),
        // Larger than a key of an index may be.
        &format!("ayaz/v1/{}/bus/telemetry", "f".repeat(60_000)),
    ];
    let mut messages: Vec<Message> = topics.map(|topic| letter(topic, "x", NOW)).into();
    // The vehicle is named even where the kind is none.
    messages.push(letter("ayaz/v1/astana/bus/odd/kind", "x", NOW));
    let written = database.store(3).write(&messages).await?;
    assert_eq!(written.messages_suppressed, topics.len() as u64 - 3);
    assert_eq!(
        letters_by_source(&database).await?,
        counts([("", 3), ("astana/bus", 1)])
    );
    let summary =
        summarize_letters(&database.owner.client, &DeadLetterSelection::default(), 10).await?;
    assert_eq!((summary.groups_total, summary.letters_total), (2, 4));
    assert_eq!(summary.suppressed_total, 7);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_refuses_keeps_to_the_limit_too() -> Result<()> {
    let database = or_skip!(Database::new());
    database
        .execute("alter table reading add constraint odd check (sequence < 2)")
        .await?;
    let messages = [
        good_message("bus", 2)?,
        good_message("bus", 3)?,
        good_message("bus", 4)?,
    ];
    let mut messages = Vec::from(messages);
    for (number, message) in messages.iter_mut().enumerate() {
        message.envelope.payload = vec![number as u8].into();
    }
    let Written {
        messages_refused,
        messages_suppressed,
        ..
    } = database.store(1).write(&messages).await?;
    assert_eq!((messages_refused, messages_suppressed), (2, 1));
    assert_eq!(
        database.number("select count(*) from dead_letter").await?,
        1
    );
    assert_eq!(database.number("select count(*) from reading").await?, 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_are_forgotten_after_a_week_by_the_worker_only() -> Result<()> {
    let database = or_skip!(Database::new());
    database
        .execute(
            "insert into dead_letter_quota
            select 'astana/bus', date_trunc('hour', now(), 'UTC') - age, 1
            from unnest(array['0', '7 days', '8 days', '400 days']::interval[]) as age",
        )
        .await?;
    let ingest = database.connect_as(Role::Ingest).await?;
    let error = forget_quotas(&ingest.client).await;
    assert!(error.is_err(), "ingest may not: {error:?}");
    let worker = database.connect_as(Role::Analytics).await?;
    assert_eq!(forget_quotas(&worker.client).await?, 2);
    assert_eq!(forget_quotas(&worker.client).await?, 0);
    let left = "select count(*) from dead_letter_quota";
    assert_eq!(database.number(left).await?, 2);
    Ok(())
}
