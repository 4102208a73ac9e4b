//! Registration of the demo's fleet, with a real TimescaleDB.

use std::time::Duration;

use anyhow::Result;
use ayaz_cli::demo::fleet::SimulatedFleet;
use ayaz_model::{
    Measurements, Reading, ReadingKey, SignalSet, TimeQuality, UnixMicroseconds, VehicleKey,
};
use ayaz_store::ingest::VEHICLE_DAYS_PER_HOUR_MAX;
use ayaz_store::{Connection, Content, Envelope, IngestStore, Message, Role};
use ayaz_test_db::{TestDatabase, or_skip};

const DAY_MICROSECONDS: i64 = 86_400_000_000;

/// One reading for each of the last days.
fn message(key: VehicleKey, days: i64) -> Message {
    let now = UnixMicroseconds::now();
    let readings: Vec<Reading> = (1..=days)
        .map(|age| Reading {
            key: ReadingKey {
                recorded_at: now.plus(-age * DAY_MICROSECONDS),
                boot_id: 1,
                sequence: age.unsigned_abs(),
            },
            received_at: now,
            historical: true,
            time_quality: TimeQuality::Good,
            invalid: SignalSet::EMPTY,
            measurements: Measurements::default(),
        })
        .collect();
    Message {
        envelope: Envelope {
            topic: "topic".into(),
            payload: "payload".into(),
            received_at: now,
        },
        content: Content::Readings(key, readings.iter().collect()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn registered_buses_may_send_more_days_than_others() -> Result<()> {
    const BUSES: usize = 2;
    let days = VEHICLE_DAYS_PER_HOUR_MAX + 10;
    let database = or_skip!(TestDatabase::migrated());
    let url = database.url();
    let mut owner = Connection::open(url, Role::Owner).await?;
    SimulatedFleet::winter(1, BUSES, days)
        .register(&mut owner.client)
        .await?;

    let registered = "select fleet, vehicle from vehicle order by vehicle_id";
    let mut batch = Vec::new();
    for row in owner.client.query(registered, &[]).await? {
        let key = VehicleKey {
            fleet: row.get::<_, String>(0).parse()?,
            vehicle: row.get::<_, String>(1).parse()?,
        };
        batch.push(message(key, days.into()));
    }
    assert_eq!(batch.len(), BUSES);
    let mut store = IngestStore::new(url.clone(), Duration::from_secs(30), "test");
    let written = store.write(&batch).await?;
    assert_eq!(written.readings_new, BUSES as u64 * u64::from(days));
    assert_eq!(
        written.readings_set_aside.sum(),
        0,
        "the history was announced"
    );

    let other = VehicleKey {
        fleet: "astana".parse()?,
        vehicle: "not-registered".parse()?,
    };
    let written = store.write(&[message(other, days.into())]).await?;
    assert!(
        written.readings_set_aside.many_days > 0,
        "the limit applies"
    );
    Ok(())
}
