//! The worker on a real TimescaleDB: whatever happens to it, the tables end with the same values.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod arrival_order;
mod clock_steps;
mod completeness;
mod exterior;
mod fleet;
#[path = "../arrival_order/histories.rs"]
mod histories;
mod open_hours;
mod parkings;
mod queue;
mod service_days;
mod wrapped_sequences;

use std::time::Duration;

use anyhow::Result;
use ayaz_analytics::config::Config;
use ayaz_analytics::run::{run, run_once};
use ayaz_analytics::work::{Candidate, Work};
use ayaz_energy::plausibility::PlausibilityConfig;
use fleet::{Database, Drive};

async fn refresh_all(database: &Database) -> Result<Work> {
    Ok(run_once(config(database), std::future::pending()).await?)
}

fn config(database: &Database) -> Config {
    let mut config = Config::with_database(database.url.clone());
    config.refresh.poll_interval_ms = 50;
    config.admin.enabled = false;
    config
}

const NUMBERED: Drive = Drive {
    drive_cycles: true,
    hours: 5,
    step_milliseconds: 2_000,
};
const UNNUMBERED: Drive = Drive {
    drive_cycles: false,
    hours: 5,
    step_milliseconds: 5_000,
};

#[tokio::test]
async fn sums_agree_with_plain_sql_and_a_second_run_finds_nothing() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    database.arrive(1, NUMBERED, 1, 0).await?;
    // Plain SQL flags nothing.
    let believing = Config {
        plausibility: PlausibilityConfig::off(),
        ..config(&database)
    };
    let work = run_once(believing.clone(), std::future::pending()).await?;
    assert_eq!((work.hours, work.readings), (5, 9000));
    let (net_kwh, km, seconds) = database.plain_sums(1).await?;
    let (found_net_kwh, found_km, found_seconds) = database.bucket_sums(1).await?;
    for (found, expected) in [
        (found_net_kwh, net_kwh),
        (found_km, km),
        (found_seconds, seconds),
    ] {
        assert!(
            (found - expected).abs() < 1e-7 * expected.abs(),
            "{found}, not {expected}"
        );
    }
    assert_eq!(refresh_all(&database).await?, Work::default());
    database.queue_everything().await?;
    let before = database.rows(1).await?;
    let again = run_once(believing, std::future::pending()).await?;
    assert_eq!(again.hours, 5);
    assert_eq!(database.rows(1).await?, before, "refreshed again");
    Ok(())
}

#[tokio::test]
async fn late_data_ends_in_the_same_rows_as_data_in_order() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    for (vehicle, drive) in [(1, NUMBERED), (11, UNNUMBERED)] {
        database.arrive(vehicle, drive, 1, 0).await?;
        refresh_all(&database).await?;
        // Every third reading, then the hours of the others one by one, the last hour first.
        database.arrive(vehicle + 1, drive, 3, 0).await?;
        refresh_all(&database).await?;
        for part in [2, 1] {
            for hour in (0..drive.hours).rev() {
                database
                    .arrive_hour(vehicle + 1, drive, 3, part, hour)
                    .await?;
                refresh_all(&database).await?;
            }
        }
        let expected = database.rows(vehicle).await?;
        assert!(expected.len() > 10, "{expected:#?}");
        assert_eq!(database.rows(vehicle + 1).await?, expected);
    }
    assert!(
        database.trips_in_several_hours(11).await? > 0,
        "the drive has trips over an hour's end"
    );
    Ok(())
}

#[tokio::test]
async fn a_reading_in_the_first_minute_of_an_hour_corrects_the_hour_before_and_no_other()
-> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    database.arrive_hour(1, NUMBERED, 1, 0, 0).await?;
    refresh_all(&database).await?;
    let short = database.bucket_sums(1).await?.2;
    database.arrive_hour(1, NUMBERED, 1, 0, 1).await?;
    assert_eq!(
        refresh_all(&database).await?.hours,
        2,
        "the new hour and the one before"
    );
    let long = database.bucket_sums(1).await?.2;
    // The interval over the hour's end counts; the one over the end of a drive cycle never does.
    assert!(
        (long - short - 3598.0).abs() < 1e-6,
        "{short} s, then {long} s"
    );
    database.arrive_hour(1, NUMBERED, 1, 0, 3).await?;
    assert_eq!(
        refresh_all(&database).await?.hours,
        1,
        "no neighbour has readings"
    );
    Ok(())
}

#[tokio::test]
async fn a_killed_worker_leaves_complete_hours() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    database.arrive(1, UNNUMBERED, 1, 0).await?;
    refresh_all(&database).await?;
    let expected = database.rows(1).await?;
    for vehicle in 2..8 {
        database.arrive(vehicle, UNNUMBERED, 1, 0).await?;
    }
    let mut killed = 0;
    for milliseconds in (5..60).step_by(3) {
        let mut config = config(&database);
        config.refresh.hours_per_transaction_max = 1;
        let work = run_once(config, std::future::pending());
        killed += usize::from(
            tokio::time::timeout(Duration::from_millis(milliseconds), work)
                .await
                .is_err(),
        );
        assert_eq!(database.hours_without_buckets().await?, 0);
    }
    assert!(killed > 0, "no worker was killed");
    refresh_all(&database).await?;
    for vehicle in 2..8 {
        assert_eq!(database.rows(vehicle).await?, expected, "vehicle {vehicle}");
    }
    Ok(())
}

#[tokio::test]
async fn a_worker_that_waited_during_a_schema_change_does_not_start() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    let candidate = Candidate::connect(&database.url).await?;
    let newer = "insert into ayaz_schema_version (version, name) values (9999, 'newer')";
    database.execute(newer).await?;
    assert!(candidate.try_become_worker().await?);
    let started = candidate
        .into_worker(config(&database).refresh, PlausibilityConfig::default())
        .await;
    let error = started.expect_err("the schema has changed").to_string();
    assert!(error.contains("use a newer ayaz"), "{error}");
    Ok(())
}

#[tokio::test]
async fn the_second_worker_waits_and_takes_over() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    let first = tokio::spawn(run(config(&database), std::future::pending()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let second = tokio::spawn(run(config(&database), async {
        let _ = stopped.await;
    }));
    database.arrive(1, NUMBERED, 1, 0).await?;
    database.until_nothing_is_pending().await?;
    // One works, one waits.
    database.until_workers_are_connected(2).await?;
    first.abort();
    database.arrive(2, NUMBERED, 1, 0).await?;
    database.until_nothing_is_pending().await?;
    assert_eq!(database.rows(1).await?, database.rows(2).await?);
    // The database closes the connection, as in a restart.
    database.terminate_workers().await?;
    database.arrive(3, NUMBERED, 1, 0).await?;
    database.until_nothing_is_pending().await?;
    assert_eq!(database.rows(1).await?, database.rows(3).await?);
    let _ = stop.send(());
    let work = second.await??;
    assert!((5..=15).contains(&work.hours), "{work:?}");
    Ok(())
}

#[tokio::test]
async fn readings_with_an_implausible_time_do_not_count() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    database.arrive(1, NUMBERED, 1, 0).await?;
    database.flag(1).await?;
    assert_eq!(
        refresh_all(&database).await?,
        Work {
            touches: 1,
            hours: 5,
            ..Work::default()
        }
    );
    assert!(database.rows(1).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_missing_schema_is_an_error_that_names_the_remedy() -> Result<()> {
    let Some(database) = Database::create_empty().await? else {
        return Ok(());
    };
    let error = refresh_all(&database).await.unwrap_err().to_string();
    assert!(error.contains("ayaz migrate"), "{error}");
    Ok(())
}
