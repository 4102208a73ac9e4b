//! `ayaz readings accept` that is killed.

use std::process::Stdio;
use std::time::Duration;

use anyhow::Result;
use ayaz_model::{Measurements, Reading, ReadingKey, SignalSet, TimeQuality};
use ayaz_model::{UnixMicroseconds, VehicleKey};
use ayaz_store::{Content, Envelope, IngestStore, Message};
use ayaz_test_db::or_skip;
use rand::RngExt;
use system_tests::{Program, TestBed};
use tokio::process::Command;

use crate::fixtures::vehicle;

const DAYS: i64 = 400;
const PER_DAY: i64 = 20;
const DAY: i64 = 86_400_000_000;

const ALL: &str = "select count(*) from (
        select vehicle_id, recorded_at, boot_id, sequence from reading
        union all
        select vehicle_id, recorded_at, boot_id, sequence from reading_set_aside
    ) as stored";
const DISTINCT: &str = "select count(*) from (
        select vehicle_id, recorded_at, boot_id, sequence from reading
        union
        select vehicle_id, recorded_at, boot_id, sequence from reading_set_aside
    ) as stored";
const SET_ASIDE: &str = "select count(*) from reading_set_aside";
/// Hours with readings that are not in the ledger of dirty hours.
const NOT_DIRTY: &str = "select count(*) from (
        select vehicle_id, date_trunc('hour', recorded_at, 'UTC') from reading
        except
        select vehicle_id, date_trunc('hour', at, 'UTC')
        from dirty_hours, unnest(vehicle_ids, changed_from) as t (vehicle_id, at)
    ) as not_dirty";

fn history(bed: &TestBed) -> Message {
    let now = UnixMicroseconds::now();
    let readings: Vec<Reading> = (0..DAYS * PER_DAY)
        .map(|place| Reading {
            key: ReadingKey {
                recorded_at: now.plus(-(3 + place / PER_DAY) * DAY - place % PER_DAY * 1_000_000),
                boot_id: 1,
                sequence: place.unsigned_abs(),
            },
            received_at: now,
            historical: true,
            time_quality: TimeQuality::Good,
            invalid: SignalSet::EMPTY,
            measurements: Measurements::default(),
        })
        .collect();
    let key = VehicleKey {
        fleet: bed.fleet.clone(),
        vehicle: vehicle("bus"),
    };
    Message {
        envelope: Envelope {
            topic: "topic".into(),
            payload: "payload".into(),
            received_at: now,
        },
        content: Content::Readings(key, readings.iter().collect()),
    }
}

#[tokio::test]
async fn an_accept_that_is_killed_often_loses_and_repeats_no_reading() -> Result<()> {
    let seed: u64 = rand::rng().random_range(0..1_000_000);
    println!("seed {seed}");
    let bed = or_skip!(TestBed::new());
    let url = bed.database_url.parse()?;
    let mut store =
        IngestStore::new(url, Duration::from_secs(30), "test").with_vehicle_days_per_hour_max(1);
    let batch = [history(&bed)];
    store.write(&batch).await?;
    let all = DAYS * PER_DAY;
    let aside = bed.number(SET_ASIDE).await?;
    assert!(aside > all - 10 * PER_DAY, "{aside}");
    let mut rng = <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(seed);
    let mut left = aside;
    for kill in 0..12 {
        let mut accepting = Command::new(Program::path("ayaz")?)
            .args(["readings", "accept", "--all"])
            .envs(bed.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let moment = Duration::from_millis(rng.random_range(50..900));
        if tokio::time::timeout(moment, accepting.wait())
            .await
            .is_err()
        {
            accepting.kill().await?;
        }
        // The same readings are sent again meanwhile.
        let again = store.write(&batch).await?;
        assert_eq!(again.readings_new, 0, "after kill {kill}");
        assert_eq!(bed.number(ALL).await?, all, "after kill {kill}");
        assert_eq!(bed.number(DISTINCT).await?, all, "after kill {kill}");
        assert_eq!(bed.number(NOT_DIRTY).await?, 0, "after kill {kill}");
        left = bed.number(SET_ASIDE).await?;
        if left == 0 {
            break;
        }
    }
    if left > 0 {
        bed.ayaz(&["readings", "accept", "--all"]).await?;
    }
    assert_eq!(bed.number(SET_ASIDE).await?, 0);
    assert_eq!(bed.number("select count(*) from reading").await?, all);
    Ok(())
}
