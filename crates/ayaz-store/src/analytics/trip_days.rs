//! Rows of `day_band` and `day_charge`, described in their migration, and the trips they sum.

use ayaz_energy::Energy;
use ayaz_energy::trip_days::{DayBand, DayTripBand, TripDay};
use ayaz_model::VehicleNumber;
use futures_util::future::try_join3;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Statement, Transaction};

use super::energy;
use super::rows::{CopyIn, Value};
use crate::error::StoreError;

/// The trips that began on some service days, in order. Uses the index on service days, so that it reads
/// nothing else.
fn trips_statement() -> String {
    let columns: Vec<String> = Energy::COLUMNS.iter().map(|c| format!("b.{c}")).collect();
    format!(
        "-- day_trips
        select s.service_day, s.started_at, s.number, s.ended_at, s.seconds, s.energy_seconds,
            s.distance_seconds, s.net_kwh, s.km, s.plugged_in_share, s.soc_start_percent,
            s.soc_end_percent, s.odometer_start_km, s.odometer_end_km, b.band_celsius,
            b.intervals, {}
        from session s
        join trip_band b using (vehicle_id, started_at, number)
        where s.vehicle_id = $1 and s.service_day = any ($2::date[]) and s.kind = 'trip'
        order by s.service_day, s.started_at, s.number, b.band",
        columns.join(", ")
    )
}
const TRIP_COLUMNS: usize = 16;

pub(super) async fn trips(
    transaction: &Transaction<'_>,
    statement: &Statement,
    vehicle: VehicleNumber,
    service_days: &[Date],
) -> Result<Vec<DayTripBand>, StoreError> {
    let rows = transaction
        .query(statement, &[&vehicle, &service_days])
        .await
        .map_err(|error| StoreError::from_driver("read the trips of days", error))?;
    Ok(rows
        .iter()
        .map(|row| DayTripBand {
            service_day: row.get(0),
            started_at: row.get::<_, Timestamp>(1).into(),
            number: row.get(2),
            ended_at: row.get::<_, Timestamp>(3).into(),
            trip_seconds: row.get(4),
            trip_energy_seconds: row.get(5),
            trip_distance_seconds: row.get(6),
            trip_net_kwh: row.get(7),
            trip_km: row.get(8),
            plugged_in_share: row.get(9),
            soc_start_percent: row.get(10),
            soc_end_percent: row.get(11),
            odometer_start_km: row.get(12),
            odometer_end_km: row.get(13),
            band_celsius: row.get(14),
            intervals: row.get(15),
            energy: energy::from_row(row, TRIP_COLUMNS),
        })
        .collect())
}

const FORGET: &str = "-- forget_trip_days
    with bands as (
        delete from day_band where vehicle_id = $1 and service_day = any ($2::date[])
    )
    delete from day_charge where vehicle_id = $1 and service_day = any ($2::date[])";

const INSERT_CHARGES: &str = "-- insert_day_charges
    insert into day_charge (vehicle_id, service_day, soc_drop_percent, net_kwh)
    select $1, * from unnest($2::date[], $3::float8[], $4::float8[])";

/// The statements, prepared once per connection.
#[derive(Debug, Clone)]
pub(super) struct Statements {
    pub(super) trips: Statement,
    forget: Statement,
    bands: CopyIn,
    charges: Statement,
}

impl Statements {
    /// Prepares the statements.
    pub(super) async fn prepare(client: &Client) -> Result<Self, Error> {
        let statement = format!(
            "-- insert_day_bands
            copy day_band (
                vehicle_id, service_day, band, band_celsius, trips, intervals, {},
                trip_duration_seconds, trip_seconds, trip_km, trip_odometer_km
            ) from stdin (format binary)",
            energy::column_list()
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
            .chain(energy::types())
            .chain([Type::FLOAT8; 4])
            .collect();
        Ok(Self {
            trips: client.prepare(&trips_statement()).await?,
            forget: client.prepare(FORGET).await?,
            bands: CopyIn::prepare(client, &statement, types).await?,
            charges: client.prepare(INSERT_CHARGES).await?,
        })
    }
}

/// Replaces the sums of these service days. A day without a sum has no trips.
pub(super) async fn replace(
    transaction: &Transaction<'_>,
    statements: &Statements,
    vehicle: VehicleNumber,
    service_days: &[Date],
    sums: &[TripDay],
) -> Result<(), Error> {
    let bands = sums.iter().flat_map(|day| {
        (0_i32..)
            .zip(&day.bands)
            .map(move |(number, band)| band_row(vehicle, day.service_day, number, band))
    });
    let charges = async {
        let with_charge = || sums.iter().filter_map(|day| Some((day, day.charge?)));
        let days: Vec<Date> = with_charge().map(|(day, _)| day.service_day).collect();
        let percents: Vec<f64> = with_charge().map(|(_, (percent, _))| percent).collect();
        let kwhs: Vec<f64> = with_charge().map(|(_, (_, kwh))| kwh).collect();
        if days.is_empty() {
            return Ok(());
        }
        transaction
            .execute(&statements.charges, &[&vehicle, &days, &percents, &kwhs])
            .await
            .map(drop)
    };
    // Sends the statements without waiting for answers.
    let forget: [&(dyn ToSql + Sync); 2] = [&vehicle, &service_days];
    try_join3(
        transaction.execute(&statements.forget, &forget),
        statements.bands.write(transaction, bands.collect()),
        charges,
    )
    .await
    .map(drop)
}

fn band_row(
    vehicle: VehicleNumber,
    service_day: Date,
    number: i32,
    band: &DayBand,
) -> Vec<Value<'static>> {
    let mut row: Vec<Value<'static>> = vec![
        Box::new(vehicle),
        Box::new(service_day),
        Box::new(number),
        Box::new(band.band_celsius),
        Box::new(band.trips),
        Box::new(band.intervals),
    ];
    row.extend(energy::values(&band.energy));
    row.push(Box::new(band.trip_duration_seconds));
    row.push(Box::new(band.trip_seconds));
    row.push(Box::new(band.trip_km));
    row.push(Box::new(band.trip_odometer_km));
    row
}
