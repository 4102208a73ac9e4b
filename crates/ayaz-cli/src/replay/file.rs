//! Groups the rows of a file into messages.

use std::collections::BTreeMap;

use ayaz_model::{ReadingKey, TopicKind, UnixMicroseconds};
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1 as wire;
use ayaz_publisher::encode::{self, BatchBase};
use bytes::Bytes;
use csv::ByteRecord;

use super::fault::Fault;
use super::input::Input;
use super::log::BadRow;
use super::plan::{Choice, Plan};
use super::rows::{BadCell, Drive};
use super::source::Progress;

/// Counts of a file, up to where it was read. Each row is a reading or skipped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileCounts {
    /// Rows that were read without error.
    pub rows: u64,
    /// Rows that became readings of a message.
    pub readings: u64,
    /// Messages that were passed to the sink.
    pub messages: u64,
    /// Rows that the mapping skips, by reason.
    pub skipped: BTreeMap<String, u64>,
}

impl FileCounts {
    /// Rows that the mapping skips.
    pub fn rows_skipped(&self) -> u64 {
        self.skipped.values().sum()
    }
}

/// A message, ready to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Topic of the message.
    pub topic: String,
    /// An encoded `TelemetryBatch`.
    pub payload: Bytes,
    /// Time of its last reading.
    pub recorded_at_last: UnixMicroseconds,
}

/// An event while a file is read.
#[derive(Debug)]
pub enum FileEvent {
    /// The next message.
    Message(Message),
    /// A warning for the user.
    Warning(String),
}

/// Reads a file and passes its messages to `sink` in order, until `sink` returns false. At a
/// malformed row, passes the rows before it, and returns a fault.
pub(super) fn read(
    plan: &Plan,
    input: Input,
    readings_per_message: usize,
    progress: Progress,
    sink: impl FnMut(FileEvent) -> bool,
) -> (FileCounts, Option<Fault>) {
    let mut reading = Reading {
        plan,
        readings_per_message,
        sink,
        group: Group::default(),
        counts: FileCounts::default(),
    };
    let fault = match reading.rows(input, progress) {
        // The sink takes no more messages.
        Ok(false) => return (reading.counts, None),
        Ok(true) => None,
        Err(fault) => Some(fault),
    };
    if !reading.flush() {
        return (reading.counts, None);
    }
    let counts = reading.counts;
    if fault.is_none() && counts.rows != counts.readings + counts.rows_skipped() {
        let what = format!("some of its rows are lost, this is a bug in ayaz: {counts:?}");
        return (counts, Some(Fault::file(&plan.label, what)));
    }
    (counts, fault)
}

struct Reading<'a, S> {
    plan: &'a Plan,
    readings_per_message: usize,
    sink: S,
    group: Group,
    counts: FileCounts,
}

impl<S: FnMut(FileEvent) -> bool> Reading<'_, S> {
    /// Reads all rows. Returns false if the sink takes no more messages.
    fn rows(&mut self, input: Input, progress: Progress) -> Result<bool, Fault> {
        let plan = self.plan;
        let mut log = input
            .rows(plan.delimiter, progress)
            .map_err(|what| Fault::file(&plan.label, what))?;
        let mut row = ByteRecord::new();
        let mut sequence = 0;
        loop {
            let line = log
                .next(&mut row)
                .map_err(|BadRow { line, what }| Fault::line(&plan.label, line, what))?;
            let Some(line) = line else {
                if sequence == 0 {
                    self.warn("it has a header but no rows");
                }
                return Ok(true);
            };
            // Skipped rows count too, so that a mapping with other skip rules gives the same rows
            // the same sequence.
            sequence += 1;
            if let Some(reason) = plan.skips(&row) {
                self.counts.rows += 1;
                *self.counts.skipped.entry(reason).or_default() += 1;
                continue;
            }
            let fault = |BadCell { column, what }| {
                let what = format!(
                    "{what}; a [[skip]] of this column in the mapping leaves such rows out"
                );
                Fault {
                    column: Some(column),
                    ..Fault::line(&plan.label, line, what)
                }
            };
            let drive = plan.drive(&row, self.group.drive.as_ref()).map_err(fault)?;
            let is_full = self.group.readings.len() >= self.readings_per_message;
            if (drive.is_some() || is_full) && !self.flush() {
                return Ok(false);
            }
            if let Some(drive) = drive {
                // A file with one drive cycle has given this warning before.
                if let (Some(warning), Choice::Column(_)) = (&drive.warning, &plan.cycle) {
                    self.warn(warning);
                }
                self.group.drive = Some(drive);
            }
            if let Some(drive) = &self.group.drive {
                let row = plan.row(&row, drive).map_err(fault)?;
                let key = ReadingKey {
                    recorded_at: row.recorded_at,
                    boot_id: drive.numbers.boot_id,
                    sequence,
                };
                self.group.readings.push((key, row.reading));
                self.counts.rows += 1;
            }
            if log.row_is_unended() {
                self.warn(&format!(
                    "line {line}, the last one, has no line end: if the log was truncated there, \
                     the last value may be truncated, too"
                ));
            }
        }
    }

    /// Sends the collected readings. Returns false if the sink takes no more messages.
    fn flush(&mut self) -> bool {
        let (readings, message) = self.group.take(self.plan);
        let Some(message) = message else {
            return true;
        };
        let taken = (self.sink)(FileEvent::Message(message));
        if taken {
            self.counts.messages += 1;
            self.counts.readings += readings;
        }
        taken
    }

    fn warn(&mut self, what: &str) {
        // If the sink is closed, the next message fails too.
        let _ = (self.sink)(FileEvent::Warning(format!("{}: {what}", self.plan.label)));
    }
}

/// Readings of one drive that are not sent yet.
#[derive(Default)]
struct Group {
    drive: Option<Drive>,
    readings: Vec<(ReadingKey, wire::Reading)>,
}

impl Group {
    /// The number of readings, and a message with them.
    fn take(&mut self, plan: &Plan) -> (u64, Option<Message>) {
        let readings = std::mem::take(&mut self.readings);
        let count = readings.len() as u64;
        (count, self.message(plan, readings))
    }

    fn message(&self, plan: &Plan, readings: Vec<(ReadingKey, wire::Reading)>) -> Option<Message> {
        let drive = self.drive.as_ref()?;
        let base = BatchBase::of(readings.iter().map(|(key, _)| *key))?;
        let recorded_at_last = readings.last()?.0.recorded_at;
        let readings = readings
            .into_iter()
            .map(|(key, mut reading)| {
                (reading.sequence_offset, reading.time_offset_microseconds) = base.offsets(key);
                reading
            })
            .collect();
        // Recorded long ago, so it must not raise an alarm.
        let historical = true;
        let batch = encode::batch_of(&drive.vehicle, historical, Some(base), readings);
        Some(Message {
            topic: TopicKind::Telemetry.topic(&plan.fleet, &drive.vehicle),
            payload: batch.encode_to_vec().into(),
            recorded_at_last,
        })
    }
}
