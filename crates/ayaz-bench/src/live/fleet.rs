//! The readings of the buses. A few buses are simulated on a winter morning, and copied as often as
//! needed.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use ayaz_model::{FleetId, Reading, ReadingKey, UnixMicroseconds, VehicleId, VehicleKey};
use ayaz_sim::{Bus, Climate, Fleet as Simulated};
use ayaz_store::message::{Content, Envelope, Message};
use bytes::Bytes;

use super::super::load::SEED;

pub(super) const SECOND_MICROSECONDS: i64 = 1_000_000;

/// Number of simulated buses.
const SIMULATED: usize = 24;

/// Seven in the morning in Astana. All buses drive until eleven: three hours of a trip, then the
/// measured hour.
const BEGINS: &str = "2025-01-15T02:00:00Z";
const SECONDS_BEFORE: i64 = 3 * 3_600;
/// One reading per minute in the hours before. They matter only as part of the trip.
const STEP_BEFORE_SECONDS: i64 = 60;

/// Readings of each bus before the hour.
pub(super) const READINGS_BEFORE: usize = (SECONDS_BEFORE / STEP_BEFORE_SECONDS - 1) as usize;

/// Moments of a second at which buses send, evenly spread.
pub(super) const MOMENTS: usize = 20;

/// The fleet. Place 0 is the first reading of a bus. The hour starts at [`READINGS_BEFORE`].
#[derive(Debug)]
pub(super) struct Fleet {
    buses: Vec<VehicleKey>,
    simulated: Vec<Vec<Reading>>,
}

impl Fleet {
    /// Simulates the buses in the hours before `hour`, and in this many seconds of it.
    pub(super) fn simulate(
        fleet: &FleetId,
        vehicles: &[VehicleId],
        hour: UnixMicroseconds,
        seconds: i64,
    ) -> Result<Self> {
        let begins: jiff::Timestamp = BEGINS.parse()?;
        let begins = UnixMicroseconds::from(begins);
        let climate = Arc::new(Climate::new(SEED));
        let simulated = (0..SIMULATED.min(vehicles.len()))
            .map(|index| {
                let bus = Bus::new(Simulated::config(SEED, index), Arc::clone(&climate), begins);
                readings(bus, begins, hour, seconds)
            })
            .collect::<Result<_>>()?;
        let key = |vehicle: &VehicleId| VehicleKey {
            fleet: fleet.clone(),
            vehicle: vehicle.clone(),
        };
        Ok(Self {
            buses: vehicles.iter().map(key).collect(),
            simulated,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.buses.len()
    }

    /// The time of the reading at this place, for buses of the first moment.
    pub(super) fn recorded_at(&self, place: usize) -> Result<UnixMicroseconds> {
        self.simulated
            .first()
            .and_then(|readings| readings.get(place))
            .map(|reading| reading.key.recorded_at)
            .context("the simulated time is too short")
    }

    /// The messages of the buses that send at this moment of the second, one reading each.
    pub(super) fn at(&mut self, place: usize, moment: usize) -> Result<Vec<Message>> {
        let buses = (moment..self.len()).step_by(MOMENTS);
        buses.map(|bus| self.message(bus, place)).collect()
    }

    fn message(&mut self, bus: usize, place: usize) -> Result<Message> {
        let simulated = bus % self.simulated.len();
        let reading = self.simulated[simulated]
            .get_mut(place)
            .context("the simulated time is too short")?;
        let recorded_at = reading.key.recorded_at;
        let moment = (bus % MOMENTS) as i64 * SECOND_MICROSECONDS / MOMENTS as i64;
        reading.key.recorded_at = recorded_at.plus(moment);
        reading.received_at = UnixMicroseconds::now();
        let encoded = [&*reading].into_iter().collect();
        reading.key.recorded_at = recorded_at;
        Ok(Message {
            envelope: Envelope {
                topic: Bytes::new(),
                payload: Bytes::new(),
                received_at: reading.received_at,
            },
            content: Content::Readings(self.buses[bus].clone(), encoded),
        })
    }
}

/// The readings of one bus, moved to the hour, and numbered without gaps.
fn readings(
    bus: Bus,
    begins: UnixMicroseconds,
    hour: UnixMicroseconds,
    seconds: i64,
) -> Result<Vec<Reading>> {
    let mut readings = Vec::new();
    // The first reading is one second after the start.
    for (mut reading, second) in bus.zip(1..SECONDS_BEFORE + seconds) {
        let at = reading.key.recorded_at.0 - begins.0;
        ensure!(
            at == second * SECOND_MICROSECONDS && reading.measurements.drive_cycle.is_some(),
            "a simulated bus does not drive, or not at 1 Hz, {second} s after it began"
        );
        if second < SECONDS_BEFORE && second % STEP_BEFORE_SECONDS != 0 {
            continue;
        }
        reading.key = ReadingKey {
            recorded_at: hour.plus(at - SECONDS_BEFORE * SECOND_MICROSECONDS),
            sequence: readings.len() as u64,
            ..reading.key
        };
        readings.push(reading);
    }
    Ok(readings)
}
