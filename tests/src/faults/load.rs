//! The messages of a round: good readings as buses send them, and bad messages.

use ayaz_model::{FleetId, Measurements, Reading, ReadingKey, SignalSet, TimeQuality};
use ayaz_model::{TopicKind, UnixMicroseconds, VehicleId};
use ayaz_proto::Message as _;
use ayaz_publisher::encode;
use bytes::Bytes;
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::ledger::{Key, Ledger};

const VEHICLES: usize = 12;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A message to send.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Bytes,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Good(Vec<Key>),
    Bad,
}

impl Outgoing {
    /// Adds the message to the ledger.
    pub fn record(self, ledger: &mut Ledger) {
        match self.kind {
            Kind::Good(keys) => ledger.good(keys),
            Kind::Bad => ledger.bad(self.topic, self.payload.to_vec()),
        }
    }
}

/// Generates messages from a seed.
#[derive(Debug)]
pub struct Load {
    rng: ChaCha8Rng,
    fleet: FleetId,
    buses: Vec<Bus>,
    /// Some earlier messages, which a bus may send again.
    sent: Vec<Outgoing>,
}

#[derive(Debug)]
struct Bus {
    id: VehicleId,
    boot_id: u32,
    sequence: u64,
    clock: i64,
}

impl Load {
    /// The load of this fleet.
    pub fn new(rng: ChaCha8Rng, fleet: FleetId) -> Self {
        let now = UnixMicroseconds::now().0;
        let buses = (0..VEHICLES).filter_map(|number| {
            Some(Bus {
                id: format!("bus-{number:02}").parse().ok()?,
                boot_id: 1,
                sequence: 0,
                // Each bus in another part of two years, near the end of a day.
                clock: now - (now % DAY) - number as i64 * 61 * DAY - 600 * SECOND,
            })
        });
        Self {
            buses: buses.collect(),
            rng,
            fleet,
            sent: Vec::new(),
        }
    }

    /// The next message.
    pub fn message(&mut self) -> Outgoing {
        let made = match self.rng.random_range(0..100) {
            0..6 => self.bad(),
            6..12 if !self.sent.is_empty() => {
                let again = self.sent.choose(&mut self.rng);
                return again.cloned().unwrap_or_else(|| self.good());
            }
            _ => self.good(),
        };
        // Only some are kept, so that memory is bounded.
        if self.sent.len() < 2_000 {
            self.sent.push(made.clone());
        }
        made
    }

    fn good(&mut self) -> Outgoing {
        let rng = &mut self.rng;
        let index = rng.random_range(0..self.buses.len());
        let bus = &mut self.buses[index];
        match rng.random_range(0..200) {
            // A restart: the sequence begins again.
            0 => (bus.boot_id, bus.sequence) = (bus.boot_id + 1, 0),
            // The clock steps back, was never set, or is ahead.
            1 => bus.clock -= 3_600 * SECOND,
            2 => bus.clock = 40 * DAY,
            3 => bus.clock = UnixMicroseconds::now().0 + 400 * DAY,
            // Years of history in steps of some days.
            4..14 => bus.clock -= 3 * DAY,
            _ => {}
        }
        // One bus has the right time: a daemon with a wrong clock must accept it.
        if index == 0 {
            bus.clock = UnixMicroseconds::now().0 - 700 * SECOND;
        }
        // A time before 1970 would be a dead letter.
        bus.clock = bus.clock.max(10 * DAY);
        let count = *[1, 1, 1, 10, 10, 60].choose(rng).unwrap_or(&1);
        let steps = [SECOND, SECOND / 10, 600 * SECOND];
        let steps = if index == 0 { &steps[..2] } else { &steps };
        let step = *steps.choose(rng).unwrap_or(&SECOND);
        let readings: Vec<Reading> = (0..count)
            .map(|_| {
                bus.clock += step;
                bus.sequence += 1;
                reading(rng, bus)
            })
            .collect();
        let historical = rng.random_bool(0.1);
        outgoing(&self.fleet, &bus.id, historical, &readings)
    }

    fn bad(&mut self) -> Outgoing {
        let Outgoing { topic, payload, .. } = self.good();
        let rng = &mut self.rng;
        let payload = match rng.random_range(0..5) {
            // Cut off.
            0 => payload.slice(..rng.random_range(1..payload.len())),
            // Random bytes, different each time, so that each becomes another dead letter.
            1 => random_bytes(rng, 40),
            // Larger than the daemon's limit in the harness.
            2 => random_bytes(rng, 61_000),
            // The topic of another vehicle.
            3 => {
                let other = format!("{topic}/x").replace("bus-", "tram-");
                return Outgoing {
                    topic: other.trim_end_matches("/x").to_owned(),
                    payload,
                    kind: Kind::Bad,
                };
            }
            // No time.
            _ => {
                let batch = ayaz_proto::telemetry::v1::TelemetryBatch::decode(&payload[..]);
                let mut batch = batch.unwrap_or_default();
                batch.base_time_unix_microseconds = None;
                batch.encode_to_vec().into()
            }
        };
        Outgoing {
            topic,
            payload,
            kind: Kind::Bad,
        }
    }
}

/// The messages of a bus that floods, of maximum size.
pub fn flood(rng: &mut ChaCha8Rng, fleet: &FleetId) -> Option<Vec<Outgoing>> {
    const MESSAGES: usize = 30;
    // They fit into the daemon's limit of 60,000 bytes in the harness.
    const READINGS: usize = 500;
    let mut bus = Bus {
        id: "wild-bus".parse().ok()?,
        boot_id: rng.random(),
        sequence: 0,
        clock: UnixMicroseconds::now().0 - (MESSAGES * READINGS) as i64 * SECOND / 10,
    };
    let messages = (0..MESSAGES).map(|_| {
        let readings: Vec<Reading> = (0..READINGS)
            .map(|_| {
                bus.clock += SECOND / 10;
                bus.sequence += 1;
                reading(rng, &bus)
            })
            .collect();
        outgoing(fleet, &bus.id, false, &readings)
    });
    Some(messages.collect())
}

fn outgoing(fleet: &FleetId, bus: &VehicleId, historical: bool, readings: &[Reading]) -> Outgoing {
    let message = encode::telemetry_batch(bus, historical, readings);
    let keys = readings.iter().map(|reading| {
        (
            bus.as_str().to_owned(),
            reading.key.recorded_at.0,
            i64::from(reading.key.boot_id),
            reading.key.sequence as i64,
        )
    });
    Outgoing {
        topic: TopicKind::Telemetry.topic(fleet, bus),
        payload: message.encode_to_vec().into(),
        kind: Kind::Good(keys.collect()),
    }
}

fn random_bytes(rng: &mut ChaCha8Rng, length: usize) -> Bytes {
    // No field begins with this byte, so the random bytes are never a valid message.
    std::iter::once(0x07)
        .chain((1..length).map(|_| rng.random()))
        .collect::<Vec<u8>>()
        .into()
}

fn reading(rng: &mut ChaCha8Rng, bus: &Bus) -> Reading {
    Reading {
        key: ReadingKey {
            recorded_at: UnixMicroseconds(bus.clock),
            boot_id: bus.boot_id,
            sequence: bus.sequence,
        },
        received_at: UnixMicroseconds(bus.clock),
        historical: false,
        time_quality: TimeQuality::Good,
        invalid: SignalSet::EMPTY,
        measurements: Measurements {
            drive_cycle: Some(bus.boot_id),
            speed_kmh: Some(rng.random_range(0.0..60.0)),
            pack_voltage_volts: Some(540.0),
            pack_current_amperes: Some(rng.random_range(-200.0..100.0)),
            cabin_heater_power_watts: Some(rng.random_range(0.0..20_000.0)),
            exterior_temperature_celsius: Some(rng.random_range(-40.0..-20.0)),
            soc_percent: Some(70.0),
            // 999 is an invalid value: only this value may be lost.
            cabin_temperature_celsius: Some(if rng.random_bool(0.05) { 999.0 } else { 18.0 }),
            route: Some("10".into()),
            ..Measurements::default()
        },
    }
}
