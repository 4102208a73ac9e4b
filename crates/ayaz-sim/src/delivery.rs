//! Messages in the order of arrival: live ones in time, late ones when the bus has a network again, and
//! some of them twice.
//!
//! [`Deliveries`] is an iterator with little memory. For each bus it holds the unfinished message,
//! readings of a blackout or for a second delivery until they are due, and at most one finished message.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ayaz_model::{Reading, UnixMicroseconds, VehicleId};

use crate::scenario::Scenario;
use crate::truth::TruthBus;

mod bus;
mod uplink;

use bus::BusDeliveries;

/// Maximum number of readings in a live message.
pub const LIVE_READINGS_MAX: usize = 10;

/// Maximum number of readings in a message that is sent late or again.
pub const LATE_READINGS_MAX: usize = 60;

/// A message that arrives: readings of one vehicle and one boot, in the order of measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The vehicle of the readings.
    pub vehicle: VehicleId,
    /// When it arrives: not before the previous delivery.
    pub arrives_at: UnixMicroseconds,
    /// Whether the device has sent the readings late.
    pub historical: bool,
    /// At least one. `received_at` and `historical` are those of the message.
    pub readings: Vec<Reading>,
}

/// An iterator over all messages of a scenario, in the order of arrival. Late ones may arrive after the
/// end of the scenario.
#[derive(Debug, Clone)]
pub struct Deliveries {
    buses: Vec<BusDeliveries>,
    /// The next message of each bus.
    next: Vec<Option<Delivery>>,
    /// The arrival of the next message of each bus, and the index of the bus.
    order: BinaryHeap<Reverse<(UnixMicroseconds, usize)>>,
}

impl Deliveries {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let buses = scenario
            .buses()
            .iter()
            .enumerate()
            .map(|(index, bus)| {
                let recording = scenario.recording(index);
                BusDeliveries::new(bus.vehicle.clone(), recording, &bus.data_faults)
            })
            .collect::<Vec<_>>();
        let mut deliveries = Self {
            next: vec![None; buses.len()],
            order: BinaryHeap::new(),
            buses,
        };
        for index in 0..deliveries.buses.len() {
            deliveries.fetch(index);
        }
        deliveries
    }

    /// The truth up to now; complete when the iterator has ended.
    pub fn truth(&self) -> Vec<TruthBus> {
        self.buses.iter().map(BusDeliveries::truth).collect()
    }

    /// Number of readings that wait for delivery.
    pub fn held_readings(&self) -> usize {
        self.buses.iter().map(BusDeliveries::held_readings).sum()
    }

    fn fetch(&mut self, index: usize) {
        self.next[index] = self.buses[index].next();
        if let Some(delivery) = &self.next[index] {
            self.order.push(Reverse((delivery.arrives_at, index)));
        }
    }
}

impl Iterator for Deliveries {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        let Reverse((_, index)) = self.order.pop()?;
        let delivery = self.next[index].take();
        self.fetch(index);
        delivery
    }
}
