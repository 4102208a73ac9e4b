//! Vehicles by number: every reading carries four bytes instead of two names.

use std::collections::HashMap;

use ayaz_model::{VehicleKey, VehicleNumber};
use tokio_postgres::{Client, Row};

use crate::error::StoreError;

/// Numbers already looked up over one connection. It ends with the connection, and what it says is held
/// against the database in each transaction that relies on it: behind the same address there may be
/// another database by then, or the same one restored. Forgets everything when it grows over its bound,
/// which costs one look-up per vehicle.
#[derive(Debug)]
pub struct VehicleDirectory {
    known: Numbers,
    vehicles_max: usize,
}

type Numbers = HashMap<VehicleKey, VehicleNumber>;

impl VehicleDirectory {
    /// A directory that remembers up to `vehicles_max` vehicles (about 100 bytes each).
    pub fn new(vehicles_max: usize) -> Self {
        Self {
            known: Numbers::new(),
            vehicles_max,
        }
    }

    /// The numbers of these vehicles, in their order. Those that are new are entered in a transaction of
    /// their own: a number that a rolled-back batch had used must not be remembered.
    pub async fn numbers<'a>(
        &mut self,
        client: &Client,
        keys: impl Iterator<Item = &'a VehicleKey> + Clone,
    ) -> Result<Vec<VehicleNumber>, StoreError> {
        let mut missing: Vec<&VehicleKey> = keys
            .clone()
            .filter(|key| !self.known.contains_key(*key))
            .collect();
        if !missing.is_empty() {
            missing.sort_unstable();
            missing.dedup();
            if self.known.len() + missing.len() > self.vehicles_max {
                self.known.clear();
                missing = keys.clone().collect();
                missing.sort_unstable();
                missing.dedup();
            }
            self.known.extend(look_up(client, &missing).await?);
            missing.retain(|key| !self.known.contains_key(*key));
        }
        if !missing.is_empty() {
            enter(client, &missing).await?;
            // Another statement, because the first does not see what a concurrent daemon entered.
            self.known.extend(look_up(client, &missing).await?);
        }
        let number = |key: &VehicleKey| {
            let number = self.known.get(key).copied();
            number.ok_or_else(|| StoreError::Transient {
                operation: "look up vehicles",
                cause: format!(
                    "{key} was entered but is not there: its number is another vehicle's; see \
                     `select max(vehicle_id) from vehicle` and the sequence of that column"
                ),
            })
        };
        keys.map(number).collect()
    }
}

/// A vehicle's name, as FLEET/VEHICLE; its number, if it has been deleted.
pub async fn name(client: &Client, number: VehicleNumber) -> Result<String, StoreError> {
    client
        .query_opt(
            "-- vehicle_name
            select fleet || '/' || vehicle from vehicle where vehicle_id = $1",
            &[&number],
        )
        .await
        .map(|row| row.map_or_else(|| format!("number {number}"), |row| row.get(0)))
        .map_err(|error| StoreError::from_driver("look up a vehicle's name", error))
}

/// Enters those of the vehicles that are new. They must be in order.
async fn enter(client: &Client, keys: &[&VehicleKey]) -> Result<(), StoreError> {
    let (fleets, vehicles) = names(keys);
    client
        .execute(
            "-- learn_vehicles
            insert into vehicle (fleet, vehicle)
            select fleet, vehicle
            from unnest($1::text[], $2::text[]) as wanted (fleet, vehicle)
            where not exists (
                select from vehicle v
                where v.fleet = wanted.fleet and v.vehicle = wanted.vehicle
            )
            -- In one order, so that two who enter the same do not deadlock.
            order by fleet, vehicle
            on conflict do nothing",
            &[&fleets, &vehicles],
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("enter new vehicles", error))
}

/// The numbers of those that are there. They must be in order.
async fn look_up(client: &Client, keys: &[&VehicleKey]) -> Result<Numbers, StoreError> {
    let (fleets, vehicles) = names(keys);
    let rows = client
        .query(
            "-- look_up_vehicles
            select v.fleet, v.vehicle, v.vehicle_id
            from unnest($1::text[], $2::text[]) as w (fleet, vehicle)
            join vehicle v using (fleet, vehicle)",
            &[&fleets, &vehicles],
        )
        .await
        .map_err(|error| StoreError::from_driver("look up vehicles", error))?;
    let number = |row: &Row| {
        let key = keys.binary_search_by(|key| {
            (key.fleet.as_str(), key.vehicle.as_str()).cmp(&(row.get(0), row.get(1)))
        });
        Some((keys[key.ok()?].clone(), row.get(2)))
    };
    Ok(rows.iter().filter_map(number).collect())
}

fn names<'a>(keys: &[&'a VehicleKey]) -> (Vec<&'a str>, Vec<&'a str>) {
    keys.iter()
        .map(|key| (key.fleet.as_str(), key.vehicle.as_str()))
        .unzip()
}

/// Says of which type a vehicle is, entering the vehicle if it is new. Needs the owner's rights.
pub async fn assign_model(
    owner: &Client,
    vehicle: &VehicleKey,
    model: &str,
) -> Result<(), StoreError> {
    owner
        .execute(
            "-- assign_model
            insert into vehicle (fleet, vehicle, model) values ($1, $2, $3)
            on conflict (fleet, vehicle) do update set model = excluded.model",
            &[&vehicle.fleet.as_str(), &vehicle.vehicle.as_str(), &model],
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("assign a vehicle's model", error))
}
