//! Rows of `hour_exterior`, described in their migration.

use ayaz_energy::exterior::{Exterior, ExteriorChanges, Exteriors};
use ayaz_model::VehicleNumber;
use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement, Transaction};

use super::timestamp;
use crate::error::StoreError;

/// Reads arrays of hours, integrals and times from columns of a row, starting at `first`.
pub(super) fn from_row(row: &Row, first: usize) -> Exteriors {
    let hours: Vec<Timestamp> = row.get(first);
    let kelvin_seconds: Vec<f64> = row.get(first + 1);
    let seconds: Vec<f64> = row.get(first + 2);
    let exteriors = kelvin_seconds.into_iter().zip(seconds);
    let exteriors = exteriors.map(|(kelvin_seconds, seconds)| Exterior {
        kelvin_seconds,
        seconds,
    });
    hours.into_iter().map(Into::into).zip(exteriors).collect()
}

/// Deletes hours ($2), inserts others ($3 to $5), and queues all of them for the fleet check.
pub(super) const CHANGE: &str = "-- change_exteriors
    with gone as (
        delete from hour_exterior where hour = any ($2) and vehicle_id = $1
    ), changed as (
        insert into hour_exterior (vehicle_id, hour, kelvin_seconds, seconds)
        select $1, * from unnest($3::timestamptz[], $4::float8[], $5::float8[])
        on conflict (hour, vehicle_id) do update
            set kelvin_seconds = excluded.kelvin_seconds, seconds = excluded.seconds
    )
    insert into fleet_hour_queue (fleet, hour)
    select fleet, hour from vehicle, unnest($2::timestamptz[] || $3::timestamptz[]) as hour
    where vehicle_id = $1
    on conflict do nothing";

/// Writes the changes, and queues the changed hours of the fleet for the check.
pub(super) async fn change(
    transaction: &Transaction<'_>,
    statement: &Statement,
    vehicle: VehicleNumber,
    changes: &ExteriorChanges,
) -> Result<(), StoreError> {
    let gone: Vec<Timestamp> = changes.gone.iter().copied().map(timestamp).collect();
    let changed: Vec<Timestamp> = changes.changed.keys().copied().map(timestamp).collect();
    let column =
        |pick: fn(&Exterior) -> f64| -> Vec<f64> { changes.changed.values().map(pick).collect() };
    let kelvin_seconds = column(|of| of.kelvin_seconds);
    let seconds = column(|of| of.seconds);
    let parameters: [&(dyn ToSql + Sync); 5] =
        [&vehicle, &gone, &changed, &kelvin_seconds, &seconds];
    transaction
        .execute(statement, &parameters)
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("write exterior temperatures", error))
}
