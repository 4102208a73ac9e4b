//! Rows of `energy_bucket`, described in its migration.

use ayaz_energy::{Activity, Bucket, Ends, Energy, FirstLast};
use ayaz_model::{UnixMicroseconds, VehicleNumber};
use jiff::Timestamp;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, Row, Statement, Transaction};

use super::energy;
use super::rows::{CopyIn, Value, positions};
use super::timestamp;
use crate::error::StoreError;

/// An activity from a column.
pub(super) fn activity(name: &str) -> Result<Activity, StoreError> {
    Activity::from_name(name).ok_or_else(|| {
        StoreError::Fatal(format!(
            "unknown activity {name:?}: the table was written by a later version"
        ))
    })
}

const HEAD: &str = "hour, service_day, activity, stretch_started_at, drive_cycle, trip_started_at,
    plugged_in, charging_station, route, band_celsius, started_at, ended_at, intervals";
const HEAD_COLUMNS: usize = 13;

const ENDS: &str = "soc_start_percent, soc_start_at, soc_end_percent, soc_end_at,
    odometer_start_km, odometer_end_km, exterior_start_celsius, exterior_end_celsius,
    cabin_start_celsius, cabin_end_celsius, battery_start_celsius, battery_end_celsius";
const ENDS_COLUMNS: usize = 12;

/// The statement of [`read`], to be prepared once per connection.
pub(super) fn read_statement() -> String {
    format!(
        "-- read_buckets
        select {HEAD}, {}, {ENDS},
            exists (
                select from exterior_doubt d
                where d.vehicle_id = p.vehicle_id and d.hour = p.hour
            )
        from energy_bucket p
        where vehicle_id = $1 and hour >= $2 and hour < $3
        order by hour, piece",
        energy::column_list()
    )
}

/// The vehicle's buckets of the hours in [`from`, `to`), in order, for sessions: without flagged exterior
/// temperatures.
pub(super) async fn read(
    transaction: &Transaction<'_>,
    statement: &Statement,
    vehicle: VehicleNumber,
    from: UnixMicroseconds,
    to: UnixMicroseconds,
) -> Result<Vec<Bucket>, StoreError> {
    let parameters = [timestamp(from), timestamp(to)];
    let rows = transaction
        .query(statement, &[&vehicle, &parameters[0], &parameters[1]])
        .await
        .map_err(|error| StoreError::from_driver("read energy buckets", error))?;
    rows.iter().map(bucket).collect()
}

fn bucket(row: &Row) -> Result<Bucket, StoreError> {
    let at = |column| row.get::<_, Timestamp>(column).into();
    let maybe_at = |column| row.get::<_, Option<Timestamp>>(column).map(Into::into);
    let name: &str = row.get(2);
    let activity = self::activity(name)?;
    let (started_at, ended_at) = (at(10), at(11));
    let first = HEAD_COLUMNS + Energy::COLUMNS.len();
    let stamped = |column: usize, at| row.get::<_, Option<f64>>(first + column).map(|x| (at, x));
    // Only the state of charge stores its own instants; the others use those of the bucket.
    let ends = |column| FirstLast {
        first: stamped(column, started_at),
        last: stamped(column + 1, ended_at),
    };
    let mut bucket = Bucket {
        hour: at(0),
        service_day: row.get(1),
        activity,
        stretch_started_at: maybe_at(3),
        drive_cycle: row.get(4),
        trip_started_at: maybe_at(5),
        plugged_in: row.get(6),
        charging_station: row.get::<_, Option<&str>>(7).map(Into::into),
        route: row.get::<_, Option<&str>>(8).map(Into::into),
        band_celsius: row.get(9),
        started_at,
        ended_at,
        intervals: row.get(12),
        energy: energy::from_row(row, HEAD_COLUMNS),
        ends: Ends::from_all([
            FirstLast {
                first: maybe_at(first + 1).and_then(|at| stamped(0, at)),
                last: maybe_at(first + 3).and_then(|at| stamped(2, at)),
            },
            ends(4),
            ends(6),
            ends(8),
            ends(10),
        ]),
    };
    if row.get(first + ENDS_COLUMNS) {
        bucket.flag_exterior();
    }
    Ok(bucket)
}

/// The statement of [`insert`], to be prepared once per connection.
pub(super) async fn prepare_insert(client: &Client) -> Result<CopyIn, Error> {
    let statement = format!(
        "-- insert_buckets
        copy energy_bucket (vehicle_id, piece, {HEAD}, {}, {ENDS}) from stdin (format binary)",
        energy::column_list()
    );
    CopyIn::prepare(client, &statement, column_types()).await
}

/// Inserts the buckets, numbered within each hour in the given order. They must be sorted by hour.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    statement: &CopyIn,
    vehicle: VehicleNumber,
    buckets: &[Bucket],
) -> Result<(), StoreError> {
    let numbers = positions(buckets.iter().map(|bucket| bucket.hour));
    let rows = buckets.iter().zip(numbers);
    let rows = rows.map(|(bucket, number)| row(vehicle, number, bucket));
    statement
        .write(transaction, rows.collect())
        .await
        .map_err(|error| StoreError::from_driver("write energy buckets", error))
}

fn column_types() -> Vec<Type> {
    let head = [
        Type::INT4,
        Type::INT4,
        Type::TIMESTAMPTZ,
        Type::DATE,
        Type::TEXT,
        Type::TIMESTAMPTZ,
        Type::INT8,
        Type::TIMESTAMPTZ,
        Type::BOOL,
        Type::TEXT,
        Type::TEXT,
        Type::INT2,
        Type::TIMESTAMPTZ,
        Type::TIMESTAMPTZ,
        Type::INT8,
    ];
    let soc = [
        Type::FLOAT8,
        Type::TIMESTAMPTZ,
        Type::FLOAT8,
        Type::TIMESTAMPTZ,
    ];
    let others = std::iter::repeat_n(Type::FLOAT8, 8);
    head.into_iter()
        .chain(energy::types())
        .chain(soc)
        .chain(others)
        .collect()
}

fn row(vehicle: VehicleNumber, number: i32, bucket: &Bucket) -> Vec<Value<'_>> {
    let mut row: Vec<Value<'_>> = vec![
        Box::new(vehicle),
        Box::new(number),
        Box::new(timestamp(bucket.hour)),
        Box::new(bucket.service_day),
        Box::new(bucket.activity.name()),
        Box::new(bucket.stretch_started_at.map(timestamp)),
        Box::new(bucket.drive_cycle),
        Box::new(bucket.trip_started_at.map(timestamp)),
        Box::new(bucket.plugged_in),
        Box::new(bucket.charging_station.as_deref()),
        Box::new(bucket.route.as_deref()),
        Box::new(bucket.band_celsius),
        Box::new(timestamp(bucket.started_at)),
        Box::new(timestamp(bucket.ended_at)),
        Box::new(bucket.intervals),
    ];
    row.extend(energy::values(&bucket.energy));
    let [soc, others @ ..] = bucket.ends.all();
    for stamped in [soc.first, soc.last] {
        row.push(Box::new(stamped.map(|(_, value)| value)));
        row.push(Box::new(stamped.map(|(at, _)| timestamp(at))));
    }
    for ends in others {
        row.push(Box::new(ends.first_value()));
        row.push(Box::new(ends.last_value()));
    }
    row
}
