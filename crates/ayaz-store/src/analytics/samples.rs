//! Readings as the worker takes them in: binary COPY, one row at a time, so that memory is bounded
//! and nothing is allocated for a row.

use std::sync::Arc;

use ayaz_energy::Sample;
use ayaz_model::{ChargeState, Signal, SignalKind, UnixMicroseconds, VehicleNumber};
use bytes::Buf;
use futures_util::{StreamExt, pin_mut};
use tokio_postgres::Transaction;

use super::timestamp;
use crate::error::StoreError;

/// Hands the vehicle's good samples from `from` up to and without `to` to `take`, in the order of
/// their identity, until it says `false`. Returns how many it handed over.
pub(super) async fn read(
    transaction: &Transaction<'_>,
    vehicle: VehicleNumber,
    from: UnixMicroseconds,
    to: UnixMicroseconds,
    mut take: impl FnMut(Sample) -> bool,
) -> Result<u64, StoreError> {
    // COPY takes no parameters; a number and two instants hold nothing that could be misread, and
    // as constants they let the planner leave out every chunk but those of these days.
    let statement = format!(
        "-- read_samples
        copy (
            select recorded_at, boot_id, sequence, drive_cycle, route, charge_state,
                charging_station, speed_kmh, odometer_km, soc_percent, pack_voltage_volts,
                pack_current_amperes, battery_heater_power_watts, charger_power_watts,
                exterior_temperature_celsius, cabin_temperature_celsius, cabin_setpoint_celsius,
                battery_temperature_celsius, cabin_heater_power_watts, heat_pump_power_watts,
                air_conditioning_power_watts, fuel_heater_rate_litres_per_hour,
                auxiliary_power_watts, traction_power_watts, latitude_degrees, longitude_degrees,
                accelerator_percent, motor_torque_nm, cell_temperature_min_celsius,
                cell_temperature_max_celsius, coolant_temperature_celsius
            from reading
            where vehicle_id = {vehicle} and recorded_at >= '{}' and recorded_at < '{}'
                and time_quality = 0
            order by recorded_at, boot_id, sequence
        ) to stdout (format binary)",
        timestamp(from),
        timestamp(to),
    );
    let failed = |error| StoreError::from_driver("read samples", error);
    let stream = transaction.copy_out(&statement).await.map_err(failed)?;
    pin_mut!(stream);
    let mut texts = Texts::default();
    let mut samples: u64 = 0;
    while let Some(message) = stream.next().await {
        let mut message = message.map_err(failed)?;
        let row = match message.starts_with(SIGNATURE) {
            true => message.split_off(HEADER_LENGTH.min(message.len())),
            false => message,
        };
        if row.is_empty() {
            continue;
        }
        match parse(&row, &mut texts) {
            Some(Some(sample)) => {
                samples += 1;
                if !take(sample) {
                    break;
                }
            }
            Some(None) => {}
            None => {
                return Err(StoreError::Fatal(
                    "read samples: the server sent a row that is not in the binary format"
                        .to_owned(),
                ));
            }
        }
    }
    Ok(samples)
}

/// Start of the first message; the server sends one message a row, the header before the first.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Signature, flags, length of the extension, which is empty.
const HEADER_LENGTH: usize = 19;
/// The server's microseconds begin at 2000-01-01T00:00:00Z.
const EPOCH_2000_MICROSECONDS: i64 = 946_684_800_000_000;

/// Outer `None`: not the binary format; inner: the end.
fn parse(mut row: &[u8], texts: &mut Texts) -> Option<Option<Sample>> {
    match row.try_get_i16().ok()? {
        -1 => return Some(None),
        31 => {}
        _ => return None,
    }
    let row = &mut row;
    // Fields are evaluated in the order of the columns above.
    let sample = Sample {
        recorded_at: UnixMicroseconds(i64_field(row)??.checked_add(EPOCH_2000_MICROSECONDS)?),
        boot_id: i64_field(row)??,
        sequence: i64_field(row)??,
        drive_cycle: i64_field(row)?,
        route: text_field(row, &mut texts.route)?,
        charge_state: field(row)?
            .map(|bytes| bytes.try_into().map(i16::from_be_bytes))
            .transpose()
            .ok()?
            .and_then(|code| ChargeState::try_from(i32::from(code)).ok()),
        charging_station: text_field(row, &mut texts.charging_station)?,
        speed_kmh: real_field(row)?,
        odometer_km: double_field(row)?.filter(|&km| is_within(Signal::odometer_km, km)),
        soc_percent: real_field(row)?,
        pack_voltage_volts: real_field(row)?,
        pack_current_amperes: real_field(row)?,
        battery_heater_power_watts: real_field(row)?,
        charger_power_watts: real_field(row)?,
        exterior_temperature_celsius: real_field(row)?,
        cabin_temperature_celsius: real_field(row)?,
        cabin_setpoint_celsius: real_field(row)?,
        battery_temperature_celsius: real_field(row)?,
        cabin_heater_power_watts: real_field(row)?,
        heat_pump_power_watts: real_field(row)?,
        air_conditioning_power_watts: real_field(row)?,
        fuel_heater_rate_litres_per_hour: real_field(row)?,
        auxiliary_power_watts: real_field(row)?,
        traction_power_watts: real_field(row)?,
        latitude_degrees: double_field(row)?
            .filter(|&degrees| is_within(Signal::latitude_degrees, degrees)),
        longitude_degrees: double_field(row)?
            .filter(|&degrees| is_within(Signal::longitude_degrees, degrees)),
        accelerator_percent: real_field(row)?,
        motor_torque_nm: real_field(row)?,
        cell_temperature_min_celsius: real_field(row)?,
        cell_temperature_max_celsius: real_field(row)?,
        coolant_temperature_celsius: real_field(row)?,
    };
    row.is_empty().then_some(Some(sample))
}

/// Outer `None`: not the binary format; inner: null.
fn field<'a>(row: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = row.try_get_i32().ok()?;
    if length == -1 {
        return Some(None);
    }
    let (bytes, rest) = row.split_at_checked(usize::try_from(length).ok()?)?;
    *row = rest;
    Some(Some(bytes))
}

fn i64_field(row: &mut &[u8]) -> Option<Option<i64>> {
    match field(row)? {
        Some(bytes) => Some(Some(i64::from_be_bytes(bytes.try_into().ok()?))),
        None => Some(None),
    }
}

fn real_field(row: &mut &[u8]) -> Option<Option<f64>> {
    match field(row)? {
        Some(bytes) => {
            let value = f64::from(f32::from_be_bytes(bytes.try_into().ok()?));
            Some(value.is_finite().then_some(value))
        }
        None => Some(None),
    }
}

fn double_field(row: &mut &[u8]) -> Option<Option<f64>> {
    match field(row)? {
        Some(bytes) => {
            let value = f64::from_be_bytes(bytes.try_into().ok()?);
            Some(value.is_finite().then_some(value))
        }
        None => Some(None),
    }
}

/// Whether the value is between the signal's limits. Ingest stores no other, but a row may have come by
/// SQL, and sums and differences of the largest numbers leave the range that the database has: the views
/// over them would fail for every bus. An `f32` is too small for that.
fn is_within(signal: Signal, value: f64) -> bool {
    match signal.kind() {
        SignalKind::Double(min, max) => (min..=max).contains(&value),
        _ => true,
    }
}

/// The last text of each column.
#[derive(Debug, Default)]
struct Texts {
    route: Option<Arc<str>>,
    charging_station: Option<Arc<str>>,
}

/// Shares the text with the last row that had one, as nearly every row has the same.
fn text_field(row: &mut &[u8], last: &mut Option<Arc<str>>) -> Option<Option<Arc<str>>> {
    let Some(bytes) = field(row)? else {
        return Some(None);
    };
    if last.as_ref().is_none_or(|text| text.as_bytes() != bytes) {
        *last = Some(std::str::from_utf8(bytes).ok()?.into());
    }
    Some(last.clone())
}
