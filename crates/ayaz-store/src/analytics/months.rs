//! Rows of `month_band` and `month_charge`, described in their migration.

use ayaz_model::UnixMicroseconds;
use futures_util::future::try_join3;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Statement, Transaction};

use super::energy::Energy;
use super::rows::{CopyIn, Value};
use crate::error::StoreError;
use crate::vehicles::VehicleNumber;

/// A trip of a month, one band of it.
#[derive(Debug, Clone, PartialEq)]
pub struct MonthTrip {
    /// Of the trip.
    pub started_at: UnixMicroseconds,
    /// Its number among those that started at that instant.
    pub number: i32,
    /// Its last sample.
    pub ended_at: UnixMicroseconds,
    /// The whole trip's time covered, s.
    pub trip_seconds: f64,
    /// The part of it with energy measured, s.
    pub trip_energy_seconds: f64,
    /// The whole trip's net energy, kWh.
    pub trip_net_kwh: f64,
    /// State of charge at its first and last sample that has one, %; `None` also for a trip that was
    /// charged on the way.
    pub soc_percent: Option<(f64, f64)>,
    /// The whole trip's distance, integrated and by the odometer, km; `None` where one is missing.
    pub trip_km: Option<(f64, f64)>,
    /// The band; `None` is unknown.
    pub band_celsius: Option<i16>,
    /// Intervals of the trip in the band.
    pub intervals: i64,
    /// Their sums.
    pub energy: Energy,
}

/// One row of `month_band`, without its key.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "the columns of `month_band`, described there")]
pub struct MonthBand {
    pub band_celsius: Option<i16>,
    pub trips: i64,
    pub intervals: i64,
    pub energy: Energy,
    pub trip_duration_seconds: f64,
    pub trip_seconds: f64,
    pub trip_km: f64,
    pub trip_odometer_km: f64,
}

/// A vehicle's month.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Month {
    /// Its bands, in their order.
    pub bands: Vec<MonthBand>,
    /// State of charge and energy of the trips that tell of the usable energy: percent and kWh.
    pub charge: Option<(f64, f64)>,
}

/// The trips that began in the month, in order. The days around it are read because a service day
/// is not a UTC day.
fn trips_statement() -> String {
    let columns: Vec<String> = Energy::COLUMNS.iter().map(|c| format!("b.{c}")).collect();
    format!(
        "-- month_trips
        select s.started_at, s.number, s.ended_at, s.seconds, s.energy_seconds, s.net_kwh,
            case when s.plugged_in_share = 0 then s.soc_start_percent end, s.soc_end_percent,
            case when s.distance_seconds > 0 then s.km end, s.odometer_end_km - s.odometer_start_km,
            b.band_celsius, b.intervals, {}
        from session s
        join trip_band b using (vehicle_id, started_at, number)
        where s.vehicle_id = $1
            and s.kind = 'trip'
            and s.started_at >= $2::date::timestamp at time zone 'UTC' - interval '2 days'
            and s.started_at < ($2::date + interval '1 month 2 days') at time zone 'UTC'
            and s.service_day >= $2 and s.service_day < $2::date + interval '1 month'
        order by s.started_at, s.number, b.band",
        columns.join(", ")
    )
}
const TRIP_COLUMNS: usize = 12;

pub(super) async fn trips(
    transaction: &Transaction<'_>,
    statement: &Statement,
    vehicle: VehicleNumber,
    month: Date,
) -> Result<Vec<MonthTrip>, StoreError> {
    let rows = transaction
        .query(statement, &[&vehicle, &month])
        .await
        .map_err(|error| StoreError::from_driver("read a month's trips", error))?;
    Ok(rows
        .iter()
        .map(|row| MonthTrip {
            started_at: row.get::<_, Timestamp>(0).into(),
            number: row.get(1),
            ended_at: row.get::<_, Timestamp>(2).into(),
            trip_seconds: row.get(3),
            trip_energy_seconds: row.get(4),
            trip_net_kwh: row.get(5),
            soc_percent: row.get::<_, Option<f64>>(6).zip(row.get(7)),
            trip_km: row.get::<_, Option<f64>>(8).zip(row.get(9)),
            band_celsius: row.get(10),
            intervals: row.get(11),
            energy: Energy::from_row(row, TRIP_COLUMNS),
        })
        .collect())
}

/// Puts the month in the place of what was known of it.
const FORGET: &str = "-- forget_month
    with bands as (
        delete from month_band where vehicle_id = $1 and month = $2
    ), vehicle_bands as (
        delete from vehicle_band where vehicle_id = $1
    )
    delete from month_charge where vehicle_id = $1 and month = $2";

/// Adds up all months of the vehicles that a condition names, whose sums are gone ([`FORGET`]).
pub(crate) fn add_up_statement(condition: &str) -> String {
    let own = [
        "trips",
        "intervals",
        "trip_duration_seconds",
        "trip_seconds",
        "trip_km",
        "trip_odometer_km",
    ];
    let columns: Vec<&str> = own.iter().chain(Energy::COLUMNS).copied().collect();
    let sums: Vec<String> = columns
        .iter()
        .map(|column| format!("sum({column})"))
        .collect();
    format!(
        "-- add_up_months
        insert into vehicle_band (vehicle_id, band_celsius, {})
        select vehicle_id, band_celsius, {}
        from month_band
        where {condition}
        group by vehicle_id, band_celsius",
        columns.join(", "),
        sums.join(", ")
    )
}

const INSERT_CHARGE: &str = "-- insert_month_charge
    insert into month_charge (vehicle_id, month, soc_drop_percent, net_kwh)
    values ($1, $2, $3, $4)";

/// The statements of a month, prepared once a connection.
#[derive(Debug, Clone)]
pub(super) struct Statements {
    pub(super) trips: Statement,
    forget: Statement,
    bands: CopyIn,
    charge: Statement,
    add_up: Statement,
}

impl Statements {
    /// Prepares them.
    pub(super) async fn prepare(client: &Client) -> Result<Self, Error> {
        let statement = format!(
            "-- insert_month_bands
            copy month_band (
                vehicle_id, month, band, band_celsius, trips, intervals, {}, trip_duration_seconds,
                trip_seconds, trip_km, trip_odometer_km
            ) from stdin (format binary)",
            Energy::column_list()
        );
        let head = [
            Type::INT4,
            Type::DATE,
            Type::INT4,
            Type::INT2,
            Type::INT8,
            Type::INT8,
        ];
        let types: Vec<Type> = head
            .into_iter()
            .chain(Energy::types())
            .chain([Type::FLOAT8; 4])
            .collect();
        Ok(Self {
            trips: client.prepare(&trips_statement()).await?,
            forget: client.prepare(FORGET).await?,
            bands: CopyIn::prepare(client, &statement, types).await?,
            charge: client.prepare(INSERT_CHARGE).await?,
            add_up: client.prepare(&add_up_statement("vehicle_id = $1")).await?,
        })
    }
}

pub(super) async fn add_up(
    transaction: &Transaction<'_>,
    statements: &Statements,
    vehicle: VehicleNumber,
) -> Result<(), StoreError> {
    transaction
        .execute(&statements.add_up, &[&vehicle])
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("add months up", error))
}

pub(super) async fn replace(
    transaction: &Transaction<'_>,
    statements: &Statements,
    vehicle: VehicleNumber,
    first_day: Date,
    month: &Month,
) -> Result<(), StoreError> {
    write(transaction, statements, vehicle, first_day, month)
        .await
        .map_err(|error| StoreError::from_driver("write a month", error))
}

async fn write(
    transaction: &Transaction<'_>,
    statements: &Statements,
    vehicle: VehicleNumber,
    first_day: Date,
    month: &Month,
) -> Result<(), Error> {
    let rows = (0_i32..).zip(&month.bands).map(|(number, band)| {
        let mut row: Vec<Value<'_>> = vec![
            Box::new(vehicle),
            Box::new(first_day),
            Box::new(number),
            Box::new(band.band_celsius),
            Box::new(band.trips),
            Box::new(band.intervals),
        ];
        row.extend(band.energy.values());
        row.push(Box::new(band.trip_duration_seconds));
        row.push(Box::new(band.trip_seconds));
        row.push(Box::new(band.trip_km));
        row.push(Box::new(band.trip_odometer_km));
        row
    });
    let charge = async {
        let Some((percent, kwh)) = month.charge else {
            return Ok(());
        };
        transaction
            .execute(&statements.charge, &[&vehicle, &first_day, &percent, &kwh])
            .await
            .map(drop)
    };
    // Sent one after the other, without waiting for the answers.
    let forget: [&(dyn ToSql + Sync); 2] = [&vehicle, &first_day];
    try_join3(
        transaction.execute(&statements.forget, &forget),
        statements.bands.write(transaction, rows.collect()),
        charge,
    )
    .await
    .map(drop)
}
