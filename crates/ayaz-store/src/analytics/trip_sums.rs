//! Sums over days of trips: rows of `month_band`, `month_charge` and `vehicle_band`, described in their
//! migrations. The database adds them up: sums of grid values are exact, so the order does not matter.

use ayaz_energy::Energy;
use ayaz_model::VehicleNumber;
use futures_util::future::try_join3;
use jiff::civil::Date;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Statement, Transaction};

/// $2 and $3 are the first and the last day of consecutive months.
const FORGET: &str = "-- forget_trip_sums
    with bands as (
        delete from month_band where vehicle_id = $1 and month between $2 and $3
    ), vehicle_bands as (
        delete from vehicle_band where vehicle_id = $1
    )
    delete from month_charge where vehicle_id = $1 and month between $2 and $3";

/// The statement that adds up the months of all days that a condition names, and for which there are no sums
/// yet. They must be whole months. Bands are numbered in their order, the unknown one first.
pub fn add_up_days_statement(condition: &str) -> String {
    format!(
        "-- add_up_days
        with charges as (
            insert into month_charge (vehicle_id, month, soc_drop_percent, net_kwh)
            select vehicle_id, date_trunc('month', service_day::timestamp)::date as month,
                sum(soc_drop_percent), sum(net_kwh)
            from day_charge
            where {condition}
            group by vehicle_id, month
        )
        insert into month_band (vehicle_id, month, band, band_celsius, {columns})
        select vehicle_id, date_trunc('month', service_day::timestamp)::date as month,
            row_number() over (
                partition by vehicle_id, date_trunc('month', service_day::timestamp)::date
                order by band_celsius nulls first
            ) - 1,
            band_celsius, {sums}
        from day_band
        where {condition}
        group by vehicle_id, month, band_celsius",
        columns = columns().join(", "),
        sums = sums(),
    )
}

/// The statement that adds up all months of the vehicles that a condition names, and for which there are no
/// sums yet.
pub fn add_up_months_statement(condition: &str) -> String {
    format!(
        "-- add_up_months
        insert into vehicle_band (vehicle_id, band_celsius, {})
        select vehicle_id, band_celsius, {}
        from month_band
        where {condition}
        group by vehicle_id, band_celsius",
        columns().join(", "),
        sums(),
    )
}

/// Columns that days, months and vehicles have in common.
fn columns() -> Vec<&'static str> {
    let own = [
        "trips",
        "intervals",
        "trip_duration_seconds",
        "trip_seconds",
        "trip_km",
        "trip_odometer_km",
    ];
    own.iter().chain(Energy::COLUMNS).copied().collect()
}

fn sums() -> String {
    let sums: Vec<String> = columns().iter().map(|c| format!("sum({c})")).collect();
    sums.join(", ")
}

/// The statements, prepared once per connection.
#[derive(Debug, Clone)]
pub(super) struct Statements {
    forget: Statement,
    months: Statement,
    vehicle: Statement,
}

impl Statements {
    /// Prepares the statements.
    pub(super) async fn prepare(client: &Client) -> Result<Self, Error> {
        let months = add_up_days_statement("vehicle_id = $1 and service_day between $2 and $3");
        Ok(Self {
            forget: client.prepare(FORGET).await?,
            months: client.prepare(&months).await?,
            vehicle: client
                .prepare(&add_up_months_statement("vehicle_id = $1"))
                .await?,
        })
    }
}

/// Sums up the vehicle's months from the first to the last day, and then all its months.
pub(super) async fn add_up(
    transaction: &Transaction<'_>,
    statements: &Statements,
    vehicle: VehicleNumber,
    (first, last): (Date, Date),
) -> Result<(), Error> {
    let (first, last) = (first.first_of_month(), last.last_of_month());
    let months: [&(dyn ToSql + Sync); 3] = [&vehicle, &first, &last];
    let own: [&(dyn ToSql + Sync); 1] = [&vehicle];
    // Sends the statements without waiting for answers.
    try_join3(
        transaction.execute(&statements.forget, &months),
        transaction.execute(&statements.months, &months),
        transaction.execute(&statements.vehicle, &own),
    )
    .await
    .map(drop)
}
