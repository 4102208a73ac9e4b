//! Checks what the connection has cached (vehicle numbers, schema, settings) against the database, in the
//! transaction that relies on it. Meanwhile a backup may have been restored, at the same address or into the
//! same tables; or a pooler may have switched to another connection or another server.
//!
//! It is the last statement before the commit. A later change of vehicle numbers also has to handle the rows
//! of this transaction.

use std::collections::BTreeMap;

use ayaz_model::{VehicleKey, VehicleNumber};
use tokio_postgres::{Error, Statement, Transaction};

use crate::connect::{Connection, MARK, Role};
use crate::error::StoreError;
use crate::message::Message;
use crate::migrate::latest_version;

/// The connection is not the one that was set up.
pub(super) const NOT_OURS: &str = "the connection has the settings of another client";

/// The prepared check.
#[derive(Debug)]
pub(super) struct Verify {
    statement: Statement,
    mark: String,
    schema_version: i32,
}

/// Vehicles of a batch without repetition, as columns.
#[derive(Debug, Default)]
pub(super) struct UsedVehicles<'a> {
    numbers: Vec<VehicleNumber>,
    fleets: Vec<&'a str>,
    vehicles: Vec<&'a str>,
}

impl<'a> UsedVehicles<'a> {
    /// `numbers` are those of the messages that have a vehicle, in their order.
    pub(super) fn of(messages: &'a [Message], numbers: &[VehicleNumber]) -> Self {
        let keys = messages.iter().filter_map(|it| it.content.vehicle());
        let used: BTreeMap<VehicleNumber, &VehicleKey> =
            numbers.iter().copied().zip(keys).collect();
        let mut columns = Self::default();
        for (number, key) in used {
            columns.numbers.push(number);
            columns.fleets.push(key.fleet.as_str());
            columns.vehicles.push(key.vehicle.as_str());
        }
        columns
    }
}

impl Verify {
    pub(super) async fn prepare(connection: &Connection) -> Result<Self, Error> {
        let sql = format!(
            "-- verify_connection
            select
                (select count(*)
                from unnest($1::integer[], $2::text[], $3::text[])
                    as used (vehicle_id, fleet, vehicle)
                where not exists (
                    select from vehicle v
                    where v.vehicle_id = used.vehicle_id
                        and v.fleet = used.fleet and v.vehicle = used.vehicle
                )),
                (select max(version)::integer from ayaz_schema_version),
                current_user::text,
                current_setting('{MARK}', true)"
        );
        Ok(Self {
            statement: connection.client.prepare(&sql).await?,
            mark: connection.mark().to_owned(),
            schema_version: latest_version(),
        })
    }

    /// Fails if the database differs from the cached values.
    pub(super) async fn verify(
        &self,
        transaction: &Transaction<'_>,
        used: &UsedVehicles<'_>,
    ) -> Result<(), StoreError> {
        let row = transaction
            .query_one(
                &self.statement,
                &[&used.numbers, &used.fleets, &used.vehicles],
            )
            .await
            .map_err(|error| StoreError::from_driver("verify the connection", error))?;
        let (changed_count, version): (i64, Option<i32>) = (row.get(0), row.get(1));
        if row.get::<_, Option<&str>>(3) != Some(self.mark.as_str())
            || row.get::<_, Option<&str>>(2) != Role::Ingest.name()
        {
            return Err(StoreError::Fatal(NOT_OURS.to_owned()));
        }
        let changed = |cause| {
            Err(StoreError::Transient {
                operation: "verify the connection",
                cause,
            })
        };
        if version != Some(self.schema_version) {
            return changed("the schema has changed since this connection was opened".to_owned());
        }
        if changed_count > 0 {
            return changed(format!(
                "the numbers of {changed_count} of {} vehicles have changed since this connection read them, as \
                 after restoring a backup; nothing was stored with them, they are read again",
                used.numbers.len()
            ));
        }
        Ok(())
    }
}
