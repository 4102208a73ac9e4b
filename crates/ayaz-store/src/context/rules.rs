//! Service day rules of a vehicle.

use ayaz_energy::service_days::{ServiceDayRule, ServiceDayRules};
use ayaz_model::{UnixMicroseconds, VehicleNumber};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio_postgres::{GenericClient, Row, ToStatement};

use super::zones::Zones;
use crate::error::StoreError;

/// The rules of a vehicle, in order.
pub(crate) const SERVICE_DAY_RULES: &str = "-- service_day_rules
    select depot, zone, cut_over_hour, valid_from, valid_to from service_day_period
    where vehicle_id = $1
    union all
    -- Readings of a deleted vehicle must not stop the worker.
    select null, zone, cut_over_hour, null, null from service_day_default
    where not exists (select from vehicle v where v.vehicle_id = $1)
    order by valid_from nulls first";

/// The current rules of the vehicle, from the view `service_day_period`.
///
/// # Errors
///
/// [`StoreError::Context`] if the database does not know a zone or gives impossible offsets for it, or if the
/// rules leave a gap.
pub async fn service_day_rules(
    client: &impl GenericClient,
    vehicle: VehicleNumber,
) -> Result<ServiceDayRules, StoreError> {
    rules_by(client, SERVICE_DAY_RULES, vehicle, &Zones::default()).await
}

/// The same with [`SERVICE_DAY_RULES`], prepared or as text.
pub(crate) async fn rules_by<T: ?Sized + ToStatement + Sync + Send>(
    client: &impl GenericClient,
    statement: &T,
    vehicle: VehicleNumber,
    zones: &Zones,
) -> Result<ServiceDayRules, StoreError> {
    let rows = client
        .query(statement, &[&vehicle])
        .await
        .map_err(|error| StoreError::from_driver("read the rules of service days", error))?;
    let mut rules = Vec::with_capacity(rows.len());
    for row in &rows {
        let zone = zone(client, zones, row).await?;
        rules.push(rule(row, zone));
    }
    ServiceDayRules::new(rules).ok_or_else(|| {
        StoreError::Context(
            "service_day_period leaves a gap: service_day_default must have its row, and depots of one \
             vehicle must not overlap"
                .to_owned(),
        )
    })
}

/// Time zone of the row, from the database's data.
async fn zone(
    client: &impl GenericClient,
    zones: &Zones,
    row: &Row,
) -> Result<TimeZone, StoreError> {
    let (depot, name): (Option<&str>, &str) = (row.get(0), row.get(1));
    zones.get(client, name).await.map_err(|error| match error {
        StoreError::Refused { .. } => {
            let whose = match depot {
                Some(depot) => format!("depot {depot:?}"),
                None => "service_day_default".to_owned(),
            };
            StoreError::Context(format!(
                "the time zone {name:?} of {whose} is not known to the database: correct it, or install \
                 time zone data (tzdata) on the machine of the database server"
            ))
        }
        other => other,
    })
}

fn rule(row: &Row, zone: TimeZone) -> ServiceDayRule {
    let instant = |column| {
        row.get::<_, Option<Timestamp>>(column)
            .map(UnixMicroseconds::from)
    };
    let hour: i16 = row.get(2);
    ServiceDayRule {
        from: instant(3),
        to: instant(4),
        depot: row.get(0),
        zone,
        // 0 to 23, by a check of the table.
        cut_over_hour: hour as i8,
    }
}
