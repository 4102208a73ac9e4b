//! Copies rows that were encoded before: the reference for the write path.

use std::ops::Range;
use std::pin::pin;

use ayaz_model::{Reading, UnixMicroseconds, VehicleNumber};
use ayaz_store::{Connection, DatabaseUrl, EncodedReadings, Role, StoreError, columns, copy};
use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use tokio_postgres::Statement;

/// Positions of the fields that differ between rows. The head of a row has a fixed width.
const VEHICLE: Range<usize> = 6..10;
const RECORDED_AT: Range<usize> = 14..22;
const SEQUENCE: Range<usize> = 38..46;
const RECEIVED_AT: Range<usize> = 50..58;

/// A row that is encoded once and copied many times with different keys.
#[derive(Debug, Clone)]
pub(crate) struct RowTemplate {
    bytes: Box<[u8]>,
}

/// Fields that differ between the copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowIdentity {
    /// The vehicle's number.
    pub(crate) vehicle: VehicleNumber,
    /// Time by the vehicle's clock.
    pub(crate) recorded_at: UnixMicroseconds,
    /// Sequence number within the template's boot.
    pub(crate) sequence: u64,
    /// Time by the daemon's clock.
    pub(crate) received_at: UnixMicroseconds,
}

impl RowTemplate {
    /// Encodes the reading's values.
    pub(crate) fn encode(reading: &Reading) -> Self {
        let mut bytes = BytesMut::new();
        let row: EncodedReadings = [reading].into_iter().collect();
        row.put_rows(0, &mut bytes);
        Self {
            bytes: Box::from(&bytes[..]),
        }
    }

    fn put(&self, out: &mut BytesMut, identity: RowIdentity) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let row = &mut out[start..];
        let RowIdentity {
            vehicle,
            recorded_at,
            sequence,
            received_at,
        } = identity;
        row[VEHICLE].copy_from_slice(&vehicle.to_be_bytes());
        for (place, number) in [
            (RECORDED_AT, copy::postgres_time(recorded_at)),
            (SEQUENCE, copy::sequence(sequence)),
            (RECEIVED_AT, copy::postgres_time(received_at)),
        ] {
            row[place].copy_from_slice(&number.to_be_bytes());
        }
    }
}

/// A connection that only copies into `reading`, as the owner.
#[derive(Debug)]
pub(crate) struct RawCopy {
    connection: Connection,
    copy: Statement,
}

impl RawCopy {
    /// Connects and prepares, with the same durability as the daemon's connection.
    pub(crate) async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let failed = |error| StoreError::from_driver("prepare a raw copy", error);
        let connection = Connection::open(url, Role::Owner).await?;
        let client = &connection.client;
        client
            .batch_execute("-- insist_on_durability\nset synchronous_commit = on")
            .await
            .map_err(failed)?;
        let sql = format!(
            "-- raw_copy\ncopy reading ({}) from stdin (format binary)",
            columns::names()
        );
        let copy = client.prepare(&sql).await.map_err(failed)?;
        Ok(Self { connection, copy })
    }

    /// Copies these rows in this order, in one transaction. Returns the number of rows.
    pub(crate) async fn transaction(
        &self,
        rows: impl Iterator<Item = (&RowTemplate, RowIdentity)>,
    ) -> Result<u64, StoreError> {
        let failed = |error| StoreError::from_driver("copy rows", error);
        let client = &self.connection.client;
        let mut sink = pin!(
            client
                .copy_in::<_, Bytes>(&self.copy)
                .await
                .map_err(failed)?
        );
        let room = || BytesMut::with_capacity(copy::CHUNK_BYTES + 4_096);
        let mut chunk = room();
        copy::put_header(&mut chunk);
        for (template, identity) in rows {
            template.put(&mut chunk, identity);
            if chunk.len() >= copy::CHUNK_BYTES {
                let full = std::mem::replace(&mut chunk, room());
                sink.send(full.freeze()).await.map_err(failed)?;
            }
        }
        copy::put_trailer(&mut chunk);
        sink.send(chunk.freeze()).await.map_err(failed)?;
        sink.finish().await.map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use ayaz_model::{Measurements, ReadingKey, SignalSet, TimeQuality};

    use super::*;

    fn reading(recorded_at: i64, sequence: u64, received_at: i64) -> Reading {
        Reading {
            key: ReadingKey {
                recorded_at: UnixMicroseconds(recorded_at),
                boot_id: 0xfedc_ba98,
                sequence,
            },
            received_at: UnixMicroseconds(received_at),
            historical: true,
            time_quality: TimeQuality::Future,
            invalid: SignalSet::EMPTY,
            measurements: Measurements {
                drive_cycle: Some(u32::MAX),
                route: Some("12".into()),
                fault_codes: Some([1, u32::MAX].into()),
                alarm_flags: Some(-1),
                ..Measurements::default()
            },
        }
    }

    #[test]
    fn a_template_gives_the_same_row_as_encoding_again() {
        for (vehicle, recorded_at, sequence, received_at) in [
            (1, 1_577_836_800_000_000, 0, 1_577_836_800_000_001),
            (i32::MAX, 0, 1 << 62, 7_258_118_400_000_000),
            (77, 946_684_800_000_000, 0x0102_0304_0506_0708, -1),
        ] {
            let mut expected = BytesMut::new();
            let encoded_again = reading(recorded_at, sequence, received_at);
            let row: EncodedReadings = [&encoded_again].into_iter().collect();
            row.put_rows(vehicle, &mut expected);
            let template = RowTemplate::encode(&reading(5, 6, 7));
            let mut written = BytesMut::from(&b"before"[..]);
            let identity = RowIdentity {
                vehicle,
                recorded_at: UnixMicroseconds(recorded_at),
                sequence,
                received_at: UnixMicroseconds(received_at),
            };
            template.put(&mut written, identity);
            assert_eq!(written[6..], expected[..]);
        }
    }
}
