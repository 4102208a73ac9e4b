//! Checks a batch of cell readings.

use ayaz_model::cells::{CELL_TEMPERATURE_LIMITS_CELSIUS, CELL_VOLTAGE_LIMITS_VOLTS, CELLS_MAX};
use ayaz_model::measurements::float;
use ayaz_model::{CellReading, UnixMicroseconds, VehicleKey};
use ayaz_proto::telemetry::v1::CellBatch;
use ayaz_store::Content;

use super::{Base, InvalidCounts, Limits, base_time, check_count, check_vehicle};
use crate::reject::{Reason, Reject};

pub(super) fn cells(
    vehicle: VehicleKey,
    batch: CellBatch,
    limits: &Limits,
    received_at: UnixMicroseconds,
    invalid: &mut InvalidCounts,
) -> Result<Content, Reject> {
    check_vehicle(&vehicle.vehicle, &batch.vehicle)?;
    check_count(batch.readings.len(), batch.reading_count, limits)?;
    let base = Base {
        boot_id: batch.boot_id,
        sequence: batch.base_sequence,
        time: base_time(batch.base_time_unix_microseconds)?,
    };
    let mut readings = Vec::with_capacity(batch.readings.len());
    for wire in batch.readings {
        let (key, time_quality) = base.key(
            wire.sequence_offset,
            wire.time_offset_microseconds,
            limits,
            received_at,
        )?;
        let cells = wire
            .voltages_volts
            .len()
            .max(wire.temperatures_celsius.len());
        if cells > CELLS_MAX {
            let detail = format!("{cells} cells, at most {CELLS_MAX} are accepted");
            return Err(Reject::new(Reason::CellsTooMany, detail));
        }
        readings.push(CellReading {
            key,
            received_at,
            historical: batch.historical,
            time_quality,
            voltages_volts: valid(&wire.voltages_volts, CELL_VOLTAGE_LIMITS_VOLTS, invalid),
            temperatures_celsius: valid(
                &wire.temperatures_celsius,
                CELL_TEMPERATURE_LIMITS_CELSIUS,
                invalid,
            ),
        });
    }
    Ok(Content::Cells(vehicle, readings))
}

/// NaN means that a cell has no value, so it is absent and not invalid.
fn valid(values: &[f32], limits: (f32, f32), invalid: &mut InvalidCounts) -> Box<[Option<f32>]> {
    values
        .iter()
        .map(|value| match float(*value, limits.0, limits.1) {
            _ if value.is_nan() => None,
            Ok(value) => Some(value),
            Err(why) => {
                invalid.add(why);
                None
            }
        })
        .collect()
}
