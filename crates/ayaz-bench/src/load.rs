//! The readings of a run: a fixed sequence of messages, spread over vehicles like those of a fleet.
//! A run sends as many as it can.
//!
//! Message `n` is from vehicle `n mod vehicles` and has its next readings, one per second. Messages
//! differ only in their head: the values of readings repeat. They are encoded once for MQTT and
//! once for COPY. So making a message costs only a copy of its bytes.

use std::ops::Range;

use crate::raw_copy::{RowIdentity, RowTemplate};
use crate::scratch::Contents;
use anyhow::Result;
use ayaz_model::{FleetId, Reading, TopicKind, UnixMicroseconds, VehicleId};
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1 as wire;
use ayaz_publisher::encode::{self, BatchBase};
use bytes::BufMut;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

mod values;

use values::reading;

/// Seed of all values.
pub(super) const SEED: u64 = 2_026;

/// Time of the first reading of every vehicle: 2020-01-01T00:00:00Z, inside the accepted window.
/// Data time depends on the speed of the machine. It covers a few months in the longest run of the
/// smallest fleet.
pub(super) const START: UnixMicroseconds = UnixMicroseconds(1_577_836_800_000_000);

const SECOND_MICROSECONDS: i64 = 1_000_000;
const DAY_SECONDS: u64 = 86_400;
const BOOT_ID: u32 = 1;

/// Number of readings with different values. More would only use more memory of the generator.
const VALUES_MAX: usize = 10_000;

/// Vehicles of the largest fleet.
pub(super) const VEHICLES_MAX: u32 = 100_000;

/// Field keys of a `TelemetryBatch` on the wire.
const BASE_SEQUENCE: u8 = 4 << 3;
const BASE_TIME: u8 = 5 << 3;

/// The messages of a run.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) fleet: FleetId,
    pub(super) readings_per_message: u32,
    /// Vehicles of the messages, followed by [`Load::probe`].
    pub(super) vehicles: Vec<VehicleId>,
    heads: Vec<Head>,
    templates: Vec<Template>,
}

/// The first part of all messages of a vehicle.
#[derive(Debug)]
struct Head {
    topic: Box<[u8]>,
    payload: Box<[u8]>,
}

/// The values of a message.
#[derive(Debug)]
struct Template {
    /// The field `readings`.
    payload: Box<[u8]>,
    /// The same values as rows.
    rows: Vec<RowTemplate>,
}

impl Load {
    /// A load of this fleet. Its unique name separates its topics from others.
    pub(super) fn generate(
        fleet: &FleetId,
        readings_per_message: u32,
        vehicles: u32,
    ) -> Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        // The daemon remembers at most this many vehicles, including the probe.
        let vehicles = (0..vehicles.min(VEHICLES_MAX - 1))
            .map(|number| format!("bus-{number:06}").parse())
            .chain(["probe".parse()])
            .collect::<Result<Vec<VehicleId>, _>>()?;
        let heads = vehicles
            .iter()
            .map(|vehicle| Head::new(fleet, vehicle, readings_per_message))
            .collect();
        let size = readings_per_message as usize;
        let templates = (0..(VALUES_MAX / size).clamp(1, vehicles.len() - 1))
            .map(|number| {
                let readings: Vec<Reading> = (0..u64::from(readings_per_message))
                    .map(|sequence| reading(&mut rng, number as u32, sequence))
                    .collect();
                Template::new(&readings)
            })
            .collect();
        Ok(Self {
            fleet: fleet.clone(),
            readings_per_message,
            vehicles,
            heads,
            templates,
        })
    }

    /// Vehicles that send the messages, without the probe.
    pub(super) fn fleet_size(&self) -> u64 {
        self.vehicles.len() as u64 - 1
    }

    /// Requested number of vehicles. In the largest fleet, the probe is one of them.
    pub(super) fn vehicles_named(&self) -> u64 {
        if self.vehicles.len() as u32 == VEHICLES_MAX {
            VEHICLES_MAX.into()
        } else {
            self.fleet_size()
        }
    }

    /// Index of the vehicle that sends only latency probes.
    pub(super) fn probe(&self) -> usize {
        self.vehicles.len() - 1
    }

    /// Index in `vehicles` of the sender of message `number`.
    pub(super) fn vehicle(&self, number: u64) -> usize {
        (number % self.fleet_size()) as usize
    }

    /// The vehicle's topic.
    pub(super) fn topic(&self, vehicle: usize) -> &[u8] {
        &self.heads[vehicle].topic
    }

    /// The payload of message `number`.
    pub(super) fn payload(&self, number: u64) -> Payload<'_> {
        let vehicle = self.vehicle(number);
        let sequence = number / self.fleet_size() * u64::from(self.readings_per_message);
        Payload {
            head: &self.heads[vehicle].payload,
            base: Base::of(sequence),
            readings: &self.templates[vehicle % self.templates.len()].payload,
        }
    }

    /// The probe's message with this sequence: one reading.
    pub(super) fn probe_payload(&self, sequence: u64) -> Vec<u8> {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let reading = reading(&mut rng, 0, sequence);
        encode::telemetry_batch(&self.vehicles[self.probe()], false, &[reading]).encode_to_vec()
    }

    /// Mean size of a payload, bytes.
    pub(super) fn payload_mean_bytes(&self) -> f64 {
        let sample = self.fleet_size().min(1_000);
        let bytes: usize = (0..sample).map(|number| self.payload(number).len()).sum();
        bytes as f64 / sample as f64
    }

    /// The rows of these messages in the order in which the daemon writes a batch: by day (one day
    /// is one chunk), vehicle and key.
    pub(super) fn rows(
        &self,
        messages: Range<u64>,
        received_at: UnixMicroseconds,
    ) -> impl Iterator<Item = (&RowTemplate, RowIdentity)> {
        let (size, fleet) = (u64::from(self.readings_per_message), self.fleet_size());
        let last = messages.end.saturating_sub(1).max(messages.start);
        let rounds = messages.start / fleet..last / fleet + 1;
        let days = rounds.start * size / DAY_SECONDS..=(rounds.end * size - 1) / DAY_SECONDS;
        let (first, end) = (messages.start % fleet, last % fleet + 1);
        let vehicles = if messages.end - messages.start >= fleet {
            (0..fleet).chain(0..0)
        } else if first < end {
            (first..end).chain(0..0)
        } else {
            (0..end).chain(first..fleet)
        };
        days.flat_map(move |day| vehicles.clone().map(move |vehicle| (day, vehicle)))
            .flat_map(move |(day, vehicle)| rounds.clone().map(move |round| (day, vehicle, round)))
            .filter(move |(_, vehicle, round)| messages.contains(&(round * fleet + vehicle)))
            .flat_map(move |(day, vehicle, round)| {
                let template = &self.templates[vehicle as usize % self.templates.len()];
                (round * size..)
                    .zip(&template.rows)
                    .filter_map(move |(sequence, row)| {
                        let identity = RowIdentity {
                            vehicle: vehicle as i32 + 1,
                            recorded_at: recorded_at(sequence),
                            sequence,
                            received_at,
                        };
                        (sequence / DAY_SECONDS == day).then_some((row, identity))
                    })
            })
    }

    /// Expected contents of the table after this many messages.
    pub(super) fn contents(&self, messages: u64) -> Contents {
        let (size, fleet) = (u64::from(self.readings_per_message), self.fleet_size());
        let mut contents = Contents::default();
        for vehicle in 0..fleet {
            let rounds = (messages + fleet - 1 - vehicle) / fleet;
            let template = vehicle as usize % self.templates.len();
            contents = contents.with_vehicle(vehicle + 1, rounds * size, template as u64);
        }
        contents
    }

    /// The same, with readings of the probe.
    pub(super) fn contents_with_probe(&self, messages: u64, probes: u64) -> Contents {
        self.contents(messages)
            .with_vehicle(self.probe() as u64 + 1, probes, 0)
    }
}

/// Adds a vehicle whose readings are numbered from 0.
trait AddVehicle {
    fn with_vehicle(self, vehicle: u64, readings: u64, drive_cycle: u64) -> Self;
}

impl AddVehicle for Contents {
    fn with_vehicle(self, vehicle: u64, readings: u64, drive_cycle: u64) -> Self {
        let (vehicle, rows) = (u128::from(vehicle), u128::from(readings));
        // Sequence and seconds are the same number here.
        let sequences = rows * rows.saturating_sub(1) / 2;
        Self {
            rows: self.rows + readings,
            keys: self.keys + readings,
            checksum: self.checksum + vehicle * (3 * sequences + rows * u128::from(drive_cycle)),
        }
    }
}

/// The time of the reading with this sequence.
pub(super) fn recorded_at(sequence: u64) -> UnixMicroseconds {
    START.plus(sequence as i64 * SECOND_MICROSECONDS)
}

/// A message's payload in parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payload<'a> {
    head: &'a [u8],
    base: Base,
    readings: &'a [u8],
}

impl Payload<'_> {
    pub(super) fn len(&self) -> usize {
        self.head.len() + self.base.as_slice().len() + self.readings.len()
    }

    pub(super) fn put(&self, out: &mut impl BufMut) {
        out.put_slice(self.head);
        out.put_slice(self.base.as_slice());
        out.put_slice(self.readings);
    }
}

/// `base_sequence` and `base_time_unix_microseconds`.
#[derive(Debug, Clone, Copy)]
struct Base {
    bytes: [u8; 22],
    len: usize,
}

impl Base {
    fn of(sequence: u64) -> Self {
        let mut base = Self {
            bytes: [0; 22],
            len: 0,
        };
        base.field(BASE_SEQUENCE, sequence);
        base.field(BASE_TIME, recorded_at(sequence).0 as u64);
        base
    }

    fn field(&mut self, key: u8, mut value: u64) {
        self.push(key);
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Head {
    fn new(fleet: &FleetId, vehicle: &VehicleId, reading_count: u32) -> Self {
        let head = wire::TelemetryBatch {
            vehicle: vehicle.to_string(),
            reading_count,
            boot_id: BOOT_ID,
            ..wire::TelemetryBatch::default()
        };
        Self {
            topic: TopicKind::Telemetry
                .topic(fleet, vehicle)
                .into_bytes()
                .into(),
            payload: head.encode_to_vec().into(),
        }
    }
}

impl Template {
    fn new(readings: &[Reading]) -> Self {
        let base = BatchBase {
            boot_id: BOOT_ID,
            sequence: 0,
            time_unix_microseconds: START.0,
        };
        let only_readings = wire::TelemetryBatch {
            readings: readings
                .iter()
                .map(|reading| encode::wire_reading(&base, reading.key, &reading.measurements))
                .collect(),
            ..wire::TelemetryBatch::default()
        };
        Self {
            payload: only_readings.encode_to_vec().into(),
            rows: readings.iter().map(RowTemplate::encode).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
