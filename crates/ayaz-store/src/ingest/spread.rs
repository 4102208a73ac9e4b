//! Number of hypertable chunks that messages write to. A transaction holds several locks per chunk, more for
//! a new one, and all transactions of a server share one lock table. Creating chunks also takes time, and a
//! transaction has a timeout.

use std::collections::BTreeSet;

use ayaz_model::TimeQuality;

use super::rows::chunk;
use crate::error::StoreError;
use crate::message::{Content, Message};

/// Maximum number of chunks per transaction. The reason is not speed: with rows sorted by chunk, 133 chunks
/// cost no more than 33 (230,000 to 255,000 rows a second, 60 rows each).
const CHUNKS_MAX: usize = 256;

/// Fails if the messages write to more chunks than one transaction may.
pub(super) fn check(messages: &[Message]) -> Result<(), StoreError> {
    let chunks = chunks(messages);
    if chunks <= CHUNKS_MAX {
        return Ok(());
    }
    Err(StoreError::TooLarge {
        operation: "write",
        cause: format!("{chunks} chunks in one transaction, the limit is {CHUNKS_MAX}"),
    })
}

/// Upper limit of the number of chunks. `cell_reading` has its own chunks; rows with an implausible time go
/// to none.
fn chunks(messages: &[Message]) -> usize {
    let mut readings = BTreeSet::new();
    let mut cells = BTreeSet::new();
    // Neighbours are mostly in the same chunk, so this comparison is cheap.
    let (mut last_reading, mut last_cells) = (None, None);
    for message in messages {
        match &message.content {
            Content::Readings(_, rows) => {
                for key in rows.plausible_keys() {
                    let chunk = chunk(key);
                    if last_reading.replace(chunk) != Some(chunk) {
                        readings.insert(chunk);
                    }
                }
            }
            Content::Cells(_, rows) => {
                let plausible = rows
                    .iter()
                    .filter(|row| row.time_quality == TimeQuality::Good);
                for row in plausible {
                    let chunk = chunk(row.key);
                    if last_cells.replace(chunk) != Some(chunk) {
                        cells.insert(chunk);
                    }
                }
            }
            Content::Status { .. } | Content::Rejected(_) => {}
        }
    }
    readings.len() + cells.len()
}

/// Two messages with half of the rows each; `None` if the message has at most one row.
pub(super) fn halve(whole: &Message) -> Option<[Message; 2]> {
    let contents = match &whole.content {
        Content::Readings(vehicle, readings) => readings
            .halves()?
            .map(|half| Content::Readings(vehicle.clone(), half)),
        Content::Cells(vehicle, cells) => {
            let (first, second) = cells.split_at(cells.len() / 2);
            if first.is_empty() {
                return None;
            }
            [first, second].map(|half| Content::Cells(vehicle.clone(), half.to_vec()))
        }
        Content::Status { .. } | Content::Rejected(_) => return None,
    };
    Some(contents.map(|content| Message {
        envelope: whole.envelope.clone(),
        content,
    }))
}

#[cfg(test)]
mod tests {
    use ayaz_model::{
        CellReading, Measurements, Reading, ReadingKey, SignalSet, TimeQuality, UnixMicroseconds,
        VehicleKey,
    };
    use bytes::BytesMut;

    use super::*;
    use crate::message::Envelope;

    const DAY: i64 = 86_400_000_000;

    fn message(content: Content) -> Message {
        Message {
            envelope: Envelope {
                topic: "t".into(),
                payload: "p".into(),
                received_at: UnixMicroseconds(0),
            },
            content,
        }
    }

    fn vehicle() -> VehicleKey {
        VehicleKey {
            fleet: "f".parse().unwrap(),
            vehicle: "v".parse().unwrap(),
        }
    }

    fn keys(times: &[i64]) -> impl Iterator<Item = ReadingKey> {
        times.iter().enumerate().map(|(place, at)| ReadingKey {
            recorded_at: UnixMicroseconds(*at),
            boot_id: 1,
            sequence: place as u64,
        })
    }

    /// One message with a reading at each of these times.
    fn readings(times: &[i64]) -> Message {
        let readings: Vec<Reading> = keys(times)
            .map(|key| Reading {
                key,
                received_at: UnixMicroseconds(0),
                historical: true,
                time_quality: TimeQuality::Good,
                invalid: SignalSet::EMPTY,
                measurements: Measurements {
                    // Rows of different lengths.
                    route: Some("r".repeat(key.sequence as usize).as_str().into()),
                    ..Measurements::default()
                },
            })
            .collect();
        message(Content::Readings(vehicle(), readings.iter().collect()))
    }

    fn cells(times: &[i64]) -> Message {
        let cells = keys(times).map(|key| CellReading {
            key,
            received_at: UnixMicroseconds(0),
            historical: true,
            time_quality: TimeQuality::Good,
            voltages_volts: [Some(3.2)].into(),
            temperatures_celsius: [].into(),
        });
        message(Content::Cells(vehicle(), cells.collect()))
    }

    fn encoded(message: &Message) -> (Vec<ReadingKey>, BytesMut) {
        let mut bytes = BytesMut::new();
        let Content::Readings(_, rows) = &message.content else {
            panic!("no readings");
        };
        rows.check().unwrap();
        rows.rows().for_each(|row| row.put(7, &mut bytes));
        (rows.rows().map(|row| row.key).collect(), bytes)
    }

    #[test]
    fn chunks_are_counted_by_day_and_table() {
        for (messages, expected) in [
            (vec![], 0),
            (vec![readings(&[0, DAY - 1])], 1),
            (vec![readings(&[DAY - 1, DAY]), readings(&[0, DAY, 0])], 2),
            (vec![readings(&[0]), cells(&[0, 5 * DAY]), cells(&[1])], 3),
            // Days before 1970 count too.
            (vec![readings(&[-1, 0, -DAY])], 2),
        ] {
            assert_eq!(chunks(&messages), expected, "{messages:?}");
        }
        let days: Vec<i64> = (0..CHUNKS_MAX as i64).map(|day| day * DAY).collect();
        assert_eq!(check(&[readings(&days)]), Ok(()));
        let both = [readings(&days), cells(&[0])];
        assert!(check(&both).is_err_and(|error| error.is_transient()));
    }

    #[test]
    fn halves_hold_the_rows_of_the_whole_in_their_order() {
        for rows in 2..9 {
            let times: Vec<i64> = (0..rows).map(|row| row * DAY).collect();
            let whole = readings(&times);
            let [first, second] = halve(&whole).unwrap();
            assert_eq!(first.envelope, whole.envelope);
            let (mut keys, mut bytes) = encoded(&first);
            assert_eq!(keys.len() as i64, rows / 2);
            let (second_keys, second_bytes) = encoded(&second);
            keys.extend(second_keys);
            bytes.extend_from_slice(&second_bytes);
            assert_eq!((keys, bytes), encoded(&whole));

            let [first, second] = halve(&cells(&times))
                .unwrap()
                .map(|half| match half.content {
                    Content::Cells(_, cells) => cells,
                    other => panic!("{other:?}"),
                });
            let both = message(Content::Cells(vehicle(), [first, second].concat()));
            assert_eq!(both, cells(&times));
        }
        assert!(halve(&readings(&[0])).is_none() && halve(&cells(&[0])).is_none());
    }
}
