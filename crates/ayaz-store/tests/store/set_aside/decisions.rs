//! Decisions of an operator about readings that are set aside.

use anyhow::Result;
use ayaz_model::TimeQuality;
use ayaz_store::Role;
use ayaz_store::set_aside::{
    Accepted, SetAsideSelection, SetAsideTotal, TimeRule, accept, clear, set_aside_groups,
    set_aside_total,
};
use ayaz_test_db::or_skip;

use super::{DAY, cells, message, past_days, places, store};
use crate::database::Database;
use crate::dead_letters::NOW;

fn of(vehicle: &str) -> SetAsideSelection {
    SetAsideSelection {
        vehicle: Some(vehicle.to_owned()),
        ..SetAsideSelection::default()
    }
}

const PENDING: &str = "select count(*) from (
        select distinct vehicle_id, date_trunc('hour', at, 'UTC')
        from dirty_hours, unnest(vehicle_ids, changed_from) as t (vehicle_id, at)
    ) as hours";

#[tokio::test(flavor = "multi_thread")]
async fn accepted_days_become_readings_with_dirty_hours() -> Result<()> {
    let database = or_skip!(Database::new());
    let days = past_days(200);
    let good = TimeQuality::Good;
    let batch = [
        message("b1", good, &days)?,
        message("b2", good, &days)?,
        cells("b1", good, &days)?,
    ];
    store(&database).write(&batch).await?;
    assert_eq!(database.number(PENDING).await?, 120);
    let mut operator = database.connect_as(Role::Operator).await?;
    let client = &mut operator.client;
    let total = set_aside_total(client, &of("b1")).await?;
    let expected = SetAsideTotal {
        readings: 280,
        days: 140,
        still_future: 0,
    };
    assert_eq!(total, expected);
    let mut progress = Vec::new();
    let accepted = accept(client, &of("b1"), |checkpoint| {
        progress.push(checkpoint.days)
    })
    .await?;
    let expected = Accepted {
        readings: 280,
        days: 140,
    };
    assert_eq!((accepted, progress), (expected, vec![64, 128, 140]));
    assert_eq!(places(&database, "reading").await?, (200 + 60, 140));
    assert_eq!(places(&database, "cell_reading").await?, (200, 0));
    assert_eq!(database.number(PENDING).await?, 120 + 140);

    // Redelivered readings are duplicates, and nothing is left to accept.
    let again = store(&database).write(&batch).await?;
    assert_eq!((again.readings_new, again.readings_duplicate), (0, 600));
    assert_eq!(
        accept(client, &of("b1"), |_| {}).await?,
        Accepted::default()
    );
    let groups = set_aside_groups(client, &SetAsideSelection::default()).await?;
    assert_eq!(groups.len(), 1);
    assert_eq!(
        (
            groups[0].vehicle.as_str(),
            groups[0].readings,
            groups[0].days
        ),
        ("b2", 140, 140)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_accept_moves_nothing_and_can_be_repeated() -> Result<()> {
    let database = or_skip!(Database::new());
    store(&database)
        .write(&[message("b1", TimeQuality::Good, &past_days(100))?])
        .await?;
    let mut operator = database.connect_as(Role::Operator).await?;
    let whole = places(&database, "reading").await?;
    assert_eq!(whole, (60, 40));
    // The latest day, so that the other days are inserted before it fails.
    let latest = "select to_char(max(recorded_at), 'YYYY-MM-DD') from reading_set_aside";
    let latest: String = database.owner.client.query_one(latest, &[]).await?.get(0);
    database
        .execute(&format!(
            "alter table reading add constraint odd
            check (recorded_at < '{latest}' or recorded_at >= date '{latest}' + 1)"
        ))
        .await?;
    let error = accept(&mut operator.client, &of("b1"), |_| {}).await;
    assert!(error.is_err(), "{error:?}");
    assert_eq!(places(&database, "reading").await?, whole);
    assert_eq!(database.number(PENDING).await?, 60);
    database
        .execute("alter table reading drop constraint odd")
        .await?;
    assert_eq!(
        accept(&mut operator.client, &of("b1"), |_| {})
            .await?
            .readings,
        40
    );
    assert_eq!(places(&database, "reading").await?, (100, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_clock_makes_readings_acceptable() -> Result<()> {
    const MINUTE: i64 = 60_000_000;
    let database = or_skip!(Database::new());
    let hour: Vec<i64> = (0..60).map(|n| NOW.0 + (n + 6) * MINUTE).collect();
    let batch = [
        message("b1", TimeQuality::Future, &hour)?,
        message("b1", TimeQuality::Future, &[NOW.0 + 2 * DAY])?,
        message("b1", TimeQuality::Ancient, &[0])?,
        message("b1", TimeQuality::Good, &past_days(61))?,
    ];
    store(&database).write(&batch).await?;
    let mut operator = database.connect_as(Role::Operator).await?;
    let clock_behind = |clock_behind_s: f64| SetAsideSelection {
        plausible_by: Some(TimeRule {
            clock_behind_s,
            future_tolerance_s: 300,
            recorded_at_min: "2015-01-01T00:00:00Z".parse().unwrap(),
        }),
        ..SetAsideSelection::default()
    };
    for (behind, readings) in [(0.0, 0), (-3_600.0, 0), (1_800.0, 30), (3_600.0, 60)] {
        let total = set_aside_total(&operator.client, &clock_behind(behind)).await?;
        assert_eq!(total.readings, readings, "{behind} s behind");
    }
    let other_time = SetAsideSelection {
        to: Some(NOW.timestamp().unwrap_or_default()),
        ..clock_behind(3_600.0)
    };
    assert_eq!(
        set_aside_total(&operator.client, &other_time)
            .await?
            .readings,
        0
    );
    accept(&mut operator.client, &clock_behind(3_600.0), |_| {}).await?;
    assert_eq!(places(&database, "reading").await?, (60 + 60, 3));
    let good = "select count(*) from reading where time_quality <> 0";
    assert_eq!(database.number(good).await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn future_readings_stay_and_cleared_readings_are_deleted() -> Result<()> {
    let database = or_skip!(Database::new());
    let in_a_year = jiff::Timestamp::now().as_microsecond() + 365 * DAY;
    let batch = [
        message("b1", TimeQuality::Future, &[in_a_year])?,
        cells("b1", TimeQuality::Future, &[in_a_year])?,
        message("b2", TimeQuality::Ancient, &[0, DAY])?,
    ];
    store(&database).write(&batch).await?;
    let mut operator = database.connect_as(Role::Operator).await?;
    let total = set_aside_total(&operator.client, &of("b1")).await?;
    assert_eq!((total.readings, total.still_future, total.days), (2, 2, 0));
    let accepted = accept(&mut operator.client, &of("b1"), |_| {}).await?;
    assert_eq!(accepted.readings, 0);
    assert_eq!(clear(&operator.client, &of("b1")).await?, 2);
    assert_eq!(places(&database, "reading").await?, (0, 2));
    assert_eq!(places(&database, "cell_reading").await?, (0, 0));
    // A redelivered reading is set aside again.
    let written = store(&database).write(&batch[..1]).await?;
    assert_eq!(written.readings_new, 1);
    Ok(())
}
