//! The measurements of the vehicles.

use ayaz_model::{ChargeState, Measurements, Reading, ReadingKey, SignalSet, TimeQuality};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{BOOT_ID, recorded_at};

/// A driving bus with 28 signals, as a current telematics unit sends them.
pub(super) fn reading(rng: &mut ChaCha8Rng, drive_cycle: u32, sequence: u64) -> Reading {
    let mut about = |mean: f32, spread: f32| Some(mean + spread * (rng.random::<f32>() - 0.5));
    let measurements = Measurements {
        speed_kmh: about(25.0, 40.0),
        accelerator_percent: about(30.0, 50.0),
        altitude_m: about(350.0, 20.0),
        soc_percent: about(60.0, 60.0),
        pack_voltage_volts: about(540.0, 30.0),
        pack_current_amperes: about(-80.0, 300.0),
        cell_voltage_min_volts: about(3.1, 0.2),
        cell_voltage_max_volts: about(3.3, 0.2),
        cell_temperature_min_celsius: about(5.0, 10.0),
        cell_temperature_max_celsius: about(12.0, 10.0),
        battery_temperature_celsius: about(9.0, 10.0),
        insulation_resistance_kohm: about(4_000.0, 500.0),
        battery_heater_power_watts: about(3_000.0, 4_000.0),
        exterior_temperature_celsius: about(-25.0, 10.0),
        cabin_temperature_celsius: about(17.0, 4.0),
        cabin_heater_power_watts: about(12_000.0, 8_000.0),
        heat_pump_power_watts: about(3_000.0, 2_000.0),
        auxiliary_power_watts: about(5_000.0, 1_000.0),
        low_voltage_battery_volts: about(27.0, 1.0),
        traction_power_watts: about(30_000.0, 90_000.0),
        motor_temperature_max_celsius: about(60.0, 30.0),
        motor_speed_rpm: about(2_000.0, 3_000.0),
        odometer_km: Some(120_000.0 + sequence as f64 * 0.01),
        latitude_degrees: Some(51.13 + f64::from(rng.random::<f32>()) * 0.1),
        longitude_degrees: Some(71.43 + f64::from(rng.random::<f32>()) * 0.1),
        doors_open: Some(false),
        charge_state: Some(ChargeState::Unplugged),
        // Part of the checksum, to detect values of another vehicle.
        drive_cycle: Some(drive_cycle),
        ..Measurements::default()
    };
    let recorded_at = recorded_at(sequence);
    Reading {
        key: ReadingKey {
            recorded_at,
            boot_id: BOOT_ID,
            sequence,
        },
        received_at: recorded_at,
        historical: false,
        time_quality: TimeQuality::Good,
        invalid: SignalSet::EMPTY,
        measurements,
    }
}
