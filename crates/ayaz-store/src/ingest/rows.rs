//! Target table, order and dirty hours of a batch's rows.

use std::collections::{BTreeMap, BTreeSet};

use ayaz_model::{CellReading, ReadingKey, TimeQuality, UnixMicroseconds, VehicleNumber};
use jiff::Span;
use jiff::civil::Date;

use crate::encoded::EncodedRow;
use crate::message::{Content, Message};

/// Microseconds of a hypertable chunk, which is one UTC day.
const CHUNK_MICROSECONDS: i64 = 86_400_000_000;

/// The chunk of a key.
pub(super) fn chunk(key: ReadingKey) -> i64 {
    day(key.recorded_at)
}

fn day(at: UnixMicroseconds) -> i64 {
    at.0.div_euclid(CHUNK_MICROSECONDS)
}

/// 1970-01-01, the day of chunk 0.
const FIRST_DAY: Date = Date::constant(1970, 1, 1);

/// The UTC day of a chunk; the last possible date if it is out of range.
pub(super) fn date(chunk: i64) -> Date {
    FIRST_DAY.saturating_add(Span::new().days(chunk.clamp(-4_371_587, 2_932_896)))
}

/// The chunk of a UTC day.
pub(super) fn chunk_of(day: Date) -> i64 {
    let days = day.since(FIRST_DAY);
    days.map_or(0, |days| i64::from(days.get_days()))
}

/// A row to write, with its vehicle.
pub(super) type Row<T> = (VehicleNumber, T);

/// A day of a vehicle, by chunk number.
pub(super) type VehicleDay = (VehicleNumber, i64);

/// The latest connection status of a vehicle.
pub(super) struct Status {
    pub(super) online: bool,
    pub(super) boot_id: u32,
    pub(super) received_at: UnixMicroseconds,
}

/// The rows of a batch, in the order of writing.
pub(super) struct RowPlan<'a> {
    pub(super) messages: &'a [Message],
    /// Messages that have a vehicle, in their order.
    pub(super) numbers: &'a [VehicleNumber],
    pub(super) readings: Vec<Row<EncodedRow<'a>>>,
    pub(super) cells: Vec<Row<&'a CellReading>>,
    /// Rows that are set aside.
    pub(super) readings_aside: Vec<Row<EncodedRow<'a>>>,
    pub(super) cells_aside: Vec<Row<&'a CellReading>>,
    /// Latest status of each vehicle in the batch.
    pub(super) statuses: BTreeMap<VehicleNumber, Status>,
    /// Readings left out since the batch contains their key twice.
    pub(super) repeated: u64,
}

impl<'a> RowPlan<'a> {
    /// `numbers` are those of the messages that have a vehicle, in their order.
    pub(super) fn new(messages: &'a [Message], numbers: &'a [VehicleNumber]) -> Self {
        let mut plan = Self {
            messages,
            numbers,
            readings: Vec::new(),
            cells: Vec::new(),
            readings_aside: Vec::new(),
            cells_aside: Vec::new(),
            statuses: BTreeMap::new(),
            repeated: 0,
        };
        let with_vehicle = messages
            .iter()
            .filter(|message| message.content.vehicle().is_some());
        for (message, &number) in with_vehicle.zip(numbers) {
            match &message.content {
                Content::Readings(_, readings) => {
                    plan.readings
                        .extend(readings.rows().map(|reading| (number, reading)));
                }
                Content::Cells(_, cells) => {
                    plan.cells.extend(cells.iter().map(|cells| (number, cells)));
                }
                Content::Status {
                    online, boot_id, ..
                } => {
                    let received_at = message.envelope.received_at;
                    let status = Status {
                        online: *online,
                        boot_id: *boot_id,
                        received_at,
                    };
                    plan.statuses.insert(number, status);
                }
                Content::Rejected(_) => {}
            }
        }
        plan.repeated += sort_and_dedup(&mut plan.readings, |reading| reading.key);
        plan.repeated += sort_and_dedup(&mut plan.cells, |cells| cells.key);
        plan.readings_aside = take_out(&mut plan.readings, |(_, reading)| {
            reading.time_quality != TimeQuality::Good
        });
        plan.cells_aside = take_out(&mut plan.cells, |(_, cells)| {
            cells.time_quality != TimeQuality::Good
        });
        plan
    }

    /// Whether rows are set aside.
    pub(super) fn has_aside(&self) -> bool {
        !self.readings_aside.is_empty() || !self.cells_aside.is_empty()
    }

    /// FLEET/VEHICLE of a number, for messages.
    pub(super) fn name(&self, number: VehicleNumber) -> String {
        let known = self.numbers.iter().position(|it| *it == number);
        let vehicles = self.messages.iter().filter_map(|it| it.content.vehicle());
        let found = known.and_then(|place| vehicles.clone().nth(place));
        found.map_or_else(|| format!("number {number}"), ToString::to_string)
    }

    /// The vehicles' days that are not around today by the daemon's clock. Only these count against the
    /// limit, since only these can create many chunks.
    pub(super) fn days_to_count(&self) -> BTreeSet<VehicleDay> {
        let received = self.messages.iter().map(|it| it.envelope.received_at);
        let today = received.max().map_or(0, day);
        let readings = self.readings.iter().map(|(vehicle, it)| (*vehicle, it.key));
        let cells = self.cells.iter().map(|(vehicle, it)| (*vehicle, it.key));
        let mut days = BTreeSet::new();
        // Rows are sorted, so most cost only a comparison.
        let mut last = None;
        for (vehicle, key) in readings.chain(cells) {
            let its = (vehicle, chunk(key));
            if last.replace(its) != Some(its) && (its.1 - today).abs() > 1 {
                days.insert(its);
            }
        }
        days
    }

    /// Sets the readings of these days aside.
    pub(super) fn set_days_aside(&mut self, days: &BTreeSet<VehicleDay>) {
        let readings = take_out(&mut self.readings, |(vehicle, it)| {
            days.contains(&(*vehicle, chunk(it.key)))
        });
        let cells = take_out(&mut self.cells, |(vehicle, it)| {
            days.contains(&(*vehicle, chunk(it.key)))
        });
        self.readings_aside.extend(readings);
        self.cells_aside.extend(cells);
    }

    /// Dirty hours: each vehicle and hour, by the earliest instant from which it may have changed. Readings
    /// that are set aside enter no aggregate, so they make no hour dirty.
    pub(super) fn dirty_hours(&self) -> (Vec<VehicleNumber>, Vec<UnixMicroseconds>) {
        hours(self.readings.iter().map(|(vehicle, it)| (*vehicle, it.key)))
    }

    /// The hours of all stored rows, including cell readings.
    pub(super) fn stored_hours(&self) -> (Vec<VehicleNumber>, Vec<UnixMicroseconds>) {
        let readings = self.readings.iter().map(|(vehicle, it)| (*vehicle, it.key));
        hours(readings.chain(self.cells.iter().map(|(vehicle, it)| (*vehicle, it.key))))
    }
}

/// Each vehicle and hour, by its earliest instant.
fn hours(
    keys: impl Iterator<Item = (VehicleNumber, ReadingKey)>,
) -> (Vec<VehicleNumber>, Vec<UnixMicroseconds>) {
    let hour = |dirty: &mut (VehicleNumber, UnixMicroseconds)| (dirty.0, dirty.1.hour());
    let mut dirty: Vec<(VehicleNumber, UnixMicroseconds)> = keys
        .map(|(vehicle, key)| (vehicle, key.recorded_at))
        .collect();
    // Readings are sorted; skipping repeated hours here avoids sorting all of them again.
    dirty.dedup_by_key(hour);
    dirty.sort_unstable();
    dirty.dedup_by_key(hour);
    dirty.into_iter().unzip()
}

/// Removes and returns the rows that match; the others keep their order. Mostly none match, so this is one
/// pass.
fn take_out<T>(rows: &mut Vec<Row<T>>, matches: impl Fn(&Row<T>) -> bool) -> Vec<Row<T>> {
    if !rows.iter().any(&matches) {
        return Vec::new();
    }
    let (taken, left) = std::mem::take(rows).into_iter().partition(matches);
    *rows = left;
    taken
}

/// Sorts by chunk, then vehicle, then key: COPY into a hypertable is slow if neighbouring rows are in
/// different chunks, and two daemons that insert the same rows in the same order cannot deadlock.
/// [`WRITE_ORDER`](crate::columns::WRITE_ORDER) is the same order in SQL. Returns the number of rows with a
/// repeated key; the first row stays.
fn sort_and_dedup<T>(rows: &mut Vec<Row<T>>, key: impl Fn(&T) -> ReadingKey) -> u64 {
    let order = |row: &Row<T>| {
        let key = key(&row.1);
        (chunk(key), row.0, key)
    };
    if !rows.is_sorted_by_key(&order) {
        rows.sort_by_key(&order);
    }
    let before = rows.len();
    rows.dedup_by(|later, earlier| later.0 == earlier.0 && key(&later.1) == key(&earlier.1));
    (before - rows.len()) as u64
}
