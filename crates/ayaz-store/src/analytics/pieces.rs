//! Rows of `energy_piece`, described in its migration.

use std::pin::pin;
use std::sync::Arc;

use ayaz_model::UnixMicroseconds;
use jiff::Timestamp;
use tokio_postgres::Transaction;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use super::timestamp;
use crate::error::StoreError;
use crate::vehicles::VehicleNumber;

/// Energy of a component and the battery's net energy over the same intervals, kWh.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Component {
    /// What the component took.
    pub kwh: f64,
    /// What came out of the battery meanwhile.
    pub base_kwh: f64,
}

/// One row of `energy_piece`, without its vehicle and number.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    missing_docs,
    reason = "the columns of `energy_piece`, described there"
)]
pub struct Piece {
    pub hour: UnixMicroseconds,
    pub drive_cycle: Option<i64>,
    pub trip_started_at: Option<UnixMicroseconds>,
    pub plugged_in: bool,
    pub route: Option<Arc<str>>,
    pub band_celsius: Option<i16>,
    pub started_at: UnixMicroseconds,
    pub ended_at: UnixMicroseconds,
    pub intervals: i64,
    pub seconds: f64,
    pub distance_seconds: f64,
    pub km: f64,
    pub energy_seconds: f64,
    pub net_kwh: f64,
    pub discharge_kwh: f64,
    pub regen_kwh: f64,
    pub paired_km: f64,
    pub paired_net_kwh: f64,
    pub heater: Option<Component>,
    pub heat_pump: Option<Component>,
    pub battery_heater: Option<Component>,
    pub air_conditioning: Option<Component>,
    pub auxiliary: Option<Component>,
    pub traction: Option<Component>,
    pub charger_kwh: Option<f64>,
    pub fuel_litres: Option<f64>,
    pub exterior_kelvin_seconds: f64,
    pub exterior_seconds: f64,
    pub soc_start: Option<(UnixMicroseconds, f64)>,
    pub soc_end: Option<(UnixMicroseconds, f64)>,
    pub odometer_start_km: Option<f64>,
    pub odometer_end_km: Option<f64>,
}

/// Inserts the pieces, numbered in the given order within each hour. They must be sorted by hour.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    vehicle: VehicleNumber,
    pieces: &[Piece],
) -> Result<(), StoreError> {
    if pieces.is_empty() {
        return Ok(());
    }
    let failed = |error| StoreError::from_driver("write energy pieces", error);
    let sink = transaction
        .copy_in(
            "-- insert_pieces
            copy energy_piece (
                vehicle_id, hour, piece, drive_cycle, trip_started_at, plugged_in, route,
                band_celsius, started_at, ended_at, intervals, seconds, distance_seconds, km,
                energy_seconds, net_kwh, discharge_kwh, regen_kwh, paired_km, paired_net_kwh,
                heater_kwh, heater_base_kwh, heat_pump_kwh, heat_pump_base_kwh,
                battery_heater_kwh, battery_heater_base_kwh, air_conditioning_kwh,
                air_conditioning_base_kwh, auxiliary_kwh, auxiliary_base_kwh, traction_kwh,
                traction_base_kwh, charger_kwh, fuel_litres, exterior_kelvin_seconds,
                exterior_seconds, soc_start_percent, soc_start_at, soc_end_percent, soc_end_at,
                odometer_start_km, odometer_end_km
            ) from stdin (format binary)",
        )
        .await
        .map_err(failed)?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &column_types()));
    let mut number = 0_i32;
    let mut hour = None;
    for piece in pieces {
        number = if hour == Some(piece.hour) {
            number + 1
        } else {
            0
        };
        hour = Some(piece.hour);
        let row = row(vehicle, number, piece);
        let row: Vec<&(dyn ToSql + Sync)> = row.iter().map(|value| &**value as _).collect();
        writer.as_mut().write(&row).await.map_err(failed)?;
    }
    writer.finish().await.map(drop).map_err(failed)
}

fn column_types() -> Vec<Type> {
    let mut types = vec![
        Type::INT4,
        Type::TIMESTAMPTZ,
        Type::INT4,
        Type::INT8,
        Type::TIMESTAMPTZ,
        Type::BOOL,
        Type::TEXT,
        Type::INT2,
        Type::TIMESTAMPTZ,
        Type::TIMESTAMPTZ,
        Type::INT8,
    ];
    types.extend(std::iter::repeat_n(Type::FLOAT8, 25));
    types.extend([
        Type::FLOAT4,
        Type::TIMESTAMPTZ,
        Type::FLOAT4,
        Type::TIMESTAMPTZ,
    ]);
    types.extend([Type::FLOAT8, Type::FLOAT8]);
    types
}

type Value<'a> = Box<dyn ToSql + Sync + Send + 'a>;

fn row(vehicle: VehicleNumber, number: i32, piece: &Piece) -> Vec<Value<'_>> {
    let mut row: Vec<Value<'_>> = vec![
        Box::new(vehicle),
        Box::new(timestamp(piece.hour)),
        Box::new(number),
        Box::new(piece.drive_cycle),
        Box::new(piece.trip_started_at.map(timestamp)),
        Box::new(piece.plugged_in),
        Box::new(piece.route.as_deref()),
        Box::new(piece.band_celsius),
        Box::new(timestamp(piece.started_at)),
        Box::new(timestamp(piece.ended_at)),
        Box::new(piece.intervals),
    ];
    for figure in [
        piece.seconds,
        piece.distance_seconds,
        piece.km,
        piece.energy_seconds,
        piece.net_kwh,
        piece.discharge_kwh,
        piece.regen_kwh,
        piece.paired_km,
        piece.paired_net_kwh,
    ] {
        row.push(Box::new(figure));
    }
    for component in [
        piece.heater,
        piece.heat_pump,
        piece.battery_heater,
        piece.air_conditioning,
        piece.auxiliary,
        piece.traction,
    ] {
        row.push(Box::new(component.map(|c| c.kwh)));
        row.push(Box::new(component.map(|c| c.base_kwh)));
    }
    row.push(Box::new(piece.charger_kwh));
    row.push(Box::new(piece.fuel_litres));
    row.push(Box::new(piece.exterior_kelvin_seconds));
    row.push(Box::new(piece.exterior_seconds));
    for soc in [piece.soc_start, piece.soc_end] {
        row.push(Box::new(soc.map(|(_, percent)| percent as f32)));
        row.push(Box::new(soc.map(|(at, _)| -> Timestamp { timestamp(at) })));
    }
    row.push(Box::new(piece.odometer_start_km));
    row.push(Box::new(piece.odometer_end_km));
    row
}
