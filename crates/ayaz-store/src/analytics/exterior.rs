//! Rows of `hour_exterior`, described in their migration.

use ayaz_energy::exterior::{Exterior, Exteriors};
use ayaz_model::VehicleNumber;
use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement, Transaction};

use super::timestamp;
use crate::error::StoreError;

/// From columns of a row, the first of which is `first`: arrays of hours, integrals and times.
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

/// Takes hours away ($2), puts others in their place ($3 to $5), and has all of them judged again.
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

/// Puts what the vehicle measures now in the place of what was known, and has the fleet's hours
/// judged again in which that is something else.
pub(super) async fn change(
    transaction: &Transaction<'_>,
    statement: &Statement,
    vehicle: VehicleNumber,
    before: &Exteriors,
    now: &Exteriors,
) -> Result<(), StoreError> {
    let gone = before.keys().filter(|hour| !now.contains_key(hour));
    let gone: Vec<Timestamp> = gone.copied().map(timestamp).collect();
    let (changed, exteriors): (Vec<Timestamp>, Vec<Exterior>) = now
        .iter()
        .filter(|(hour, exterior)| before.get(hour) != Some(exterior))
        .map(|(hour, exterior)| (timestamp(*hour), *exterior))
        .unzip();
    if gone.is_empty() && changed.is_empty() {
        return Ok(());
    }
    let kelvin_seconds: Vec<f64> = exteriors.iter().map(|of| of.kelvin_seconds).collect();
    let seconds: Vec<f64> = exteriors.iter().map(|of| of.seconds).collect();
    let parameters: [&(dyn ToSql + Sync); 5] =
        [&vehicle, &gone, &changed, &kelvin_seconds, &seconds];
    transaction
        .execute(statement, &parameters)
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("write exterior temperatures", error))
}
