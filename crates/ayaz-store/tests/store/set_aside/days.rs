//! Days over a vehicle's limit, and implausible times, create no chunks.

use anyhow::Result;
use ayaz_model::TimeQuality;
use ayaz_store::Role;
use ayaz_store::analytics::upkeep::forget_days;
use ayaz_store::ingest::SetAside;
use ayaz_store::set_aside::announce_history;
use ayaz_test_db::or_skip;
use jiff::SignedDuration;

use super::{DAY, cells, chunks, key, message, past_days, places, store};
use crate::database::Database;
use crate::dead_letters::NOW;

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_days_create_few_chunks_and_are_stored_once() -> Result<()> {
    const DAYS: usize = 2_000;
    let database = or_skip!(Database::new());
    let days = past_days(DAYS as i64);
    let messages = days
        .chunks(500)
        .map(|part| message("b1", TimeQuality::Good, part))
        .collect::<Result<Vec<_>>>()?;
    let (first, second) = messages.split_at(2);
    // Two daemons, and one that restarts.
    let mut written = store(&database).write(first).await?;
    let later = store(&database).write(second).await?;
    assert_eq!(written.readings_new + later.readings_new, DAYS as u64);
    let many_days = DAYS as u64 - 60;
    assert_eq!(
        written.readings_set_aside.many_days + later.readings_set_aside.many_days,
        many_days
    );
    assert_eq!(chunks(&database, "reading").await?, 60);
    assert_eq!(places(&database, "reading").await?, (60, many_days as i64));
    let reasons = "select count(*) from set_aside where fleet = 'astana' and vehicle = 'b1'
        and reason = 'many_days' and historical and kind = 'reading'";
    assert_eq!(database.number(reasons).await?, many_days as i64);
    let marked = "select count(*) from reading_set_aside
        where time_quality = 0 and soc_percent = 70 and route = '10'";
    assert_eq!(database.number(marked).await?, many_days as i64, "whole");

    // The same readings again, in other batches.
    let mut again = store(&database);
    for one in &messages {
        written = again.write(std::slice::from_ref(one)).await?;
        assert_eq!((written.readings_new, written.readings_duplicate), (0, 500));
    }
    assert_eq!(places(&database, "reading").await?, (60, many_days as i64));

    // Each vehicle has its own limit, and days around today do not count.
    let around = [-DAY, 0, DAY].map(|shift| NOW.0 + shift);
    let around = message("b1", TimeQuality::Good, &around)?;
    let other = message("b2", TimeQuality::Good, &days[DAYS - 60..])?;
    let written = store(&database).write(&[around, other]).await?;
    assert_eq!(written.readings_set_aside, SetAside::default());
    assert_eq!(places(&database, "reading").await?.0, 60 + 3 + 60);
    let touched = "select count(*) from (
            select distinct vehicle_id, at from dirty_hours, unnest(vehicle_ids, changed_from)
                as touched (vehicle_id, at)
        ) as touched";
    assert_eq!(database.number(touched).await?, 60 + 3 + 60);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_days_count_first_and_cells_share_days_with_readings() -> Result<()> {
    let database = or_skip!(Database::new());
    let days = past_days(5);
    let mut store = store(&database).with_vehicle_days_per_hour_max(3);
    let batch = [
        message("b1", TimeQuality::Good, &days)?,
        cells("b1", TimeQuality::Good, &days)?,
    ];
    let written = store.write(&batch).await?;
    assert_eq!(
        (written.readings_new, written.readings_set_aside.many_days),
        (10, 4)
    );
    for table in ["reading", "cell_reading"] {
        assert_eq!(chunks(&database, table).await?, 3);
        assert_eq!(places(&database, table).await?, (3, 2));
        let earliest = format!(
            "select count(*) from {table}_set_aside
            where recorded_at < (select min(recorded_at) from {table})"
        );
        assert_eq!(database.number(&earliest).await?, 2);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn implausible_times_create_no_chunk() -> Result<()> {
    let database = or_skip!(Database::new());
    let future: Vec<i64> = (1..=1_000).map(|day| NOW.0 + day * DAY).collect();
    let ancient: Vec<i64> = (0..1_000).map(|day| day * DAY).collect();
    let batch = [
        message("b1", TimeQuality::Future, &future)?,
        message("b1", TimeQuality::Ancient, &ancient)?,
        message("b1", TimeQuality::Good, &[NOW.0])?,
        cells("b1", TimeQuality::Future, &future)?,
    ];
    for pass in 0..2 {
        let written = store(&database).write(&batch).await?;
        assert_eq!(written.transactions, 1, "no chunk, so one transaction");
        let expected = if pass == 0 { 3_001 } else { 0 };
        assert_eq!(written.readings_new, expected);
        assert_eq!(written.readings_duplicate, 3_001 - expected);
        if pass == 0 {
            let aside = written.readings_set_aside;
            assert_eq!((aside.future, aside.ancient), (2_000, 1_000));
        }
    }
    assert_eq!(chunks(&database, "reading").await?, 1);
    assert_eq!(chunks(&database, "cell_reading").await?, 0);
    assert_eq!(places(&database, "reading").await?, (1, 2_000));
    let days = "select days from reading_day_quota";
    assert!(database.owner.client.query(days, &[]).await?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn announced_history_is_stored_and_only_an_operator_announces_it() -> Result<()> {
    let database = or_skip!(Database::new());
    let ingest = database.connect_as(Role::Ingest).await?;
    let hour = SignedDuration::from_hours(1);
    let error = announce_history(&ingest.client, &key("b1")?, hour).await;
    assert!(error.is_err(), "a daemon has no right: {error:?}");
    let operator = database.connect_as(Role::Operator).await?;
    announce_history(&operator.client, &key("b1")?, hour).await?;
    announce_history(&operator.client, &key("b1")?, SignedDuration::ZERO).await?;
    let days = past_days(120);
    let batch = ["b1", "b2"].map(|bus| message(bus, TimeQuality::Good, &days));
    let [announced, not] = batch;
    let written = store(&database).write(&[announced?, not?]).await?;
    assert_eq!(written.readings_set_aside.many_days, 60);
    assert_eq!(places(&database, "reading").await?, (120 + 60, 60));
    database
        .execute("update history_announcement set ends_at = now() - interval '1 second'")
        .await?;
    let older: Vec<i64> = past_days(240)[..120].to_vec();
    let written = store(&database)
        .write(&[message("b1", TimeQuality::Good, &older)?])
        .await?;
    assert_eq!(
        written.readings_set_aside.many_days, 60,
        "the announcement has ended"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_worker_deletes_counted_days_after_a_week() -> Result<()> {
    let database = or_skip!(Database::new());
    database
        .execute(
            "insert into reading_day_quota (vehicle_id, hour)
            select 1, date_trunc('hour', now(), 'UTC') - age
            from unnest(array['0', '7 days', '8 days', '400 days']::interval[]) as age",
        )
        .await?;
    let ingest = database.connect_as(Role::Ingest).await?;
    let error = forget_days(&ingest.client).await;
    assert!(error.is_err(), "ingest has no right: {error:?}");
    let worker = database.connect_as(Role::Analytics).await?;
    assert_eq!(forget_days(&worker.client).await?, 2);
    let left = "select count(*) from reading_day_quota";
    assert_eq!(database.number(left).await?, 2);
    Ok(())
}
