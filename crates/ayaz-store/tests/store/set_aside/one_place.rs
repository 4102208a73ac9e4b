//! A reading is in exactly one of both places, with any clocks and in any order.

use std::collections::BTreeMap;

use anyhow::Result;
use ayaz_model::TimeQuality::{Future, Good};
use ayaz_store::set_aside::{SetAsideSelection, accept};
use ayaz_store::{Role, StoreError};
use ayaz_test_db::or_skip;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{DAY, cells, chunks, message, past_days, places, store};
use crate::database::Database;
use crate::dead_letters::NOW;

const SECOND: i64 = 1_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_stays_in_its_first_place() -> Result<()> {
    let database = or_skip!(Database::new());
    let times: Vec<i64> = (0..10).map(|n| NOW.0 + n * SECOND).collect();
    let (early, late) = times.split_at(5);
    let mut store = store(&database);
    store
        .write(&[message("b1", Future, early)?, cells("b1", Future, early)?])
        .await?;
    store
        .write(&[message("b1", Good, late)?, cells("b1", Good, late)?])
        .await?;
    for quality in [Good, Future, Good] {
        let all = [
            message("b1", quality, &times)?,
            cells("b1", quality, &times)?,
        ];
        let written = store.write(&all).await?;
        assert_eq!((written.readings_new, written.readings_duplicate), (0, 20));
        for table in ["reading", "cell_reading"] {
            assert_eq!(places(&database, table).await?, (5, 5), "{quality:?}");
        }
    }
    // Both in one batch: the first one counts.
    let times: Vec<i64> = (20..30).map(|n| NOW.0 + n * SECOND).collect();
    let both = [message("b1", Future, &times)?, message("b1", Good, &times)?];
    let written = store.write(&both).await?;
    assert_eq!((written.readings_new, written.readings_duplicate), (10, 10));
    assert_eq!(places(&database, "reading").await?, (5, 15));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_was_set_aside_stays_there_in_a_later_hour() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut store = store(&database).with_vehicle_days_per_hour_max(2);
    let batch = [message("b1", Good, &past_days(5))?];
    store.write(&batch).await?;
    database
        .execute("update reading_day_quota set hour = hour - interval '1 hour'")
        .await?;
    let written = store.write(&batch).await?;
    assert_eq!((written.readings_new, written.readings_duplicate), (0, 5));
    assert_eq!(places(&database, "reading").await?, (2, 3));
    Ok(())
}

/// Daemons with different clocks receive the same readings at the same time, while an operator accepts
/// readings that are set aside.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn daemons_with_different_clocks_and_an_operator_store_each_reading_once() -> Result<()> {
    const DAEMONS: u64 = 4;
    const ROUNDS: usize = 40;
    let seed = rand::rng().random_range(0..1_000_000);
    println!("seed {seed}");
    let database = or_skip!(Database::new());
    let mut daemons = tokio::task::JoinSet::new();
    let times = |round: usize| -> Vec<i64> {
        let base = NOW.0 - DAY * (round as i64 % 3);
        (0..20)
            .map(|n| base + (round as i64 * 20 + n) * SECOND)
            .collect()
    };
    for daemon in 0..DAEMONS {
        let mut store = store(&database);
        let mut rng = ChaCha8Rng::seed_from_u64(seed + daemon);
        daemons.spawn(async move {
            for round in 0..ROUNDS {
                let mut batch = Vec::new();
                for bus in ["b1", "b2"] {
                    let mut mine = times(round);
                    mine.shuffle(&mut rng);
                    let (aside, good) = mine.split_at(rng.random_range(0..=20));
                    batch.push(message(bus, Future, aside)?);
                    batch.push(message(bus, Good, good)?);
                    batch.push(cells(bus, if rng.random() { Good } else { Future }, aside)?);
                }
                loop {
                    match store.write(&batch).await {
                        Ok(_) => break,
                        // Like the daemon, it tries the same batch again.
                        Err(error) if error.is_transient() => println!("{error}"),
                        Err(error) => return Err(error.into()),
                    }
                }
            }
            anyhow::Ok(())
        });
    }
    let mut operator = database.connect_as(Role::Operator).await?;
    let mut accepted = 0;
    while !daemons.is_empty() {
        // A third of them, so that both places have readings.
        let selection = SetAsideSelection {
            vehicle: Some("b2".to_owned()),
            ..SetAsideSelection::default()
        };
        match accept(&mut operator.client, &selection, |_| {}).await {
            Ok(now) => accepted += now.readings,
            Err(StoreError::Transient { operation, cause }) => println!("{operation}: {cause}"),
            Err(error) => return Err(error.into()),
        }
        places(&database, "reading").await?;
        while let Some(ended) = daemons.try_join_next() {
            ended??;
        }
    }
    println!("{accepted} accepted meanwhile");
    assert!(accepted > 0);
    let (stored, aside) = places(&database, "reading").await?;
    assert_eq!(stored + aside, 2 * (ROUNDS * 20) as i64);
    assert!(stored > 0 && aside > 0);
    places(&database, "cell_reading").await?;
    assert_eq!(chunks(&database, "reading").await?, 3);
    let hours = "select count(*) from (
            select distinct vehicle_id, date_trunc('hour', recorded_at, 'UTC') from reading
            except
            select vehicle_id, date_trunc('hour', at, 'UTC')
            from dirty_hours, unnest(vehicle_ids, changed_from) as t (vehicle_id, at)
        ) as untold";
    assert_eq!(database.number(hours).await?, 0, "all hours are dirty");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_daemon_and_an_operator_change_readings_that_are_set_aside() -> Result<()> {
    let database = or_skip!(Database::new());
    let reader_and_worker = [
        "do $$ begin lock table reading_place_gate in access share mode; end $$",
        "select hold_reading_places()",
        "select is_stored_twice('{}', '{}')",
        "select stored_places('reading', '{}', '{}', '{}', '{}')",
        "select * from set_aside_keys('reading', '{}', '{}')",
        "select * from take_reading_days('{}', '{}', 1000)",
        "delete from reading_set_aside",
        "insert into history_announcement (fleet, vehicle, ends_at) values ('f', 'v', now())",
        "insert into reading_day_quota (vehicle_id, hour) values (1, now())",
    ];
    let daemon = [
        "select * from reading_set_aside",
        "select * from set_aside",
        "delete from reading_set_aside",
        "update reading_set_aside set soc_percent = 0",
        "update reading_day_quota set days = '{}'",
        "insert into history_announcement (fleet, vehicle, ends_at) values ('f', 'v', now())",
    ];
    let forbidden = BTreeMap::from([
        ("reader", (Role::Reader, &reader_and_worker[..])),
        ("worker", (Role::Analytics, &reader_and_worker[..])),
        ("daemon", (Role::Ingest, &daemon[..])),
    ]);
    for (who, (role, statements)) in forbidden {
        let connection = database.connect_as(role).await?;
        for statement in statements {
            let error = connection.client.batch_execute(statement).await;
            let code = error.as_ref().err().and_then(|error| error.code());
            assert_eq!(
                code.map(|code| code.code()),
                Some("42501"),
                "{who}: {statement}: {error:?}"
            );
        }
    }
    let columns = |table: &str| {
        format!(
            "select count(*) from information_schema.columns a
            where a.table_name = '{table}' and not exists (
                select from information_schema.columns b
                where b.table_name = a.table_name || '_set_aside'
                    and b.column_name = a.column_name and b.data_type = a.data_type
                    and b.is_nullable = a.is_nullable
            )"
        )
    };
    for table in ["reading", "cell_reading"] {
        assert_eq!(
            database.number(&columns(table)).await?,
            0,
            "{table} has more columns"
        );
    }
    Ok(())
}
