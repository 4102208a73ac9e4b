//! Dead letters on a real TimescaleDB: how many are kept, and how they are seen and marked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use ayaz_local::{LocalStack, Options};
use ayaz_model::{
    Measurements, Reading, ReadingKey, SignalSet, TimeQuality, UnixMicroseconds, VehicleKey,
};
use ayaz_store::dead_letters::{
    ChosenLetter, Digest, LetterSelection, choose_letters, database_time, find_letters,
    list_letters, load_letters, load_payload, mark_replayed, summarize_letters,
};
use ayaz_store::ingest::{DeadLetterLimits, PAYLOAD_START_BYTES};
use ayaz_store::migrate::{check_schema, latest_version, migrate};
use ayaz_store::{
    Connection, Content, DatabaseUrl, Envelope, IngestStore, Message, Rejection, Role, StoreError,
    Written,
};
use tokio::sync::OnceCell;

/// 2026-01-10T06:59:50Z, ten seconds before the next hour.
const NOW: UnixMicroseconds = UnixMicroseconds(1_768_028_390_000_000);
const HOUR_MICROSECONDS: i64 = 3_600_000_000;

struct Database {
    url: DatabaseUrl,
    owner: Connection,
}

impl Database {
    /// One server for the whole binary, a database for each test.
    async fn new() -> Result<Self> {
        static SERVER: OnceCell<LocalStack> = OnceCell::const_new();
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = SERVER
            .get_or_try_init(|| async {
                let options = Options {
                    database: true,
                    broker: false,
                    ..Options::default()
                };
                LocalStack::start(options, |line| eprintln!("{line}")).await
            })
            .await?;
        let base = server.database_url();
        let owner = Connection::open(&base.parse()?, Role::Owner).await?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("dead_letters_{}_{number}", std::process::id());
        owner
            .client
            .batch_execute(&format!("create database {name}"))
            .await?;
        let (server, _) = base.rsplit_once('/').context("the URL names a database")?;
        let url: DatabaseUrl = format!("{server}/{name}").parse()?;
        migrate(&url).await?;
        let owner = Connection::open(&url, Role::Owner).await?;
        Ok(Self { url, owner })
    }

    /// A daemon's store that keeps so many letters of a vehicle and hour.
    fn store(&self, per_vehicle_hour_max: u32) -> IngestStore {
        let limits = DeadLetterLimits {
            per_vehicle_hour_max,
            ..DeadLetterLimits::default()
        };
        IngestStore::new(self.url.clone(), Duration::from_secs(30), "test")
            .with_dead_letter_limits(limits)
    }

    async fn number(&self, sql: &str) -> Result<i64> {
        let row = self.owner.client.query_one(sql, &[]).await;
        Ok(row.with_context(|| sql.to_owned())?.get(0))
    }

    async fn execute(&self, sql: &str) -> Result<()> {
        Ok(self.owner.client.batch_execute(sql).await?)
    }

    /// Letters by source.
    async fn letters(&self) -> Result<BTreeMap<String, i64>> {
        self.by_source("select source, count(*) from dead_letter group by 1")
            .await
    }

    async fn suppressed(&self) -> Result<BTreeMap<String, i64>> {
        self.by_source(
            "select source, sum(messages)::bigint from dead_letter_suppressed group by 1",
        )
        .await
    }

    async fn by_source(&self, sql: &str) -> Result<BTreeMap<String, i64>> {
        let rows = self.owner.client.query(sql, &[]).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}

fn letter(topic: &str, payload: impl Into<Vec<u8>>, received_at: UnixMicroseconds) -> Message {
    refused(topic, payload, received_at, "payload_undecodable")
}

fn refused(
    topic: &str,
    payload: impl Into<Vec<u8>>,
    received_at: UnixMicroseconds,
    reason: &'static str,
) -> Message {
    Message {
        envelope: Envelope {
            topic: topic.to_owned().into(),
            payload: payload.into().into(),
            received_at,
        },
        content: Content::Rejected(Rejection {
            reason,
            detail: format!("what was wrong on {topic}"),
        }),
    }
}

fn topic(vehicle: &str) -> String {
    format!("ayaz/v1/astana/{vehicle}/telemetry")
}

fn good_message(vehicle: &str, readings: u64) -> Result<Message> {
    let key = VehicleKey {
        fleet: "astana".parse()?,
        vehicle: vehicle.parse()?,
    };
    let readings: Vec<Reading> = (0..readings)
        .map(|sequence| Reading {
            key: ReadingKey {
                recorded_at: NOW.plus(sequence as i64 * 1_000_000),
                boot_id: 1,
                sequence,
            },
            received_at: NOW,
            historical: false,
            time_quality: TimeQuality::Good,
            invalid: SignalSet::EMPTY,
            measurements: Measurements {
                soc_percent: Some(80.0),
                ..Measurements::default()
            },
        })
        .collect();
    Ok(Message {
        envelope: Envelope {
            topic: topic(vehicle).into(),
            payload: vec![1].into(),
            received_at: NOW,
        },
        content: Content::Readings(key, readings.iter().collect()),
    })
}

fn counts<const N: usize>(counts: [(&str, i64); N]) -> BTreeMap<String, i64> {
    counts.map(|(source, n)| (source.to_owned(), n)).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn daemons_that_write_at_once_keep_to_the_limit_together() -> Result<()> {
    const DAEMONS: u32 = 4;
    const BATCHES: u32 = 12;
    const LETTERS: u32 = 25;
    let database = Database::new().await?;
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
    assert_eq!(database.letters().await?, kept);
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
    assert_eq!(database.suppressed().await?, suppressed);
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
    let database = Database::new().await?;
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
        database.letters().await?,
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
async fn the_same_bytes_again_are_counted_and_take_no_room() -> Result<()> {
    let database = Database::new().await?;
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
async fn topics_that_name_no_vehicle_share_one_quota() -> Result<()> {
    let database = Database::new().await?;
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
        database.letters().await?,
        counts([("", 3), ("astana/bus", 1)])
    );
    let summary =
        summarize_letters(&database.owner.client, &LetterSelection::default(), 10).await?;
    assert_eq!((summary.groups_total, summary.letters_total), (2, 4));
    assert_eq!(summary.suppressed_total, 7);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_refuses_keeps_to_the_limit_too() -> Result<()> {
    let database = Database::new().await?;
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
async fn of_a_payload_over_the_maximum_only_the_start_is_kept() -> Result<()> {
    let database = Database::new().await?;
    let mut store = IngestStore::new(database.url.clone(), Duration::from_secs(30), "test")
        .with_dead_letter_limits(DeadLetterLimits {
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
    let all = LetterSelection::default();
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
    let database = Database::new().await?;
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

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_found_by_what_is_known_of_them() -> Result<()> {
    let database = Database::new().await?;
    let mut store = database.store(3);
    let day = 24 * HOUR_MICROSECONDS;
    let mut messages: Vec<Message> = (0..5)
        .map(|n| letter(&topic("b1"), [n], NOW.plus(i64::from(n))))
        .collect();
    messages.push(refused(
        &topic("b1"),
        "m",
        NOW.plus(-day),
        "vehicle_mismatch",
    ));
    messages.push(refused(
        "ayaz/v1/almaty/b1/status",
        "s",
        NOW.plus(day),
        "vehicle_mismatch",
    ));
    store.write(&messages).await?;
    let reader = Connection::open(&database.url, Role::Reader).await?;
    let client = &reader.client;
    check_schema(&reader).await?;

    let all = LetterSelection::default();
    let summary = summarize_letters(client, &all, 10).await?;
    assert_eq!((summary.groups_total, summary.letters_total), (3, 5));
    assert_eq!(summary.suppressed_total, 2);
    let group = &summary.groups[1];
    assert_eq!(
        (
            group.reason.as_str(),
            group.fleet.as_deref(),
            group.vehicle.as_deref()
        ),
        ("payload_undecodable", Some("astana"), Some("b1"))
    );
    assert_eq!(
        (group.letters, group.deliveries, group.suppressed),
        (3, 3, 2)
    );
    assert_eq!(Some(group.first_received_at), NOW.timestamp());
    assert_eq!(Some(group.last_received_at), NOW.plus(4).timestamp());
    assert!(
        group
            .detail
            .as_ref()
            .is_some_and(|text| text.contains("b1"))
    );
    let first = summarize_letters(client, &all, 1).await?;
    assert_eq!((first.groups.len(), first.groups_total), (1, 3));
    assert_eq!(first.letters_total, 5);

    let select = |change: &dyn Fn(&mut LetterSelection)| {
        let mut selection = LetterSelection::default();
        change(&mut selection);
        selection
    };
    for (selection, letters, suppressed) in [
        (select(&|s| s.vehicle = Some("b1".to_owned())), 5, 2),
        (select(&|s| s.fleet = Some("almaty".to_owned())), 1, 0),
        (
            select(&|s| s.reason = Some("payload_undecodable".to_owned())),
            3,
            2,
        ),
        (select(&|s| s.reason = Some("none such".to_owned())), 0, 0),
        (select(&|s| s.from = NOW.timestamp()), 4, 2),
        (select(&|s| s.to = NOW.timestamp()), 1, 0),
        (select(&|s| s.from = NOW.plus(4).timestamp()), 1, 2),
    ] {
        let page = list_letters(client, &selection, 100).await?;
        assert_eq!(page.total, letters, "{selection:?}");
        assert_eq!(page.letters.len() as u64, letters, "{selection:?}");
        let chosen = choose_letters(client, &selection).await?;
        assert_eq!(chosen.len() as u64, letters, "{selection:?}");
        let summary = summarize_letters(client, &selection, 100).await?;
        assert_eq!(summary.letters_total, letters, "{selection:?}");
        assert_eq!(summary.suppressed_total, suppressed, "{selection:?}");
    }
    assert_eq!(list_letters(client, &all, 2).await?.letters.len(), 2);
    let chosen = choose_letters(client, &all).await?;
    assert_eq!(
        chosen.iter().map(|one| one.is_status).collect::<Vec<_>>(),
        [false, false, false, false, true],
        "in the order of arrival"
    );

    let wanted = chosen[2].digest;
    let text = wanted.to_string();
    let found = find_letters(client, &text.parse()?, 5).await?;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].digest, wanted);
    let found = find_letters(client, &text[..1].parse()?, 10).await?;
    assert!(
        found
            .iter()
            .all(|info| info.digest.to_string().starts_with(&text[..1]))
    );
    assert!(found.iter().any(|info| info.digest == wanted));
    assert_eq!(load_payload(client, &Digest::of(b"", b"")).await?, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_are_marked_by_whoever_may_and_come_back_by_count() -> Result<()> {
    let database = Database::new().await?;
    let mut store = database.store(10);
    let messages: Vec<Message> = (0..3).map(|n| letter(&topic("bus"), [n], NOW)).collect();
    store.write(&messages).await?;

    let reader = Connection::open(&database.url, Role::Reader).await?;
    let all = LetterSelection::default();
    let open = LetterSelection {
        open_only: true,
        ..LetterSelection::default()
    };
    let chosen: Vec<ChosenLetter> = choose_letters(&reader.client, &all).await?;
    let at = database_time(&reader.client).await?;
    let error = mark_replayed(&reader.client, &chosen, at).await;
    assert!(matches!(error, Err(StoreError::Fatal(_))), "{error:?}");

    let operator = Connection::open(&database.url, Role::Operator).await?;
    check_schema(&operator).await?;
    assert_eq!(choose_letters(&operator.client, &all).await?, chosen);
    mark_replayed(&operator.client, &chosen[..2], at).await?;
    // One of them is refused again.
    let again = chosen[0].digest;
    let returns = messages
        .iter()
        .find(|message| Digest::of(&message.envelope.topic, &message.envelope.payload) == again)
        .context("one of ours")?;
    store.write(std::slice::from_ref(returns)).await?;

    let letters = list_letters(&reader.client, &all, 10).await?.letters;
    for (place, came_back) in [(0, Some(true)), (1, Some(false)), (2, None)] {
        let digest = chosen[place].digest;
        let info = letters.iter().find(|info| info.digest == digest);
        let info = info.context("it is there")?;
        assert_eq!(info.came_back, came_back);
        assert_eq!(info.replayed_at.is_some(), came_back.is_some());
    }
    let summary = summarize_letters(&reader.client, &all, 10).await?;
    let group = &summary.groups[0];
    assert_eq!((group.letters, group.replayed, group.came_back), (3, 2, 1));
    let still: Vec<Digest> = choose_letters(&reader.client, &open)
        .await?
        .iter()
        .map(|one| one.digest)
        .collect();
    assert_eq!(still.len(), 2);
    assert!(!still.contains(&chosen[1].digest));

    for forbidden in [
        "update dead_letter set payload = ''",
        "update dead_letter set deliveries = 0",
        "delete from dead_letter",
        "select * from reading",
        "update dead_letter_quota set letters = 0",
    ] {
        let error = operator.client.batch_execute(forbidden).await;
        let error = error.expect_err(forbidden);
        let code = error.code().map(|code| code.code());
        assert_eq!(code, Some("42501"), "{forbidden}: {error}");
    }
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
