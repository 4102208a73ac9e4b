//! Vehicles by number: every reading carries four bytes instead of two names.

use std::collections::HashMap;

use ayaz_model::VehicleKey;
use tokio_postgres::Client;

use crate::error::StoreError;

/// A vehicle's number in the database.
pub type VehicleNumber = i32;

/// Numbers already looked up. Forgets everything when it grows over its bound, which costs one
/// look-up per vehicle and never a wrong number: a vehicle's number does not change.
#[derive(Debug)]
pub struct VehicleDirectory {
    known: HashMap<VehicleKey, VehicleNumber>,
    vehicles_max: usize,
}

impl VehicleDirectory {
    /// A directory that remembers up to `vehicles_max` vehicles (about 200 bytes each).
    pub fn new(vehicles_max: usize) -> Self {
        Self {
            known: HashMap::new(),
            vehicles_max,
        }
    }

    /// The vehicle's number, if it is known without asking.
    pub fn get(&self, key: &VehicleKey) -> Option<VehicleNumber> {
        self.known.get(key).copied()
    }

    /// Learns the numbers of all these vehicles, entering the new ones in their own transaction: a
    /// number that a rolled-back batch had used must not be remembered.
    pub async fn learn<'a>(
        &mut self,
        client: &Client,
        keys: impl Iterator<Item = &'a VehicleKey>,
    ) -> Result<(), StoreError> {
        let mut wanted: Vec<&VehicleKey> = keys.collect();
        wanted.sort_unstable();
        wanted.dedup();
        let is_missing =
            |known: &HashMap<VehicleKey, VehicleNumber>, key: &VehicleKey| !known.contains_key(key);
        let missing = wanted
            .iter()
            .filter(|key| is_missing(&self.known, key))
            .count();
        if missing == 0 {
            return Ok(());
        }
        if self.known.len() + missing > self.vehicles_max {
            // Before the look-up, so that all vehicles of this batch are known after it.
            self.known.clear();
        }
        let missing: Vec<&VehicleKey> = wanted
            .into_iter()
            .filter(|key| is_missing(&self.known, key))
            .collect();
        let fleets: Vec<&str> = missing.iter().map(|key| key.fleet.as_str()).collect();
        let vehicles: Vec<&str> = missing.iter().map(|key| key.vehicle.as_str()).collect();
        let rows = client
            .query(
                "-- learn_vehicles
                with wanted as (
                    select * from unnest($1::text[], $2::text[]) as w (fleet, vehicle)
                ), entered as (
                    insert into vehicle (fleet, vehicle)
                    select fleet, vehicle from wanted
                    where not exists (
                        select from vehicle v
                        where v.fleet = wanted.fleet and v.vehicle = wanted.vehicle
                    )
                    on conflict do nothing
                )
                select 1",
                &[&fleets, &vehicles],
            )
            .await
            .map(drop)
            .map_err(|error| StoreError::from_driver("enter new vehicles", error));
        rows?;
        // A second statement, because the first does not see what it, or a concurrent daemon,
        // inserted.
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
        for row in rows {
            let key = missing.binary_search_by(|key| {
                (key.fleet.as_str(), key.vehicle.as_str()).cmp(&(row.get(0), row.get(1)))
            });
            if let Ok(index) = key {
                self.known.insert(missing[index].clone(), row.get(2));
            }
        }
        Ok(())
    }
}

/// Enters or corrects a type of vehicle. Needs the owner's rights.
pub async fn enter_model(
    owner: &Client,
    model: &str,
    length_m: f32,
    usable_energy_kwh: f32,
) -> Result<(), StoreError> {
    owner
        .execute(
            "-- enter_model
            insert into vehicle_model (model, length_m, usable_energy_kwh) values ($1, $2, $3)
            on conflict (model) do update set
                length_m = excluded.length_m,
                usable_energy_kwh = excluded.usable_energy_kwh",
            &[&model, &length_m, &usable_energy_kwh],
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("enter a vehicle model", error))
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
