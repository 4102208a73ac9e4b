//! Rows of `hour_exterior`, described in their migration.

use std::collections::BTreeMap;

use ayaz_model::{UnixMicroseconds, VehicleNumber};
use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement, Transaction};

use super::pieces::{Activity, Piece};
use super::timestamp;
use crate::error::StoreError;

/// 0 °C, K.
pub const ZERO_CELSIUS_KELVIN: f64 = 273.15;

/// The exterior temperature of some time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Exterior {
    /// Its integral, K·s.
    pub kelvin_seconds: f64,
    /// The time it covers, s.
    pub seconds: f64,
}

impl Exterior {
    /// Its mean, °C; `None` if it was not measured.
    pub fn mean_celsius(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.kelvin_seconds / self.seconds - ZERO_CELSIUS_KELVIN)
    }
}

/// By hour.
pub type Exteriors = BTreeMap<UnixMicroseconds, Exterior>;

/// What a vehicle measured on trips, of the hours in which it did; what it measured while it was
/// parked may be the air of a hall. `pieces` are in the order of the table.
pub fn exterior_on_trips(pieces: &[Piece]) -> Exteriors {
    let mut hours = Exteriors::new();
    for piece in pieces {
        if piece.activity == Activity::Trip {
            let hour = hours.entry(piece.hour).or_default();
            hour.kelvin_seconds += piece.energy.exterior_kelvin_seconds;
            hour.seconds += piece.energy.exterior_seconds;
        }
    }
    hours.retain(|_, exterior| exterior.seconds > 0.0);
    hours
}

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
