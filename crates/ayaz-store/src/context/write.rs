//! Writes context: all changes or none, one writer at a time.

use tokio_postgres::{Client, Transaction};

use super::read::{Selection, StoredContext};
use super::zones::Zones;
use super::{Attribute, ContextRecord, Depot, Heater, Model, Vehicle};
use crate::error::StoreError;

/// Changes to write. A record with a known key is replaced; an equal record is not touched.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContextChanges {
    /// Vehicle models.
    pub models: Vec<Model>,
    /// Depots.
    pub depots: Vec<Depot>,
    /// Vehicles. One without a model keeps its known model.
    pub vehicles: Vec<Vehicle>,
    /// Records of vehicles; the vehicles must exist or be in the list above.
    pub records: Vec<ContextRecord>,
}

/// A transaction that locks the context: other writers wait for its end. Dropping it undoes all changes.
pub struct ContextWriter<'a> {
    transaction: Transaction<'a>,
}

impl<'a> ContextWriter<'a> {
    /// Begins once earlier writers are done. Needs the operator's rights.
    pub async fn begin(operator: &'a mut Client) -> Result<Self, StoreError> {
        let failed = |error| StoreError::from_driver("begin to write context", error);
        let transaction = operator.transaction().await.map_err(failed)?;
        // With read committed, the queries below see what earlier writers committed. Only an operator can
        // take this lock, so nobody else can block a writer.
        transaction
            .batch_execute(
                "-- context_lock\nlock table vehicle_context in share row exclusive mode",
            )
            .await
            .map_err(failed)?;
        Ok(Self { transaction })
    }

    /// Reads the stored context, before or after the changes.
    pub async fn stored(&self) -> Result<StoredContext, StoreError> {
        StoredContext::load(&self.transaction, &Selection::default()).await
    }

    /// See [`zone_names`](super::zone_names).
    pub async fn zone_names(&self) -> Result<std::collections::BTreeSet<String>, StoreError> {
        super::zone_names(&self.transaction).await
    }

    /// The first instant at which the time zone data of this machine and of the database differ.
    pub async fn zone_differs_here(
        &self,
        zone: &str,
    ) -> Result<Option<jiff::Timestamp>, StoreError> {
        Zones::default().differs_here(&self.transaction, zone).await
    }

    /// Writes the changes in the order of their references.
    pub async fn write(&self, changes: &ContextChanges) -> Result<(), StoreError> {
        self.write_models(&changes.models).await?;
        self.write_depots(&changes.depots).await?;
        self.write_vehicles(&changes.vehicles).await?;
        self.write_records(&changes.records).await
    }

    /// Commits the changes.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.transaction
            .commit()
            .await
            .map_err(|error| StoreError::from_driver("store context", error))
    }

    async fn write_models(&self, models: &[Model]) -> Result<(), StoreError> {
        let names: Vec<&str> = models.iter().map(|m| m.model.as_str()).collect();
        let lengths: Vec<Option<f32>> = models.iter().map(|m| m.length_m).collect();
        let energies: Vec<Option<f32>> = models.iter().map(|m| m.usable_energy_kwh).collect();
        let heaters: Vec<Option<&str>> =
            models.iter().map(|m| m.heater.map(Heater::name)).collect();
        self.transaction
            .execute(
                "-- write_models
                insert into vehicle_model as m (model, length_m, usable_energy_kwh, heater)
                select * from unnest($1::text[], $2::real[], $3::real[], $4::text[])
                on conflict (model) do update set
                    length_m = excluded.length_m,
                    usable_energy_kwh = excluded.usable_energy_kwh,
                    heater = excluded.heater
                where (m.length_m, m.usable_energy_kwh, m.heater) is distinct from
                    (excluded.length_m, excluded.usable_energy_kwh, excluded.heater)",
                &[&names, &lengths, &energies, &heaters],
            )
            .await
            .map(drop)
            .map_err(|error| StoreError::from_driver("write vehicle models", error))
    }

    async fn write_depots(&self, depots: &[Depot]) -> Result<(), StoreError> {
        let names: Vec<&str> = depots.iter().map(|d| d.depot.as_str()).collect();
        let zones: Vec<&str> = depots.iter().map(|d| d.zone.as_str()).collect();
        let hours: Vec<i16> = depots.iter().map(|d| d.cut_over_hour).collect();
        self.transaction
            .execute(
                "-- write_depots
                insert into depot as d (depot, zone, cut_over_hour)
                select * from unnest($1::text[], $2::text[], $3::smallint[])
                on conflict (depot) do update set
                    zone = excluded.zone,
                    cut_over_hour = excluded.cut_over_hour
                where (d.zone, d.cut_over_hour) is distinct from
                    (excluded.zone, excluded.cut_over_hour)",
                &[&names, &zones, &hours],
            )
            .await
            .map(drop)
            .map_err(|error| StoreError::from_driver("enter depots", error))
    }

    async fn write_vehicles(&self, vehicles: &[Vehicle]) -> Result<(), StoreError> {
        let fleets: Vec<&str> = vehicles.iter().map(|v| v.key.fleet.as_str()).collect();
        let names: Vec<&str> = vehicles.iter().map(|v| v.key.vehicle.as_str()).collect();
        let models: Vec<Option<&str>> = vehicles.iter().map(|v| v.model.as_deref()).collect();
        self.transaction
            .execute(
                "-- write_vehicles
                insert into vehicle as v (fleet, vehicle, model)
                select * from unnest($1::text[], $2::text[], $3::text[])
                    as wanted (fleet, vehicle, model)
                -- In one order, so that it does not deadlock with a daemon that inserts the same vehicles.
                order by fleet, vehicle
                on conflict (fleet, vehicle) do update set model = excluded.model
                where excluded.model is not null and v.model is distinct from excluded.model",
                &[&fleets, &names, &models],
            )
            .await
            .map(drop)
            .map_err(|error| StoreError::from_driver("enter vehicles", error))
    }

    async fn write_records(&self, records: &[ContextRecord]) -> Result<(), StoreError> {
        let fleets: Vec<&str> = records.iter().map(|r| r.vehicle.fleet.as_str()).collect();
        let vehicles: Vec<&str> = records.iter().map(|r| r.vehicle.vehicle.as_str()).collect();
        let attributes: Vec<&str> = records
            .iter()
            .map(|r| Attribute::name(r.attribute))
            .collect();
        let values: Vec<&str> = records.iter().map(|r| r.value.as_str()).collect();
        let from: Vec<_> = records.iter().map(|r| r.valid_from).collect();
        let to: Vec<_> = records.iter().map(|r| r.valid_to).collect();
        let failed = |error| StoreError::from_driver("write the context of vehicles", error);
        let entered = self
            .transaction
            .query_one(
                "-- write_records
                with wanted as (
                    select
                        v.vehicle_id,
                        w.attribute,
                        coalesce(w.valid_from, '-infinity') as valid_from,
                        coalesce(w.valid_to, 'infinity') as valid_to,
                        w.value
                    from unnest(
                        $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
                        $6::timestamptz[]
                    ) as w (fleet, vehicle, attribute, value, valid_from, valid_to)
                    join vehicle v using (fleet, vehicle)
                ), entered as (
                    insert into vehicle_context as c
                        (vehicle_id, attribute, valid_from, valid_to, value)
                    select * from wanted
                    -- Shortened records first: they make room for the next ones.
                    order by vehicle_id, attribute, valid_from
                    on conflict (vehicle_id, attribute, valid_from) do update set
                        valid_to = excluded.valid_to,
                        value = excluded.value
                    where (c.valid_to, c.value) is distinct from
                        (excluded.valid_to, excluded.value)
                )
                select count(*) from wanted",
                &[&fleets, &vehicles, &attributes, &values, &from, &to],
            )
            .await
            .map_err(failed)?
            .get::<_, i64>(0);
        if entered as u64 == records.len() as u64 {
            Ok(())
        } else {
            Err(StoreError::Fatal(
                "write the context of vehicles: the vehicle of a record does not exist".to_owned(),
            ))
        }
    }
}
