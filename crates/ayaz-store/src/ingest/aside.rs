//! Readings that may not create a chunk: those with an implausible time, and days of a vehicle over its limit
//! for an hour. They wait in `reading_set_aside` and `cell_reading_set_aside` until an operator decides. A
//! reading is there or in its own table, never in both.
//!
//! The database decides, so that several daemons share one limit and one place. A batch without such readings
//! needs a shared lock and a look-up of its hours before its commit. A batch that sets readings aside blocks
//! all other commits until its own.

use std::collections::{BTreeSet, HashSet};

use ayaz_model::{CellReading, ReadingKey, TimeQuality, VehicleNumber};
use bytes::BytesMut;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::Transaction;

use super::insert::{copy_into, copy_rows, prepare, put_cells, put_reading};
use super::rows::{Row, RowPlan, VehicleDay, chunk_of, date};
use crate::columns;
use crate::copy;
use crate::encoded::EncodedRow;
use crate::error::StoreError;

/// Default limit of distinct days per vehicle and hour, without the days around today. It is more than a bus
/// stores while offline.
pub const VEHICLE_DAYS_PER_HOUR_MAX: u32 = 60;

/// New readings that were set aside, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SetAside {
    /// Later than the clock allowed.
    pub future: u64,
    /// Before the accepted window.
    pub ancient: u64,
    /// Of days over the vehicle's limit for an hour.
    pub many_days: u64,
}

impl SetAside {
    /// All of them.
    pub fn sum(self) -> u64 {
        self.future + self.ancient + self.many_days
    }

    pub(super) fn add(&mut self, other: Self) {
        self.future += other.future;
        self.ancient += other.ancient;
        self.many_days += other.many_days;
    }

    fn count(&mut self, quality: TimeQuality, rows: u64) {
        match quality {
            TimeQuality::Future => self.future += rows,
            TimeQuality::Ancient => self.ancient += rows,
            // Readings with a plausible time.
            TimeQuality::Good => self.many_days += rows,
        }
    }
}

/// Counts the days of the plan that are not around today, and sets aside the days over the limit.
pub(super) async fn enforce_day_limit(
    transaction: &Transaction<'_>,
    plan: &mut RowPlan<'_>,
    days: &BTreeSet<VehicleDay>,
    days_max: u32,
) -> Result<(), StoreError> {
    if days.is_empty() {
        return Ok(());
    }
    let (vehicles, dates): (Vec<VehicleNumber>, Vec<Date>) = days
        .iter()
        .map(|(vehicle, day)| (*vehicle, date(*day)))
        .unzip();
    let rows = transaction
        .query(
            "-- take_reading_days
            select vehicle_id, day, is_first from take_reading_days($1, $2, $3)",
            &[
                &vehicles,
                &dates,
                &i32::try_from(days_max).unwrap_or(i32::MAX),
            ],
        )
        .await
        .map_err(|error| StoreError::from_driver("count the days of vehicles", error))?;
    let refused: BTreeSet<VehicleDay> = rows
        .iter()
        .map(|row| (row.get(0), chunk_of(row.get(1))))
        .collect();
    let first = rows.iter().filter(|row| row.get(2)).map(|row| row.get(0));
    for vehicle in first.collect::<BTreeSet<VehicleNumber>>() {
        tracing::warn!(
            vehicle = plan.name(vehicle),
            days_max,
            "more distinct days in an hour than a vehicle may send: the readings of further days are \
             set aside; `ayaz readings list` shows them"
        );
    }
    plan.set_days_aside(&refused);
    Ok(())
}

/// Sets aside the readings that the plan selects, and returns the number of new ones. From here to the
/// commit, no other transaction stores or sets aside readings, so that no reading gets into both places.
pub(super) async fn set_aside(
    transaction: &Transaction<'_>,
    plan: &RowPlan<'_>,
) -> Result<SetAside, StoreError> {
    let readings = Table {
        name: "reading",
        columns: &columns::names(),
    };
    let cells = Table {
        name: "cell_reading",
        columns: copy::CELL_COLUMN_NAMES,
    };
    let mut new = SetAside::default();
    let judged = |(_, it): &Row<EncodedRow<'_>>| (it.key, it.time_quality);
    let rows = &plan.readings_aside;
    new.add(
        readings
            .set_aside(transaction, rows, judged, put_reading)
            .await?,
    );
    let judged = |(_, it): &Row<&CellReading>| (it.key, it.time_quality);
    let rows = &plan.cells_aside;
    new.add(
        cells
            .set_aside(transaction, rows, judged, put_cells)
            .await?,
    );
    Ok(new)
}

struct Table<'a> {
    name: &'static str,
    columns: &'a str,
}

impl Table<'_> {
    async fn set_aside<T: Copy>(
        &self,
        transaction: &Transaction<'_>,
        rows: &[Row<T>],
        judged: impl Fn(&Row<T>) -> (ReadingKey, TimeQuality),
        put: impl Fn(&mut BytesMut, VehicleNumber, &T),
    ) -> Result<SetAside, StoreError> {
        let mut new = SetAside::default();
        if rows.is_empty() {
            return Ok(new);
        }
        let Self { name, columns } = self;
        let stored = self.stored(transaction, rows, |row| judged(row).0).await?;
        let missing: Vec<Row<T>> = rows
            .iter()
            .enumerate()
            .filter(|(place, _)| !stored.contains(place))
            .map(|(_, row)| *row)
            .collect();
        let staging = format!("staging_{name}_set_aside");
        let statement = prepare(transaction, &copy_into(&staging, columns)).await?;
        copy_rows(transaction, &statement, &missing, put).await?;
        let qualities: HashSet<TimeQuality> = missing.iter().map(|row| judged(row).1).collect();
        for quality in qualities {
            let sql = format!(
                "-- set_readings_aside
                insert into {name}_set_aside ({columns})
                select {columns} from {staging} where time_quality = $1
                on conflict do nothing"
            );
            let rows = transaction
                .execute(&sql, &[&quality.code()])
                .await
                .map_err(|error| StoreError::from_driver("set readings aside", error))?;
            new.count(quality, rows);
        }
        Ok(new)
    }

    /// Indexes of the rows that are already stored.
    async fn stored<T>(
        &self,
        transaction: &Transaction<'_>,
        rows: &[Row<T>],
        key: impl Fn(&Row<T>) -> ReadingKey,
    ) -> Result<HashSet<usize>, StoreError> {
        let (mut vehicles, mut instants) = (Vec::new(), Vec::new());
        let (mut boots, mut sequences) = (Vec::new(), Vec::new());
        for row in rows {
            let key = key(row);
            vehicles.push(row.0);
            instants.push(key.recorded_at.timestamp().unwrap_or(Timestamp::MAX));
            boots.push(i64::from(key.boot_id));
            sequences.push(copy::sequence(key.sequence));
        }
        let rows = transaction
            .query(
                "-- stored_places\nselect stored_places($1, $2, $3, $4, $5)",
                &[&self.name, &vehicles, &instants, &boots, &sequences],
            )
            .await
            .map_err(|error| StoreError::from_driver("find stored readings", error))?;
        let place = |row: &tokio_postgres::Row| row.get::<_, i64>(0).unsigned_abs() as usize - 1;
        Ok(rows.iter().map(place).collect())
    }
}
