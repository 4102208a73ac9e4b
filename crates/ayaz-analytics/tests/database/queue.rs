//! The order in which hours are refreshed.

use std::time::Duration;

use anyhow::Result;
use ayaz_analytics::run::run_once;
use ayaz_analytics::work::{Candidate, Worker};
use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_store::analytics::queue::{Due, next_hours};
use ayaz_store::{Connection, Role};

use crate::config;
use crate::fleet::Database;

const OPEN_HOUR_INTERVAL: Duration = Duration::from_secs(20);

/// An hour that ended long ago.
const OVER: i32 = 3;

async fn worker(database: &Database, hours_per_round_max: u32) -> Result<Worker> {
    let mut refresh = config(database).refresh;
    refresh.hours_per_round_max = hours_per_round_max;
    let candidate = Candidate::connect(&database.url).await?;
    assert!(candidate.try_become_worker().await?);
    Ok(candidate
        .into_worker(refresh, PlausibilityConfig::default())
        .await?)
}

#[tokio::test]
async fn a_round_takes_three_quarters_latest_and_the_rest_oldest_queued() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    for (vehicle, hours_ago, waits_s) in [
        (1, OVER + 9, 900),
        (2, OVER + 8, 800),
        (3, OVER + 7, 100),
        (4, OVER + 1, 0),
        (5, OVER, 0),
        // Open hours: the first has waited for the interval, the second has not.
        (6, 0, 25),
        (7, 0, 5),
    ] {
        database.queue(vehicle, hours_ago, waits_s).await?;
    }
    let connection = Connection::open(&database.url, Role::Analytics).await?;
    let due = Due {
        open_hour_interval: OPEN_HOUR_INTERVAL,
        stored_until: None,
    };
    let at_once = Due {
        open_hour_interval: Duration::ZERO,
        ..due
    };
    let taken = async |due, hours_max| -> Result<Vec<i32>> {
        let hours = next_hours(&connection.client, due, &[], hours_max).await?;
        Ok(hours.iter().map(|hour| hour.vehicle).collect())
    };
    assert_eq!(taken(due, 1).await?, [1]);
    assert_eq!(taken(due, 4).await?, [1, 4, 5, 6]);
    assert_eq!(taken(due, 100).await?, [1, 2, 3, 4, 5, 6]);
    assert_eq!(taken(at_once, 100).await?, [1, 2, 3, 4, 5, 6, 7]);
    Ok(())
}

#[tokio::test]
async fn every_vehicle_is_refreshed_however_much_arrives() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    let mut worker = worker(&database, 4).await?;
    database.queue(100, OVER + 50, 0).await?;
    database.queue(101, OVER, 0).await?;
    // Ten vehicles send between any two rounds; each round refreshes four hours.
    for _ in 0..6 {
        for vehicle in 1..=10 {
            database.queue(vehicle, OVER, 0).await?;
        }
        assert!(worker.round().await?.more);
    }
    let queued = database.queued_vehicles().await?;
    assert!(
        queued.iter().all(|vehicle| *vehicle <= 10),
        "{queued:?} have waited for six rounds"
    );
    Ok(())
}

#[tokio::test]
async fn an_open_hour_is_not_refreshed_at_each_change() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    let mut worker = worker(&database, 500).await?;
    for _ in 0..3 {
        database.touch_open_hour(1).await?;
        let round = worker.round().await?;
        assert_eq!((round.work.touches, round.work.hours), (1, 0));
        assert!(
            !round.more,
            "an hour that is not due does not ask for another round"
        );
    }
    database.queue(2, 0, 60).await?;
    assert_eq!(worker.round().await?.work.hours, 1);
    assert_eq!(database.queued_vehicles().await?, [1]);
    Ok(())
}

#[tokio::test]
async fn once_processes_what_is_stored_and_ends_while_vehicles_send() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    for vehicle in 1..=5 {
        database.touch_open_hour(vehicle).await?;
    }
    let mut config = config(&database);
    // The slowest configuration: one ledger row and one hour in a round.
    config.refresh.hours_per_round_max = 1;
    config.refresh.ledger_rows_per_round_max = 1;
    config.refresh.once_arrivals_max_s = 3;
    let sending = async {
        loop {
            for vehicle in 6..=9 {
                database.touch_open_hour(vehicle).await?;
            }
        }
    };
    let once = tokio::time::timeout(
        Duration::from_secs(30),
        run_once(config, std::future::pending()),
    );
    let work = tokio::select! {
        work = once => work??,
        failed = sending => return failed,
    };
    assert!(work.hours >= 5, "{work:?}");
    let queued = database.queued_vehicles().await?;
    assert!(queued.iter().all(|vehicle| *vehicle > 5), "{queued:?}");
    Ok(())
}

#[tokio::test]
async fn once_fails_with_the_reason_if_another_worker_stays() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    database.touch_open_hour(1).await?;
    let other = Candidate::connect(&database.url).await?;
    assert!(other.try_become_worker().await?);
    let mut config = config(&database);
    config.refresh.once_standby_max_s = 1;
    let patience = Duration::from_secs(30);
    let once = run_once(config.clone(), std::future::pending());
    let error = tokio::time::timeout(patience, once).await?;
    let message = error.expect_err("the other worker stays").to_string();
    for words in [
        "another worker has been at work",
        "standing by",
        "worker_backlog",
    ] {
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(database.queued_vehicles().await?, [] as [i32; 0]);

    drop(other);
    config.refresh.once_standby_max_s = 60;
    let once = run_once(config, std::future::pending());
    assert_eq!(tokio::time::timeout(patience, once).await??.hours, 1);
    Ok(())
}

#[tokio::test]
async fn the_worker_deletes_old_quotas_of_dead_letters() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    database.enter_quotas().await?;
    let mut worker = worker(&database, 4).await?;
    worker.round().await?;
    assert_eq!(database.quotas().await?, 1);
    Ok(())
}
