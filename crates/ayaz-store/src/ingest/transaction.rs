//! One transaction: rows, side tables, ledger, commit.

use std::time::Duration;

use ayaz_model::{UnixMicroseconds, VehicleNumber};
use jiff::Timestamp;
use tokio_postgres::{Statement, Transaction};

use super::aside::{SetAside, enforce_day_limit, set_aside};
use super::dead_letters::write_dead_letters;
use super::insert::{copy_into, write_cells, write_readings};
use super::rows::RowPlan;
use super::side_tables::write_statuses;
use super::verify::{UsedVehicles, Verify};
use super::{Rules, Written};
use crate::columns;
use crate::connect::Connection;
use crate::copy;
use crate::error::StoreError;
use crate::failpoint;
use crate::message::Message;
use crate::vehicles::VehicleDirectory;

/// Maximum size of the vehicle cache of a connection, about 100 bytes per vehicle.
const VEHICLES_REMEMBERED: usize = 100_000;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteMode {
    /// COPY into the table; fails on the first duplicate.
    Direct,
    /// COPY into a temporary table, then insert the missing rows.
    Staged,
    /// The same, while nobody may set readings aside. This lock may deadlock with other transactions, so it
    /// is the last resort.
    Alone,
}

/// A connection with prepared statements and cached vehicle numbers.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: Connection,
    directory: VehicleDirectory,
    copy_readings: Statement,
    insert_dirty_hours: Statement,
    verify: Verify,
    check_places: Statement,
    staging: bool,
}

impl Session {
    pub(super) async fn prepare(
        connection: Connection,
        write_timeout: Duration,
    ) -> Result<Self, StoreError> {
        let failed = |error| StoreError::from_driver("prepare the statements of a batch", error);
        // The client cancels the statement after this time too, but its request may get lost.
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
        let insert_dirty_hours = connection
            .client
            .prepare(
                "-- insert_dirty_hours
                insert into dirty_hours (vehicle_ids, changed_from) values ($1, $2)",
            )
            .await
            .map_err(failed)?;
        let check_places = connection
            .client
            .prepare("-- check_places\nselect is_stored_twice($1, $2)")
            .await
            .map_err(failed)?;
        let verify = Verify::prepare(&connection).await.map_err(failed)?;
        Ok(Self {
            connection,
            directory: VehicleDirectory::new(VEHICLES_REMEMBERED),
            copy_readings,
            insert_dirty_hours,
            check_places,
            verify,
            staging: false,
        })
    }

    /// Numbers of the messages' vehicles, in the order of the messages that have one.
    pub(super) async fn numbers(
        &mut self,
        messages: &[Message],
    ) -> Result<Vec<VehicleNumber>, StoreError> {
        let vehicles = messages.iter().filter_map(|it| it.content.vehicle());
        let client = &self.connection.client;
        self.directory.numbers(client, vehicles).await
    }

    /// Drops the connection, and cancels its statement on the server.
    pub(super) fn abandon(self) {
        self.connection.abandon();
    }

    pub(super) async fn write(
        &mut self,
        mut plan: RowPlan<'_>,
        mode: WriteMode,
        rules: &Rules,
    ) -> Result<Written, StoreError> {
        let days = plan.days_to_count();
        let may_set_aside = plan.has_aside() || !days.is_empty();
        if (mode != WriteMode::Direct || may_set_aside) && !self.staging {
            self.create_staging().await?;
        }
        let transaction = self
            .connection
            .client
            .transaction()
            .await
            .map_err(|error| StoreError::from_driver("begin", error))?;
        enforce_day_limit(
            &transaction,
            &mut plan,
            &days,
            rules.vehicle_days_per_hour_max,
        )
        .await?;
        let mut aside = SetAside::default();
        if mode == WriteMode::Alone {
            if plan.has_aside() {
                aside = set_aside(&transaction, &plan).await?;
            } else {
                hold_places(&transaction).await?;
            }
        }
        let mut new = write_readings(&transaction, &self.copy_readings, mode, &plan).await?;
        new += write_cells(&transaction, mode, &plan).await?;
        let messages_suppressed = write_dead_letters(
            &transaction,
            plan.messages,
            rules.daemon_version,
            &rules.dead_letter_limits,
        )
        .await?;
        write_statuses(&transaction, &plan).await?;
        // Last, since other transactions wait for it.
        if mode != WriteMode::Alone && plan.has_aside() {
            aside = set_aside(&transaction, &plan).await?;
        }
        let note = note_dirty_hours(&transaction, &self.insert_dirty_hours, &plan);
        let check = check_places(&transaction, &self.check_places, mode, &plan);
        let used = UsedVehicles::of(plan.messages, plan.numbers);
        let verify = self.verify.verify(&transaction, &used);
        // Sends all statements without waiting for answers.
        let ((), is_twice, ()) = tokio::try_join!(note, check, verify)?;
        if is_twice {
            return Err(StoreError::Duplicate {
                operation: "store readings, some of which are set aside",
            });
        }
        failpoint!("before_commit");
        transaction
            .commit()
            .await
            .map_err(|error| StoreError::from_driver("commit", error))?;
        failpoint!("after_commit");
        Ok(Written {
            messages_suppressed,
            ..written(&plan, new, aside)
        })
    }

    /// Creates the staging tables, which live as long as the connection. Lists their columns, since `like
    /// reading` needs the right to read readings.
    async fn create_staging(&mut self) -> Result<(), StoreError> {
        let sql = format!(
            "-- create_staging
            create temporary table if not exists staging_reading ({}) on commit delete rows;
            create temporary table if not exists staging_cell_reading ({}) on commit delete rows;
            create temporary table if not exists staging_reading_set_aside ({}) on commit delete rows;
            create temporary table if not exists staging_cell_reading_set_aside ({})
                on commit delete rows",
            columns::definitions(),
            copy::CELL_COLUMN_DEFINITIONS,
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

/// The result of a transaction that stored `new` rows and set some aside.
fn written(plan: &RowPlan<'_>, new: u64, aside: SetAside) -> Written {
    let rows = plan.readings.len() + plan.cells.len();
    let rows_aside = plan.readings_aside.len() + plan.cells_aside.len();
    let sent = (rows + rows_aside) as u64 + plan.repeated;
    let new = new + aside.sum();
    Written {
        readings_new: new,
        readings_duplicate: sent - new,
        readings_set_aside: aside,
        transactions: 1,
        ..Written::default()
    }
}

/// Checks at start that duplicates can be stored, and not only when the first one arrives.
pub(super) async fn check_may_stage(connection: &Connection) -> Result<(), StoreError> {
    let row = connection
        .client
        .query_one(
            "-- may_stage
            select has_database_privilege(current_database(), 'temporary'), current_database()::text",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("check the rights of ingest", error))?;
    if row.get(0) {
        return Ok(());
    }
    let database: &str = row.get(1);
    Err(StoreError::Fatal(format!(
        "ayaz_ingest may not create temporary tables in the database {database:?}, which duplicates need: \
         run `ayaz migrate` as the owner"
    )))
}

/// Notes the dirty hours for the worker.
async fn note_dirty_hours(
    transaction: &Transaction<'_>,
    insert: &Statement,
    plan: &RowPlan<'_>,
) -> Result<(), StoreError> {
    let (vehicles, changed_from) = plan.dirty_hours();
    if vehicles.is_empty() {
        return Ok(());
    }
    transaction
        .execute(insert, &[&vehicles, &timestamps(&changed_from)])
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("note the dirty hours", error))
}

/// Whether a reading of this transaction is also set aside. Prevents setting readings aside until the commit.
async fn check_places(
    transaction: &Transaction<'_>,
    check: &Statement,
    mode: WriteMode,
    plan: &RowPlan<'_>,
) -> Result<bool, StoreError> {
    if mode == WriteMode::Alone {
        // The lock is already held.
        return Ok(false);
    }
    let (vehicles, instants) = plan.stored_hours();
    if vehicles.is_empty() {
        return Ok(false);
    }
    transaction
        .query_one(check, &[&vehicles, &timestamps(&instants)])
        .await
        .map(|row| row.get(0))
        .map_err(|error| StoreError::from_driver("check for readings that are set aside", error))
}

async fn hold_places(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction
        .execute("-- hold_reading_places\nselect hold_reading_places()", &[])
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("lock the tables of set-aside readings", error))
}

pub(super) fn timestamps(instants: &[UnixMicroseconds]) -> Vec<Timestamp> {
    instants.iter().filter_map(|at| at.timestamp()).collect()
}
