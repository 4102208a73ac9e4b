//! One transaction: rows, side tables, ledger, commit.

use ayaz_model::CellReading;
use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use futures_util::future::try_join;
use std::pin::pin;
use std::time::Duration;
use tokio_postgres::{Statement, Transaction};

use super::Written;
use super::dead_letters::{DeadLetterLimits, write_dead_letters};
use super::rows::{Row, RowPlan};
use super::side_tables::write_statuses;
use super::verify::{UsedVehicles, Verify};
use crate::columns;
use crate::connect::Connection;
use crate::copy;
use crate::encoded::EncodedRow;
use crate::error::StoreError;
use crate::failpoint;
use crate::message::Message;
use crate::vehicles::{VehicleDirectory, VehicleNumber};

/// Vehicles whose numbers a connection remembers, about 100 bytes each.
const VEHICLES_REMEMBERED: usize = 100_000;

/// How rows reach their table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// COPY into the table; fails on the first key that is there already.
    Direct,
    /// COPY into a temporary table, then insert what is not there yet.
    Staged,
}

/// A connection with the statements of every batch prepared, and with what was learnt over it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: Connection,
    directory: VehicleDirectory,
    copy_readings: Statement,
    touch: Statement,
    verify: Verify,
    staging: bool,
}

impl Session {
    pub(super) async fn prepare(
        connection: Connection,
        write_timeout: Duration,
    ) -> Result<Self, StoreError> {
        let failed = |error| StoreError::from_driver("prepare the statements of a batch", error);
        // By then it is given up here, and the server may not hear of it.
        let milliseconds = write_timeout.as_millis();
        connection
            .client
            .batch_execute(&format!(
                "-- limit_batches
                set lock_timeout = {milliseconds}; set statement_timeout = {milliseconds}"
            ))
            .await
            .map_err(failed)?;
        let copy_readings = connection
            .client
            .prepare(&copy_into("reading", &columns::names()))
            .await
            .map_err(failed)?;
        let touch = connection
            .client
            .prepare(
                "-- insert_touched_hours
                insert into touched_hours (vehicle_ids, changed_from) values ($1, $2)",
            )
            .await
            .map_err(failed)?;
        let verify = Verify::prepare(&connection).await.map_err(failed)?;
        Ok(Self {
            connection,
            directory: VehicleDirectory::new(VEHICLES_REMEMBERED),
            copy_readings,
            touch,
            verify,
            staging: false,
        })
    }

    /// The numbers of the messages' vehicles, in the order of those that have one.
    pub(super) async fn numbers(
        &mut self,
        messages: &[Message],
    ) -> Result<Vec<VehicleNumber>, StoreError> {
        let vehicles = messages.iter().filter_map(|it| it.content.vehicle());
        let client = &self.connection.client;
        self.directory.numbers(client, vehicles).await
    }

    /// Drops the connection, and has the server drop what it does for it.
    pub(super) fn abandon(self) {
        self.connection.abandon();
    }

    pub(super) async fn write(
        &mut self,
        plan: &RowPlan<'_>,
        way: Way,
        daemon_version: &str,
        dead_letter_limits: &DeadLetterLimits,
    ) -> Result<Written, StoreError> {
        if way == Way::Staged && !self.staging {
            self.create_staging().await?;
        }
        let transaction = self
            .connection
            .client
            .transaction()
            .await
            .map_err(|error| StoreError::from_driver("begin", error))?;
        let mut new = 0;
        if !plan.readings.is_empty() {
            new += match way {
                Way::Direct => {
                    copy_rows(
                        &transaction,
                        &self.copy_readings,
                        &plan.readings,
                        put_reading,
                    )
                    .await?
                }
                Way::Staged => {
                    let names = columns::names();
                    let into = copy_into("staging_reading", &names);
                    let statement = prepare(&transaction, &into).await?;
                    copy_rows(&transaction, &statement, &plan.readings, put_reading).await?;
                    insert_missing(&transaction, "reading", &names).await?
                }
            };
        }
        if !plan.cells.is_empty() {
            let names = copy::CELL_COLUMN_NAMES;
            let table = if way == Way::Direct {
                "cell_reading"
            } else {
                "staging_cell_reading"
            };
            let statement = prepare(&transaction, &copy_into(table, names)).await?;
            let copied = copy_rows(&transaction, &statement, &plan.cells, put_cells).await?;
            new += match way {
                Way::Direct => copied,
                Way::Staged => insert_missing(&transaction, "cell_reading", names).await?,
            };
        }
        let messages_suppressed = write_dead_letters(
            &transaction,
            plan.messages,
            daemon_version,
            dead_letter_limits,
        )
        .await?;
        write_statuses(&transaction, plan).await?;
        let (vehicles, changed_from) = plan.touched_hours();
        let touch = async {
            if vehicles.is_empty() {
                return Ok(());
            }
            let changed_from: Vec<_> = changed_from
                .iter()
                .filter_map(|at| at.timestamp())
                .collect();
            transaction
                .execute(&self.touch, &[&vehicles, &changed_from])
                .await
                .map(drop)
                .map_err(|error| StoreError::from_driver("note the touched hours", error))
        };
        let used = UsedVehicles::of(plan.messages, plan.numbers);
        // Sent one after the other, without waiting for the answers.
        try_join(touch, self.verify.verify(&transaction, &used)).await?;
        failpoint!("before_commit");
        transaction
            .commit()
            .await
            .map_err(|error| StoreError::from_driver("commit", error))?;
        failpoint!("after_commit");
        let sent = (plan.readings.len() + plan.cells.len()) as u64 + plan.repeated;
        Ok(Written {
            readings_new: new,
            readings_duplicate: sent - new,
            messages_refused: 0,
            messages_suppressed,
            transactions: 1,
        })
    }

    /// The staging tables live as long as the connection. Their columns are spelled out, because
    /// `like reading` would need the right to read readings.
    async fn create_staging(&mut self) -> Result<(), StoreError> {
        let sql = format!(
            "-- create_staging
            create temporary table if not exists staging_reading ({}) on commit delete rows;
            create temporary table if not exists staging_cell_reading ({}) on commit delete rows",
            columns::definitions(),
            copy::CELL_COLUMN_DEFINITIONS,
        );
        self.connection
            .client
            .batch_execute(&sql)
            .await
            .map_err(|error| StoreError::from_driver("create the staging tables", error))?;
        self.staging = true;
        Ok(())
    }
}

fn put_reading(out: &mut BytesMut, vehicle: VehicleNumber, row: &EncodedRow<'_>) {
    row.put(vehicle, out);
}

fn put_cells(out: &mut BytesMut, vehicle: VehicleNumber, cells: &&CellReading) {
    copy::put_cells(out, vehicle, cells);
}

fn copy_into(table: &str, names: &str) -> String {
    format!("-- copy_into_{table}\ncopy {table} ({names}) from stdin (format binary)")
}

async fn prepare(transaction: &Transaction<'_>, sql: &str) -> Result<Statement, StoreError> {
    transaction
        .prepare(sql)
        .await
        .map_err(|error| StoreError::from_driver("prepare", error))
}

async fn insert_missing(
    transaction: &Transaction<'_>,
    table: &str,
    names: &str,
) -> Result<u64, StoreError> {
    let sql = format!(
        "-- insert_missing
        insert into {table} ({names}) select {names} from staging_{table} on conflict do nothing"
    );
    transaction
        .execute(&sql, &[])
        .await
        .map_err(|error| StoreError::from_driver("insert what is missing", error))
}

async fn copy_rows<T>(
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
