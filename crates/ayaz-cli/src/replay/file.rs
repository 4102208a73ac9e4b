//! All rows of a file, grouped into messages.

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

/// What became of the rows of a file, up to where it was read: each is a reading or left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileCounts {
    /// Rows that were read and understood.
    pub rows: u64,
    /// Rows that became readings of a message.
    pub readings: u64,
    /// Messages that were handed over.
    pub messages: u64,
    /// Rows that the mapping leaves out, by its reason.
    pub skipped: BTreeMap<String, u64>,
}

impl FileCounts {
    /// Rows that the mapping leaves out.
    pub fn rows_skipped(&self) -> u64 {
        self.skipped.values().sum()
    }
}

/// A message, ready to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Where to.
    pub topic: String,
    /// An encoded `TelemetryBatch`.
    pub payload: Bytes,
    /// When its last reading was recorded.
    pub recorded_at_last: UnixMicroseconds,
}

/// What happens while a file is read.
#[derive(Debug)]
pub enum FileEvent {
    /// The next message.
    Message(Message),
    /// Something the user should know.
    Warning(String),
}

/// Reads a file and hands over its messages in order, until `sink` returns false. A malformed row
/// ends it, after the rows before it have been handed over: then there is a fault.
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
        // Nobody takes messages any more.
        Ok(false) => return (reading.counts, None),
        Ok(true) => None,
        Err(fault) => Some(fault),
    };
    if !reading.hand_over() {
        return (reading.counts, None);
    }
    let counts = reading.counts;
    if fault.is_none() && counts.rows != counts.readings + counts.rows_skipped() {
        let what = format!("of its rows some are lost, a fault of this program: {counts:?}");
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
    /// Goes through all rows; returns whether there is still somebody to take messages.
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
                    self.warn("it has a header and no rows");
                }
                return Ok(true);
            };
            // Rows that are left out count too, so that a mapping that leaves out others gives the
            // same rows the same identity.
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
            if (drive.is_some() || is_full) && !self.hand_over() {
                return Ok(false);
            }
            if let Some(drive) = drive {
                // Of a file that is one drive cycle it was told before.
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
                    "line {line}, its last, does not end: if the log was cut off there, so was \
                     the last value"
                ));
            }
        }
    }

    /// Hands over what was gathered; returns whether there was somebody to take it.
    fn hand_over(&mut self) -> bool {
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
        // If nobody listens, the next message tells.
        let _ = (self.sink)(FileEvent::Warning(format!("{}: {what}", self.plan.label)));
    }
}

/// Readings of one drive that are not handed over yet.
#[derive(Default)]
struct Group {
    drive: Option<Drive>,
    readings: Vec<(ReadingKey, wire::Reading)>,
}

impl Group {
    /// How many readings there were, and the message that holds them.
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
        // Recorded long ago: history, never an alarm.
        let historical = true;
        let batch = encode::batch_of(&drive.vehicle, historical, Some(base), readings);
        Some(Message {
            topic: TopicKind::Telemetry.topic(&plan.fleet, &drive.vehicle),
            payload: batch.encode_to_vec().into(),
            recorded_at_last,
        })
    }
}
