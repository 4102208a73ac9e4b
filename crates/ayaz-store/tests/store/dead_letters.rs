//! Dead letters: how many are kept, and how they are seen and marked.

mod bytes;
mod kept;
mod quotas;
mod seen;

use std::collections::BTreeMap;

use anyhow::Result;
use ayaz_model::{
    Measurements, Reading, ReadingKey, SignalSet, TimeQuality, UnixMicroseconds, VehicleKey,
};
use ayaz_store::{Content, Envelope, Message, Rejection};

use crate::database::{Daemon as _, Database};

/// 2026-01-10T06:59:50Z, ten seconds before the next hour.
pub(crate) const NOW: UnixMicroseconds = UnixMicroseconds(1_768_028_390_000_000);
const HOUR_MICROSECONDS: i64 = 3_600_000_000;

/// Letters by source.
async fn letters_by_source(database: &Database) -> Result<BTreeMap<String, i64>> {
    let sql = "select source, count(*) from dead_letter group by 1";
    database.by_source(sql).await
}

/// Messages over the limit, by source.
async fn suppressed_by_source(database: &Database) -> Result<BTreeMap<String, i64>> {
    let sql = "select source, sum(messages)::bigint from dead_letter_suppressed group by 1";
    database.by_source(sql).await
}

pub(crate) fn letter(
    topic: &str,
    payload: impl Into<Vec<u8>>,
    received_at: UnixMicroseconds,
) -> Message {
    refused(topic, payload, received_at, "payload_undecodable")
}

pub(crate) fn refused(
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

pub(crate) fn topic(vehicle: &str) -> String {
    format!("ayaz/v1/astana/{vehicle}/telemetry")
}

pub(crate) fn good_message(vehicle: &str, readings: u64) -> Result<Message> {
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

pub(crate) fn counts<const N: usize>(counts: [(&str, i64); N]) -> BTreeMap<String, i64> {
    counts.map(|(source, n)| (source.to_owned(), n)).into()
}
