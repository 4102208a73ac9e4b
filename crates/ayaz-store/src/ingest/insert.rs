//! Writes the rows of a batch: COPY, and insert of staged rows.

use std::pin::pin;

use ayaz_model::{CellReading, VehicleNumber};
use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use tokio_postgres::{Statement, Transaction};

use super::rows::{Row, RowPlan};
use super::transaction::{WriteMode, timestamps};
use crate::columns;
use crate::copy;
use crate::encoded::EncodedRow;
use crate::error::StoreError;
use crate::failpoint;

/// Writes the readings of the plan, and returns the number of new ones.
pub(super) async fn write_readings(
    transaction: &Transaction<'_>,
    copy_readings: &Statement,
    mode: WriteMode,
    plan: &RowPlan<'_>,
) -> Result<u64, StoreError> {
    if plan.readings.is_empty() {
        return Ok(0);
    }
    match mode {
        WriteMode::Direct => {
            copy_rows(transaction, copy_readings, &plan.readings, put_reading).await
        }
        WriteMode::Staged | WriteMode::Alone => {
            let names = columns::names();
            let into = copy_into("staging_reading", &names);
            let statement = prepare(transaction, &into).await?;
            copy_rows(transaction, &statement, &plan.readings, put_reading).await?;
            insert_missing(transaction, "reading", &names, plan).await
        }
    }
}

/// Writes the cell readings of the plan, and returns the number of new ones.
pub(super) async fn write_cells(
    transaction: &Transaction<'_>,
    mode: WriteMode,
    plan: &RowPlan<'_>,
) -> Result<u64, StoreError> {
    if plan.cells.is_empty() {
        return Ok(0);
    }
    let names = copy::CELL_COLUMN_NAMES;
    let table = if mode == WriteMode::Direct {
        "cell_reading"
    } else {
        "staging_cell_reading"
    };
    let statement = prepare(transaction, &copy_into(table, names)).await?;
    let copied = copy_rows(transaction, &statement, &plan.cells, put_cells).await?;
    match mode {
        WriteMode::Direct => Ok(copied),
        WriteMode::Staged | WriteMode::Alone => {
            insert_missing(transaction, "cell_reading", names, plan).await
        }
    }
}

pub(super) fn put_reading(out: &mut BytesMut, vehicle: VehicleNumber, row: &EncodedRow<'_>) {
    row.put(vehicle, out);
}

pub(super) fn put_cells(out: &mut BytesMut, vehicle: VehicleNumber, cells: &&CellReading) {
    copy::put_cells(out, vehicle, cells);
}

pub(super) fn copy_into(table: &str, names: &str) -> String {
    format!("-- copy_into_{table}\ncopy {table} ({names}) from stdin (format binary)")
}

pub(super) async fn prepare(
    transaction: &Transaction<'_>,
    sql: &str,
) -> Result<Statement, StoreError> {
    transaction
        .prepare(sql)
        .await
        .map_err(|error| StoreError::from_driver("prepare", error))
}

/// Inserts the staged rows that are neither stored nor set aside. Sorts them again, since a join may change
/// the order.
async fn insert_missing(
    transaction: &Transaction<'_>,
    table: &str,
    names: &str,
    plan: &RowPlan<'_>,
) -> Result<u64, StoreError> {
    let sql = format!(
        "-- insert_missing
        insert into {table} ({names})
        select {names} from staging_{table} s
        where not exists (
            select from set_aside_keys('{table}', $1, $2) k
            where k.vehicle_id = s.vehicle_id and k.recorded_at = s.recorded_at
                and k.boot_id = s.boot_id and k.sequence = s.sequence
        )
        order by {WRITE_ORDER}
        on conflict do nothing",
        WRITE_ORDER = columns::WRITE_ORDER,
    );
    let (vehicles, instants) = plan.stored_hours();
    transaction
        .execute(&sql, &[&vehicles, &timestamps(&instants)])
        .await
        .map_err(|error| StoreError::from_driver("insert missing rows", error))
}

pub(super) async fn copy_rows<T>(
    transaction: &Transaction<'_>,
    statement: &Statement,
    rows: &[Row<T>],
    put: impl Fn(&mut BytesMut, VehicleNumber, &T),
) -> Result<u64, StoreError> {
    let failed = |error| StoreError::from_driver("copy rows", error);
    let mut sink = pin!(
        transaction
            .copy_in::<_, Bytes>(statement)
            .await
            .map_err(failed)?
    );
    let mut chunk = BytesMut::with_capacity(copy::CHUNK_BYTES + 4_096);
    copy::put_header(&mut chunk);
    for (vehicle, row) in rows {
        put(&mut chunk, *vehicle, row);
        if chunk.len() >= copy::CHUNK_BYTES {
            let full = std::mem::replace(
                &mut chunk,
                BytesMut::with_capacity(copy::CHUNK_BYTES + 4_096),
            );
            sink.send(full.freeze()).await.map_err(failed)?;
        }
    }
    failpoint!("in_copy");
    copy::put_trailer(&mut chunk);
    sink.send(chunk.freeze()).await.map_err(failed)?;
    sink.finish().await.map_err(failed)
}
