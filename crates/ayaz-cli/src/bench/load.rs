//! The readings of a run: the same for every run, spread over vehicles as a fleet sends them.

use anyhow::Result;
use ayaz_model::{
    ChargeState, FleetId, Measurements, Reading, ReadingKey, SignalSet, TimeQuality,
    UnixMicroseconds, VehicleId,
};
use ayaz_proto::Message as _;
use ayaz_publisher::encode;
use bytes::Bytes;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SEED: u64 = 2_026;

/// What is sent.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) fleet: FleetId,
    pub(super) vehicles: Vec<VehicleId>,
    pub(super) readings_per_message: usize,
    /// Topic and payload, in the order of sending.
    pub(super) messages: Vec<(String, Bytes)>,
    /// The same readings with the vehicle's place in `vehicles`, in the same order.
    pub(super) readings: Vec<(usize, Reading)>,
    /// Sum of the sequence numbers, which the stored rows must have too.
    pub(super) checksum: u64,
}

impl Load {
    /// A round of messages from every vehicle, then the next, until there are enough readings.
    pub(super) fn generate(
        readings: usize,
        readings_per_message: usize,
        vehicles: usize,
    ) -> Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let fleet: FleetId = "bench".parse()?;
        let vehicles = (0..vehicles)
            .map(|number| Ok(format!("bus-{number:06}").parse()?))
            .collect::<Result<Vec<VehicleId>>>()?;
        // The last hour, so that the readings are neither future nor ancient.
        let rounds = readings.div_ceil(readings_per_message * vehicles.len());
        let seconds = (rounds * readings_per_message) as i64;
        let start = UnixMicroseconds::now().plus(-seconds * 1_000_000);
        let mut load = Self {
            fleet,
            vehicles,
            readings_per_message,
            messages: Vec::new(),
            readings: Vec::with_capacity(readings),
            checksum: 0,
        };
        let mut sequence = 0_u64;
        while load.readings.len() < readings {
            for index in 0..load.vehicles.len() {
                let count = readings_per_message.min(readings - load.readings.len());
                let batch: Vec<Reading> = (0..count as u64)
                    .map(|offset| reading(&mut rng, start, sequence + offset))
                    .collect();
                if batch.is_empty() {
                    break;
                }
                let vehicle = &load.vehicles[index];
                let message = encode::telemetry_batch(vehicle, false, &batch);
                load.messages.push((
                    encode::telemetry_topic(&load.fleet, vehicle),
                    message.encode_to_vec().into(),
                ));
                load.checksum += batch
                    .iter()
                    .map(|reading| reading.key.sequence)
                    .sum::<u64>();
                load.readings
                    .extend(batch.into_iter().map(|reading| (index, reading)));
            }
            sequence += readings_per_message as u64;
        }
        Ok(load)
    }

    /// Mean size of a payload, bytes.
    pub(super) fn payload_mean_bytes(&self) -> f64 {
        let bytes: usize = self.messages.iter().map(|(_, payload)| payload.len()).sum();
        bytes as f64 / self.messages.len().max(1) as f64
    }
}

/// A driving bus: 28 signals, as a telematics unit of today sends them.
fn reading(rng: &mut ChaCha8Rng, start: UnixMicroseconds, sequence: u64) -> Reading {
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
        drive_cycle: Some(17),
        ..Measurements::default()
    };
    let recorded_at = start.plus(sequence as i64 * 1_000_000);
    Reading {
        key: ReadingKey {
            recorded_at,
            boot_id: 1,
            sequence,
        },
        received_at: recorded_at,
        historical: false,
        time_quality: TimeQuality::Good,
        invalid: SignalSet::EMPTY,
        measurements,
    }
}
