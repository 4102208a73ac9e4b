//! Reads models, depots and vehicles.

use std::collections::BTreeSet;

use ayaz_model::VehicleKey;
use jiff::Timestamp;
use tokio_postgres::{GenericClient, Row};

use super::{Attribute, ContextRecord, Depot, Heater, Model, Vehicle};
use crate::error::StoreError;

/// Filters of vehicles and records; `None` means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Vehicles of this fleet.
    pub fleet: Option<String>,
    /// Vehicles of this name, in every fleet selected.
    pub vehicle: Option<String>,
    /// Records of this attribute.
    pub attribute: Option<Attribute>,
    /// Records that are valid at this instant.
    pub at: Option<Timestamp>,
}

/// Stored context, each list sorted by names and times.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredContext {
    /// Vehicle models.
    pub models: Vec<Model>,
    /// Depots.
    pub depots: Vec<Depot>,
    /// Vehicles, including those without any attribute.
    pub vehicles: Vec<Vehicle>,
    /// Their records.
    pub records: Vec<ContextRecord>,
    /// Time zone of vehicles without a depot.
    pub default_zone: String,
}

impl StoredContext {
    /// Reads all models and depots, and the selected vehicles and records.
    pub async fn load(
        client: &impl GenericClient,
        selection: &Selection,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            models: models(client).await?,
            depots: depots(client).await?,
            vehicles: vehicles(client, selection).await?,
            records: records(client, selection).await?,
            default_zone: default_zone(client).await?,
        })
    }
}

async fn models(client: &impl GenericClient) -> Result<Vec<Model>, StoreError> {
    let rows = client
        .query(
            "-- context_models
            select model, length_m, usable_energy_kwh, heater from vehicle_model
            order by model collate \"C\"",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("read vehicle models", error))?;
    let model = |row: &Row| Model {
        model: row.get(0),
        length_m: row.get(1),
        usable_energy_kwh: row.get(2),
        heater: row.get::<_, Option<&str>>(3).and_then(Heater::from_name),
    };
    Ok(rows.iter().map(model).collect())
}

async fn depots(client: &impl GenericClient) -> Result<Vec<Depot>, StoreError> {
    let rows = client
        .query(
            "-- context_depots
            select depot, zone, cut_over_hour from depot order by depot collate \"C\"",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("read depots", error))?;
    let depot = |row: &Row| Depot {
        depot: row.get(0),
        zone: row.get(1),
        cut_over_hour: row.get(2),
    };
    Ok(rows.iter().map(depot).collect())
}

async fn vehicles(
    client: &impl GenericClient,
    selection: &Selection,
) -> Result<Vec<Vehicle>, StoreError> {
    let rows = client
        .query(
            "-- context_vehicles
            select fleet, vehicle, model from vehicle
            where ($1::text is null or fleet = $1) and ($2::text is null or vehicle = $2)
            order by fleet collate \"C\", vehicle collate \"C\"",
            &[&selection.fleet, &selection.vehicle],
        )
        .await
        .map_err(|error| StoreError::from_driver("read vehicles", error))?;
    rows.iter()
        .map(|row| {
            Ok(Vehicle {
                key: key(row)?,
                model: row.get(2),
            })
        })
        .collect()
}

async fn records(
    client: &impl GenericClient,
    selection: &Selection,
) -> Result<Vec<ContextRecord>, StoreError> {
    let rows = client
        .query(
            "-- context_records
            select fleet, vehicle, attribute, value, valid_from, valid_to from vehicle_period
            where ($1::text is null or fleet = $1)
                and ($2::text is null or vehicle = $2)
                and ($3::text is null or attribute = $3)
                and ($4::timestamptz is null or (
                    coalesce(valid_from <= $4, true) and coalesce(valid_to > $4, true)
                ))
            order by fleet collate \"C\", vehicle collate \"C\", attribute collate \"C\",
                valid_from nulls first",
            &[
                &selection.fleet,
                &selection.vehicle,
                &selection.attribute.map(Attribute::name),
                &selection.at,
            ],
        )
        .await
        .map_err(|error| StoreError::from_driver("read the context of vehicles", error))?;
    rows.iter()
        .map(|row| {
            let name: &str = row.get(2);
            Ok(ContextRecord {
                vehicle: key(row)?,
                attribute: Attribute::from_name(name).ok_or_else(|| unknown(name))?,
                value: row.get(3),
                valid_from: row.get(4),
                valid_to: row.get(5),
            })
        })
        .collect()
}

async fn default_zone(client: &impl GenericClient) -> Result<String, StoreError> {
    client
        .query_one(
            "-- context_default_zone\nselect zone from service_day_default",
            &[],
        )
        .await
        .map(|row| row.get(0))
        .map_err(|error| StoreError::from_driver("read the default of service days", error))
}

/// Names of all time zones of the database, without those that only its own machine has.
pub async fn zone_names(client: &impl GenericClient) -> Result<BTreeSet<String>, StoreError> {
    let rows = client
        .query(
            "-- zone_names
            select name from pg_timezone_names
            where name !~ '^(posix|right)/' and name not in ('localtime', 'posixrules', 'Factory')",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("read the time zones", error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The vehicle key in the first two columns.
fn key(row: &Row) -> Result<VehicleKey, StoreError> {
    let (fleet, vehicle): (&str, &str) = (row.get(0), row.get(1));
    match (fleet.parse(), vehicle.parse()) {
        (Ok(fleet), Ok(vehicle)) => Ok(VehicleKey { fleet, vehicle }),
        _ => Err(unknown(&format!("{fleet}/{vehicle}"))),
    }
}

/// The checks of the table prevent such a value.
fn unknown(name: &str) -> StoreError {
    StoreError::Fatal(format!(
        "the database contains {name:?}, which this program does not know"
    ))
}
