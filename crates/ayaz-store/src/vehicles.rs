//! Numbers of vehicles: a reading stores four bytes instead of two names.

use std::collections::HashMap;

use ayaz_model::{VehicleKey, VehicleNumber};
use tokio_postgres::{Client, Row};

use crate::error::StoreError;

/// Cache of the numbers that were looked up over one connection. It is dropped with the connection, and each
/// transaction checks the numbers that it uses: the address may lead to another database by then, or to a
/// restored one. A full cache is emptied, which costs one look-up per vehicle.
#[derive(Debug)]
pub struct VehicleDirectory {
    known: Numbers,
    vehicles_max: usize,
}

type Numbers = HashMap<VehicleKey, VehicleNumber>;

impl VehicleDirectory {
    /// A cache of up to `vehicles_max` vehicles (about 100 bytes each).
    pub fn new(vehicles_max: usize) -> Self {
        Self {
            known: Numbers::new(),
            vehicles_max,
        }
    }

    /// The numbers of these vehicles, in their order. A separate transaction inserts new vehicles: otherwise
    /// the cache could keep a number of a batch that was rolled back.
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
            // A second statement, since the first does not see vehicles that another daemon inserts at the
            // same time.
            self.known.extend(look_up(client, &missing).await?);
        }
        let number = |key: &VehicleKey| {
            let number = self.known.get(key).copied();
            number.ok_or_else(|| StoreError::Transient {
                operation: "look up vehicles",
                cause: format!(
                    "{key} was inserted but is not there: another vehicle has its number; see \
                     `select max(vehicle_id) from vehicle` and the sequence of that column"
                ),
            })
        };
        keys.map(number).collect()
    }
}

/// Name of a vehicle as FLEET/VEHICLE; its number if it was deleted.
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

/// Inserts the new vehicles among these. They must be sorted.
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
            -- In one order, so that concurrent inserts do not deadlock.
            order by fleet, vehicle
            on conflict do nothing",
            &[&fleets, &vehicles],
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("insert new vehicles", error))
}

/// The numbers of the known vehicles among these. They must be sorted.
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

/// Sets the model of a vehicle, and inserts the vehicle if it is new. Needs the owner's rights.
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
