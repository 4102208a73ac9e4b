//! Readings that may not create a chunk.

mod days;
mod decisions;
mod one_place;
mod order;
mod tidy;

use anyhow::Result;
use ayaz_model::{
    CellReading, Measurements, Reading, ReadingKey, SignalSet, TimeQuality, UnixMicroseconds,
    VehicleKey,
};
use ayaz_store::{Content, Envelope, IngestStore, Message};

use crate::database::{Daemon as _, Database};
use crate::dead_letters::{NOW, topic};

const DAY: i64 = 86_400_000_000;

/// One message of a vehicle's boot, with a reading at each of these times.
fn message(vehicle: &str, quality: TimeQuality, times: &[i64]) -> Result<Message> {
    let readings: Vec<Reading> = times
        .iter()
        .map(|at| Reading {
            key: ReadingKey {
                recorded_at: UnixMicroseconds(*at),
                boot_id: 1,
                sequence: at.unsigned_abs() / 1_000_000,
            },
            received_at: NOW,
            historical: true,
            time_quality: quality,
            invalid: SignalSet::EMPTY,
            measurements: Measurements {
                soc_percent: Some(70.0),
                route: Some("10".into()),
                ..Measurements::default()
            },
        })
        .collect();
    let content = Content::Readings(key(vehicle)?, readings.iter().collect());
    Ok(enveloped(vehicle, content))
}

/// The same for cell readings.
fn cells(vehicle: &str, quality: TimeQuality, times: &[i64]) -> Result<Message> {
    let cells = times.iter().map(|at| CellReading {
        key: ReadingKey {
            recorded_at: UnixMicroseconds(*at),
            boot_id: 1,
            sequence: at.unsigned_abs() / 1_000_000,
        },
        received_at: NOW,
        historical: true,
        time_quality: quality,
        voltages_volts: [Some(3.2)].into(),
        temperatures_celsius: [None].into(),
    });
    let content = Content::Cells(key(vehicle)?, cells.collect());
    Ok(enveloped(vehicle, content))
}

fn key(vehicle: &str) -> Result<VehicleKey> {
    Ok(VehicleKey {
        fleet: "astana".parse()?,
        vehicle: vehicle.parse()?,
    })
}

fn enveloped(vehicle: &str, content: Content) -> Message {
    Message {
        envelope: Envelope {
            topic: topic(vehicle).into(),
            payload: vec![1].into(),
            received_at: NOW,
        },
        content,
    }
}

/// This many days, the latest of them two days ago.
fn past_days(count: i64) -> Vec<i64> {
    (2..count + 2).rev().map(|age| NOW.0 - age * DAY).collect()
}

fn store(database: &Database) -> IngestStore {
    database.store(1_000)
}

async fn chunks(database: &Database, table: &str) -> Result<i64> {
    database
        .number(&format!("select count(*) from show_chunks('{table}')"))
        .await
}

/// Number of readings in each of both places. Fails if one is in both.
async fn places(database: &Database, table: &str) -> Result<(i64, i64)> {
    let count = |table: &str| format!("select count(*) from {table}");
    let both = format!(
        "select count(*) from {table}
        join {table}_set_aside using (vehicle_id, recorded_at, boot_id, sequence)"
    );
    assert_eq!(database.number(&both).await?, 0, "in both places");
    Ok((
        database.number(&count(table)).await?,
        database
            .number(&count(&format!("{table}_set_aside")))
            .await?,
    ))
}
