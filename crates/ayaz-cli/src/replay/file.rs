//! All rows of a file, grouped into messages.

use ayaz_model::{ReadingKey, UnixMicroseconds};
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1 as wire;
use ayaz_publisher::encode::{self, BatchBase};
use bytes::Bytes;
use csv::ByteRecord;

use super::fault::Fault;
use super::plan::Plan;
use super::rows::{BadCell, Drive};
use super::source::{Progress, RowLimit, reader};

/// What was read of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileCounts {
    /// Rows that became readings of a message.
    pub readings: u64,
    /// Rows that the mapping leaves out.
    pub rows_skipped: u64,
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
/// ends it, after the rows before it have been handed over.
pub fn read(
    plan: &Plan,
    readings_per_message: usize,
    progress: Progress,
    mut sink: impl FnMut(FileEvent) -> bool,
) -> Result<FileCounts, (FileCounts, Fault)> {
    let mut counts = FileCounts::default();
    let mut group = Group::default();
    let result = read_rows(
        plan,
        readings_per_message,
        progress,
        &mut counts,
        &mut group,
        &mut sink,
    );
    let (readings, rest) = group.take(plan);
    if let Some(message) = rest
        && sink(FileEvent::Message(message))
    {
        counts.readings += readings;
    }
    result.map(|()| counts).map_err(|fault| (counts, fault))
}

fn read_rows(
    plan: &Plan,
    readings_per_message: usize,
    progress: Progress,
    counts: &mut FileCounts,
    group: &mut Group,
    sink: &mut impl FnMut(FileEvent) -> bool,
) -> Result<(), Fault> {
    let limit = RowLimit::default();
    let mut reader = reader(&plan.path, plan.delimiter, progress, limit.clone())
        .map_err(|error| Fault::file(&plan.label, format!("cannot be opened: {error}")))?;
    // Read here, so that the first row's line is known even if it cannot be read.
    reader
        .byte_headers()
        .map_err(|error| Fault::csv(&plan.label, 1, &error))?;
    let mut record = ByteRecord::new();
    let mut sequence = 0;
    loop {
        limit.row_ends();
        let next_line = reader.position().line();
        let more = reader.read_byte_record(&mut record);
        if !more.map_err(|error| Fault::csv(&plan.label, next_line, &error))? {
            return Ok(());
        }
        // Rows that are left out count too, so that a mapping that leaves out others gives the
        // same rows the same identity.
        sequence += 1;
        if plan.skips(&record) {
            counts.rows_skipped += 1;
            continue;
        }
        let line = record.position().map_or(next_line, csv::Position::line);
        let fault = |BadCell { column, what }| Fault {
            file: plan.label.clone(),
            line: Some(line),
            column: Some(column),
            what,
        };
        let new_drive = plan.drive(&record, group.drive.as_ref()).map_err(fault)?;
        if new_drive.is_some() || group.readings.len() >= readings_per_message {
            let (readings, message) = group.take(plan);
            if message.is_some_and(|message| !sink(FileEvent::Message(message))) {
                return Ok(());
            }
            counts.readings += readings;
        }
        if let Some(drive) = new_drive {
            if let (Some(warning), true) = (&drive.warning, plan.warnings.is_empty()) {
                sink(FileEvent::Warning(format!("{}: {warning}", plan.label)));
            }
            group.drive = Some(drive);
        }
        if let Some(drive) = &group.drive {
            let row = plan.row(&record, drive).map_err(fault)?;
            let boot_id = drive.numbers.boot_id;
            let key = ReadingKey {
                recorded_at: row.recorded_at,
                boot_id,
                sequence,
            };
            group.readings.push((key, row.reading));
        }
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
            topic: encode::telemetry_topic(&plan.fleet, &drive.vehicle),
            payload: batch.encode_to_vec().into(),
            recorded_at_last,
        })
    }
}
