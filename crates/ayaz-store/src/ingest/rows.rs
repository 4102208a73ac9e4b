//! Where a batch's rows go, the order in which they are written, and which hours they touch.

use std::collections::{BTreeMap, BTreeSet};

use ayaz_model::{CellReading, ReadingKey, TimeQuality, UnixMicroseconds, VehicleNumber};
use jiff::Span;
use jiff::civil::Date;

use crate::encoded::EncodedRow;
use crate::message::{Content, Message};

/// Microseconds in a chunk of the hypertables, which are cut by UTC day.
const CHUNK_MICROSECONDS: i64 = 86_400_000_000;

/// The chunk that a row of that key goes to.
pub(super) fn chunk(key: ReadingKey) -> i64 {
    day(key.recorded_at)
}

fn day(at: UnixMicroseconds) -> i64 {
    at.0.div_euclid(CHUNK_MICROSECONDS)
}

/// 1970-01-01, the day of chunk 0.
const FIRST_DAY: Date = Date::constant(1970, 1, 1);

/// The UTC day of a chunk; what lies outside of a calendar is its last day.
pub(super) fn date(chunk: i64) -> Date {
    FIRST_DAY.saturating_add(Span::new().days(chunk.clamp(-4_371_587, 2_932_896)))
}

/// The chunk of a UTC day.
pub(super) fn chunk_of(day: Date) -> i64 {
    let days = day.since(FIRST_DAY);
    days.map_or(0, |days| i64::from(days.get_days()))
}

/// A row to write: which vehicle's, and what.
pub(super) type Row<T> = (VehicleNumber, T);

/// A vehicle's day, by the number of its chunk.
pub(super) type VehicleDay = (VehicleNumber, i64);

/// Whether a vehicle is there, as it last said.
pub(super) struct Status {
    pub(super) online: bool,
    pub(super) boot_id: u32,
    pub(super) received_at: UnixMicroseconds,
}

/// A batch with its vehicles' numbers, in the order in which it is written.
pub(super) struct RowPlan<'a> {
    pub(super) messages: &'a [Message],
    /// Those of the messages that have a vehicle, in their order.
    pub(super) numbers: &'a [VehicleNumber],
    pub(super) readings: Vec<Row<EncodedRow<'a>>>,
    pub(super) cells: Vec<Row<&'a CellReading>>,
    /// Those that may not open a chunk.
    pub(super) readings_aside: Vec<Row<EncodedRow<'a>>>,
    pub(super) cells_aside: Vec<Row<&'a CellReading>>,
    /// Latest status of each vehicle of the batch.
    pub(super) statuses: BTreeMap<VehicleNumber, Status>,
    /// Readings left out because the batch holds the same key twice.
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

    /// Whether something is set aside.
    pub(super) fn has_aside(&self) -> bool {
        !self.readings_aside.is_empty() || !self.cells_aside.is_empty()
    }

    /// FLEET/VEHICLE of a number, for people.
    pub(super) fn name(&self, number: VehicleNumber) -> String {
        let known = self.numbers.iter().position(|it| *it == number);
        let vehicles = self.messages.iter().filter_map(|it| it.content.vehicle());
        let found = known.and_then(|place| vehicles.clone().nth(place));
        found.map_or_else(|| format!("number {number}"), ToString::to_string)
    }

    /// The vehicles' days that are not around today by the daemon's clock: only they can make many
    /// chunks, so only they are counted.
    pub(super) fn days_to_count(&self) -> BTreeSet<VehicleDay> {
        let received = self.messages.iter().map(|it| it.envelope.received_at);
        let today = received.max().map_or(0, day);
        let readings = self.readings.iter().map(|(vehicle, it)| (*vehicle, it.key));
        let cells = self.cells.iter().map(|(vehicle, it)| (*vehicle, it.key));
        let mut days = BTreeSet::new();
        // Rows are sorted, so most cost a comparison.
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

    /// What the worker has to work out again: each vehicle and hour by the earliest instant in it from
    /// which it may have changed. What is set aside enters no aggregate, so it touches nothing.
    pub(super) fn dirty_hours(&self) -> (Vec<VehicleNumber>, Vec<UnixMicroseconds>) {
        hours(self.readings.iter().map(|(vehicle, it)| (*vehicle, it.key)))
    }

    /// The hours of all rows that are stored, those of cells too.
    pub(super) fn stored_hours(&self) -> (Vec<VehicleNumber>, Vec<UnixMicroseconds>) {
        let readings = self.readings.iter().map(|(vehicle, it)| (*vehicle, it.key));
        hours(readings.chain(self.cells.iter().map(|(vehicle, it)| (*vehicle, it.key))))
    }
}

/// Each vehicle and hour by the earliest instant in it.
fn hours(
    keys: impl Iterator<Item = (VehicleNumber, ReadingKey)>,
) -> (Vec<VehicleNumber>, Vec<UnixMicroseconds>) {
    let hour = |touched: &mut (VehicleNumber, UnixMicroseconds)| (touched.0, touched.1.hour());
    let mut touched: Vec<(VehicleNumber, UnixMicroseconds)> = keys
        .map(|(vehicle, key)| (vehicle, key.recorded_at))
        .collect();
    // Readings are sorted; without this, each of them would be sorted again.
    touched.dedup_by_key(hour);
    touched.sort_unstable();
    touched.dedup_by_key(hour);
    touched.into_iter().unzip()
}

/// Takes out those that are so; the others keep their order. Mostly there are none, which costs a look
/// at each.
fn take_out<T>(rows: &mut Vec<Row<T>>, is_so: impl Fn(&Row<T>) -> bool) -> Vec<Row<T>> {
    if !rows.iter().any(&is_so) {
        return Vec::new();
    }
    let (taken, left) = std::mem::take(rows).into_iter().partition(is_so);
    *rows = left;
    taken
}

/// Sorts by chunk, then vehicle, then key: COPY into a hypertable is slow when neighbouring rows go
/// to different chunks, and two daemons that insert the same rows in the same order cannot
/// deadlock. [`WRITE_ORDER`](crate::columns::WRITE_ORDER) says the same in SQL. Returns how many rows
/// repeated a key of the same batch; the first of them stays.
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
