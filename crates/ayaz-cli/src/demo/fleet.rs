//! Publishes a simulated fleet: first the past, then live.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use ayaz_model::{BrokerUrl, FleetId, Reading, TopicKind, UnixMicroseconds, VehicleId, VehicleKey};
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1::VehicleStatus;
use ayaz_publisher::{Publisher, PublisherOptions, encode};
use ayaz_sim::{Bus, Climate};
use ayaz_store::context::{ContextChanges, ContextWriter, Vehicle};
use bytes::Bytes;
use tokio_postgres::Client;

use super::mix;
use crate::history::announce;
use crate::output::progress::Progress;
use crate::simulated::{model_name, models};

/// Readings per message of the past: one minute at 1 Hz.
const READINGS_PER_MESSAGE: usize = 60;

/// Time that one bus is simulated before the next bus. So the fleet's readings arrive about in
/// order of time.
const SLICE_MICROSECONDS: i64 = 3_600_000_000;

/// Exterior temperature at the start of the demo, °C.
const MILDEST_CELSIUS: f64 = 16.0;

/// Exterior temperature at the end of the demo's past, °C. The live fleet has it, too.
const COLDEST_CELSIUS: f64 = -34.0;

/// A bus with its next reading. A parked bus measures rarely. A reading is sent at its own time,
/// not when it is simulated.
#[derive(Debug)]
struct SimulatedBus {
    vehicle: VehicleId,
    bus: Bus,
    next: Reading,
}

/// The buses of a fleet, each with its own simulated time.
#[derive(Debug)]
pub struct SimulatedFleet {
    fleet: FleetId,
    buses: Vec<SimulatedBus>,
    start: UnixMicroseconds,
}

/// A fleet that has sent its past.
#[derive(Debug)]
pub struct Backfill {
    /// Number of readings sent.
    pub readings: u64,
    /// The fleet at the current time.
    pub fleet: SimulatedFleet,
}

/// Connects a publisher for a fleet.
pub async fn publisher(url: BrokerUrl, client_id: &str) -> Result<Publisher> {
    let mut options = PublisherOptions::new(url, client_id);
    options.subscriber_wait = Some(Duration::from_secs(60));
    Publisher::connect(options)
        .await
        .context("connect to the broker")
}

impl SimulatedFleet {
    /// A fleet in Astana whose last `days` days contain a whole winter, from mild to very cold, in
    /// any season.
    pub fn winter(seed: u64, buses: usize, days: u32) -> Self {
        let now = UnixMicroseconds::now();
        let start = now.plus(-i64::from(days) * 86_400_000_000);
        let climate = Arc::new(Climate::falling(
            start,
            now,
            MILDEST_CELSIUS,
            COLDEST_CELSIUS,
        ));
        let buses = (0..buses)
            .map(|index| {
                let (vehicle, config) = mix::bus(seed, index);
                let mut bus = Bus::new(config, Arc::clone(&climate), start);
                SimulatedBus {
                    vehicle,
                    next: bus.next_reading(),
                    bus,
                }
            })
            .collect();
        Self {
            fleet: fleet_id(),
            buses,
            start,
        }
    }

    /// Number of buses.
    pub fn buses(&self) -> usize {
        self.buses.len()
    }

    /// Stores the models and the model of each vehicle, and announces the history of each vehicle,
    /// as an operator would.
    pub async fn register(&self, owner: &mut Client) -> Result<()> {
        let key = |bus: &SimulatedBus| VehicleKey {
            fleet: self.fleet.clone(),
            vehicle: bus.vehicle.clone(),
        };
        let vehicle = |bus: &SimulatedBus| Vehicle {
            key: key(bus),
            model: Some(model_name(bus.bus.config())),
        };
        let changes = ContextChanges {
            models: models(self.buses.iter().map(|bus| bus.bus.config())),
            vehicles: self.buses.iter().map(vehicle).collect(),
            ..ContextChanges::default()
        };
        let writer = ContextWriter::begin(owner).await?;
        writer.write(&changes).await?;
        writer.commit().await?;
        for bus in &self.buses {
            announce(owner, &key(bus)).await?;
        }
        Ok(())
    }

    /// Sends all readings up to now.
    pub async fn backfill(mut self, publisher: &mut Publisher) -> Result<Backfill> {
        let end = UnixMicroseconds::now();
        let hours = (end.0 - self.start.0) / SLICE_MICROSECONDS + 1;
        let mut progress = Progress::new(
            "bus-hours simulated",
            hours as u64 * self.buses.len() as u64,
        );
        let (mut readings, mut slices) = (0, 0);
        let mut until = self.start;
        while until < end {
            until = until.plus(SLICE_MICROSECONDS).min(end);
            for bus in &mut self.buses {
                readings += send_until(publisher, &self.fleet, bus, until, true).await?;
                slices += 1;
                progress.set(slices);
            }
        }
        progress.finish();
        Ok(Backfill {
            readings,
            fleet: self,
        })
    }

    /// Sends each reading of each bus at its time. Ends only with an error.
    pub async fn live(mut self, publisher: &mut Publisher) -> Result<()> {
        for SimulatedBus { vehicle, bus, .. } in &self.buses {
            let status = VehicleStatus {
                vehicle: vehicle.as_str().to_owned(),
                online: true,
                boot_id: bus.boot_id(),
            };
            let topic = TopicKind::Status.topic(&self.fleet, vehicle);
            publisher
                .publish_retained(topic, Bytes::from(status.encode_to_vec()))
                .await?;
        }
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        loop {
            ticks.tick().await;
            let now = UnixMicroseconds::now();
            for bus in &mut self.buses {
                send_until(publisher, &self.fleet, bus, now, false).await?;
            }
        }
    }
}

fn fleet_id() -> FleetId {
    match "astana".parse() {
        Ok(fleet) => fleet,
        Err(error) => unreachable!("a constant is an identifier: {error}"),
    }
}

/// Simulates a bus up to an instant and sends its readings. Returns how many.
async fn send_until(
    publisher: &mut Publisher,
    fleet: &FleetId,
    bus: &mut SimulatedBus,
    until: UnixMicroseconds,
    historical: bool,
) -> Result<u64> {
    let SimulatedBus { vehicle, bus, next } = bus;
    let mut sent = 0;
    let mut batch: Vec<Reading> = Vec::with_capacity(READINGS_PER_MESSAGE);
    loop {
        let more = next.key.recorded_at <= until;
        if more {
            batch.push(std::mem::replace(next, bus.next_reading()));
        }
        if batch.len() == READINGS_PER_MESSAGE || (!more && !batch.is_empty()) {
            let message = encode::telemetry_batch(vehicle, historical, &batch);
            let topic = TopicKind::Telemetry.topic(fleet, vehicle);
            publisher
                .publish(topic, Bytes::from(message.encode_to_vec()))
                .await?;
            sent += batch.len() as u64;
            batch.clear();
        }
        if !more {
            return Ok(sent);
        }
    }
}
