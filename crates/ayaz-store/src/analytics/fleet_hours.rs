//! Hours of fleets, in which exterior temperatures are compared: rows of `fleet_hour`, `exterior_doubt` and
//! `fleet_hour_queue`, described in their migration.

use ayaz_energy::exterior::{Exterior, ExteriorFlag, FleetExterior, VehicleExterior};
use ayaz_model::{UnixMicroseconds, VehicleNumber};
use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement, Transaction};

use super::lease::Lease;
use super::queue;
use super::refresh::{Refresh, RefreshStatements, snapshot};
use super::storage::HourRange;
use super::timestamp;
use crate::error::StoreError;

/// A queued hour of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedFleetHour {
    /// The fleet.
    pub fleet: String,
    /// Start of the UTC hour.
    pub hour: UnixMicroseconds,
}

/// $1 is whether the open hour is due too. A fleet's hour is due a little later than those of its vehicles,
/// which are due three minutes after their end.
const IS_DUE: &str = "($1::boolean or hour <= now() - interval '1 hour 5 minutes')";

/// Up to `hours_max` due hours, in the mix of [`queue::shares`]. An open hour changes with every refresh of
/// every vehicle, so it is due only with `with_open`.
pub async fn next_hours(
    client: &Client,
    with_open: bool,
    hours_max: u32,
) -> Result<Vec<QueuedFleetHour>, StoreError> {
    let (latest, oldest) = queue::shares(hours_max);
    let parameters: [&(dyn ToSql + Sync); 3] = [&with_open, &latest, &oldest];
    let statement = queue::next_statement("fleet_hour_queue", "fleet", IS_DUE, ["$2", "$3"]);
    let rows = client
        .query(&statement, &parameters)
        .await
        .map_err(|error| StoreError::from_driver("read the queue of fleets", error))?;
    Ok(rows
        .iter()
        .map(|row| QueuedFleetHour {
            fleet: row.get(0),
            hour: row.get::<_, Timestamp>(1).into(),
        })
        .collect())
}

/// Number of due hours of fleets.
pub async fn hours_due(client: &Client, with_open: bool) -> Result<u64, StoreError> {
    let statement =
        format!("-- fleet_hours_due\nselect count(*) from fleet_hour_queue where {IS_DUE}");
    client
        .query_one(&statement, &[&with_open])
        .await
        .map(|row| row.get::<_, i64>(0).unsigned_abs())
        .map_err(|error| StoreError::from_driver("count the queue of fleets", error))
}

const EXTERIORS: &str = "-- exteriors_of_fleet
    select h.vehicle_id, h.kelvin_seconds, h.seconds
    from vehicle v
    join hour_exterior h using (vehicle_id)
    where v.fleet = $1 and h.hour = $2
    order by h.vehicle_id";

const DOUBTS: &str = "-- exterior_doubts
    select d.vehicle_id, d.exterior_mean_celsius, d.exterior_median_celsius, d.deviation_kelvin
    from exterior_doubt d
    join vehicle v using (vehicle_id)
    where v.fleet = $1 and d.hour = $2
    order by d.vehicle_id";

const FORGET: &str = "-- forget_exterior_flags
    delete from exterior_doubt where vehicle_id = any ($1::integer[]) and hour = $2";

const REMEMBER: &str = "-- remember_exterior_flags
    insert into exterior_doubt (
        vehicle_id, hour, exterior_mean_celsius, exterior_median_celsius, deviation_kelvin
    )
    select vehicle_id, $2, mean, median, deviation
    from unnest($1::integer[], $3::float8[], $4::float8[], $5::float8[])
        as d (vehicle_id, mean, median, deviation)";

const FORGET_FLEET: &str = "-- forget_fleet_hour
    delete from fleet_hour where fleet = $1 and hour = $2";

const REMEMBER_FLEET: &str = "-- remember_fleet_hour
    insert into fleet_hour (fleet, hour, vehicles, exterior_median_celsius)
    values ($1, $2, $3, $4)
    on conflict (fleet, hour) do update set
        vehicles = excluded.vehicles,
        exterior_median_celsius = excluded.exterior_median_celsius";

const TAKE_OFF: &str = "-- take_off_fleet_hour
    delete from fleet_hour_queue where fleet = $1 and hour = $2";

/// Statements of the fleet check, prepared once per connection.
#[derive(Debug, Clone)]
pub struct FleetStatements {
    exteriors: Statement,
    flags: Statement,
    forget: Statement,
    remember: Statement,
    forget_fleet: Statement,
    remember_fleet: Statement,
    take_off: Statement,
    lease: Option<Lease>,
}

impl FleetStatements {
    /// Prepares the statements.
    pub async fn prepare(client: &Client) -> Result<Self, StoreError> {
        let prepare = async |statement| {
            let prepared = client.prepare(statement).await;
            prepared.map_err(|error| StoreError::from_driver("prepare the fleet check", error))
        };
        Ok(Self {
            exteriors: prepare(EXTERIORS).await?,
            flags: prepare(DOUBTS).await?,
            forget: prepare(FORGET).await?,
            remember: prepare(REMEMBER).await?,
            forget_fleet: prepare(FORGET_FLEET).await?,
            remember_fleet: prepare(REMEMBER_FLEET).await?,
            take_off: prepare(TAKE_OFF).await?,
            lease: None,
        })
    }

    /// The same, but commits only while this lease is held.
    pub fn under(self, lease: Lease) -> Self {
        Self {
            lease: Some(lease),
            ..self
        }
    }
}

/// One fleet check, in one transaction with one snapshot. Dropping it undoes all changes.
pub struct FleetHour<'a> {
    transaction: Transaction<'a>,
    statements: &'a FleetStatements,
    fleet: &'a str,
    hour: UnixMicroseconds,
}

impl<'a> FleetHour<'a> {
    /// Begins the check of the hour.
    pub async fn begin(
        client: &'a mut Client,
        statements: &'a FleetStatements,
        QueuedFleetHour { fleet, hour }: &'a QueuedFleetHour,
    ) -> Result<Self, StoreError> {
        let transaction = snapshot(client)
            .await
            .map_err(|error| StoreError::from_driver("begin a fleet check", error))?;
        Ok(Self {
            transaction,
            statements,
            fleet,
            hour: *hour,
        })
    }

    /// Exterior temperatures of the fleet's vehicles on trips, by vehicle number.
    pub async fn exteriors(&self) -> Result<Vec<VehicleExterior>, StoreError> {
        let rows = self
            .transaction
            .query(
                &self.statements.exteriors,
                &[&self.fleet, &timestamp(self.hour)],
            )
            .await
            .map_err(|error| {
                StoreError::from_driver("read a fleet's exterior temperatures", error)
            })?;
        Ok(rows
            .iter()
            .map(|row| VehicleExterior {
                vehicle: row.get(0),
                exterior: Exterior {
                    kelvin_seconds: row.get(1),
                    seconds: row.get(2),
                },
            })
            .collect())
    }

    /// Current flags, by vehicle number.
    pub async fn flags(&self) -> Result<Vec<ExteriorFlag>, StoreError> {
        let rows = self
            .transaction
            .query(
                &self.statements.flags,
                &[&self.fleet, &timestamp(self.hour)],
            )
            .await
            .map_err(|error| StoreError::from_driver("read exterior flags", error))?;
        Ok(rows
            .iter()
            .map(|row| ExteriorFlag {
                vehicle: row.get(0),
                exterior_mean_celsius: row.get(1),
                exterior_median_celsius: row.get(2),
                deviation_kelvin: row.get(3),
            })
            .collect())
    }

    /// Removes the flags of some vehicles, then adds others.
    pub async fn change_flags(
        &self,
        removed: &[VehicleNumber],
        added: &[ExteriorFlag],
    ) -> Result<(), StoreError> {
        let failed = |error| StoreError::from_driver("write exterior flags", error);
        let hour = timestamp(self.hour);
        if !removed.is_empty() {
            self.transaction
                .execute(&self.statements.forget, &[&removed, &hour])
                .await
                .map_err(failed)?;
        }
        if !added.is_empty() {
            let column =
                |pick: fn(&ExteriorFlag) -> f64| -> Vec<f64> { added.iter().map(pick).collect() };
            let vehicles: Vec<VehicleNumber> = added.iter().map(|of| of.vehicle).collect();
            self.transaction
                .execute(
                    &self.statements.remember,
                    &[
                        &vehicles,
                        &hour,
                        &column(|of| of.exterior_mean_celsius),
                        &column(|of| of.exterior_median_celsius),
                        &column(|of| of.deviation_kelvin),
                    ],
                )
                .await
                .map_err(failed)?;
        }
        Ok(())
    }

    /// Writes the fleet's median, or deletes it for `None`, and removes the hour from the queue.
    pub async fn save_median(&self, fleet: Option<FleetExterior>) -> Result<(), StoreError> {
        let failed = |error| StoreError::from_driver("write the result of a fleet check", error);
        let hour = timestamp(self.hour);
        match fleet {
            Some(of) => {
                let parameters: [&(dyn ToSql + Sync); 4] = [
                    &self.fleet,
                    &hour,
                    &of.vehicles,
                    &of.exterior_median_celsius,
                ];
                let statement = &self.statements.remember_fleet;
                self.transaction.execute(statement, &parameters).await
            }
            None => {
                let statement = &self.statements.forget_fleet;
                self.transaction
                    .execute(statement, &[&self.fleet, &hour])
                    .await
            }
        }
        .map_err(failed)?;
        self.transaction
            .execute(&self.statements.take_off, &[&self.fleet, &hour])
            .await
            .map(drop)
            .map_err(failed)
    }

    /// Begins to refresh a vehicle's sessions around the hour, within this transaction.
    pub async fn sessions_of<'b>(
        &'b mut self,
        statements: &'b RefreshStatements,
        vehicle: VehicleNumber,
    ) -> Result<Refresh<'b>, StoreError> {
        let range = HourRange {
            vehicle,
            from: self.hour,
            count: 1,
        };
        Refresh::within(&mut self.transaction, statements, range).await
    }

    /// Commits all changes.
    pub async fn commit(self) -> Result<(), StoreError> {
        if let Some(lease) = &self.statements.lease {
            lease.check(&self.transaction).await?;
        }
        self.transaction
            .commit()
            .await
            .map_err(|error| StoreError::from_driver("commit a fleet check", error))
    }
}
