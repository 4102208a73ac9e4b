//! The order in which a batch's rows are written, and which hours it touches.

use std::collections::BTreeMap;

use ayaz_model::{CellReading, ReadingKey, TimeQuality, UnixMicroseconds};

use crate::encoded::EncodedRow;
use crate::message::{Content, Message};
use crate::vehicles::VehicleNumber;

/// Microseconds in a chunk of the hypertables, which are cut by UTC day.
const CHUNK_MICROSECONDS: i64 = 86_400_000_000;

/// The chunk that a row of that key goes to.
pub(super) fn chunk(key: ReadingKey) -> i64 {
    key.recorded_at.0.div_euclid(CHUNK_MICROSECONDS)
}

/// A row to write: which vehicle's, and what.
pub(super) type Row<T> = (VehicleNumber, T);

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
        plan
    }

    /// What the worker has to work out again: each vehicle and hour by the earliest instant in it from
    /// which it may have changed. Rows whose time cannot be believed enter no aggregate, so they touch
    /// nothing.
    pub(super) fn touched_hours(&self) -> (Vec<VehicleNumber>, Vec<UnixMicroseconds>) {
        let hour = |touched: &mut (VehicleNumber, UnixMicroseconds)| (touched.0, touched.1.hour());
        let mut touched: Vec<(VehicleNumber, UnixMicroseconds)> = self
            .readings
            .iter()
            .filter(|(_, reading)| reading.time_quality == TimeQuality::Good)
            .map(|(vehicle, reading)| (*vehicle, reading.key.recorded_at))
            .collect();
        // Readings are sorted; without this, each of them would be sorted again.
        touched.dedup_by_key(hour);
        touched.sort_unstable();
        touched.dedup_by_key(hour);
        touched.into_iter().unzip()
    }
}

/// Sorts by chunk, then vehicle, then key: COPY into a hypertable is slow when neighbouring rows go
/// to different chunks, and two daemons that insert the same rows in the same order cannot
/// deadlock. Returns how many rows repeated a key of the same batch; the first of them stays.
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
