//! Messages in the order in which they arrive: live ones as time goes on, late ones when the bus is
//! back in reach, some of them twice.
//!
//! [`Deliveries`] streams: of each bus it holds the message being gathered, readings of a blackout
//! or for a second delivery until that is due, and at most one finished message.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ayaz_model::{Reading, UnixMicroseconds, VehicleId};

use crate::scenario::Scenario;
use crate::truth::TruthBus;

mod bus;
mod courier;

use bus::BusDeliveries;

/// Most readings of a live message.
pub const LIVE_READINGS_MAX: usize = 10;

/// Most readings of a message that is sent late or again.
pub const LATE_READINGS_MAX: usize = 60;

/// A message as it arrives: readings of one vehicle and one boot, in the order of measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Whose readings.
    pub vehicle: VehicleId,
    /// When it arrives. Never before the delivery before it.
    pub arrives_at: UnixMicroseconds,
    /// Whether the device kept the readings back.
    pub historical: bool,
    /// At least one; `received_at` and `historical` say the same as the message.
    pub readings: Vec<Reading>,
}

/// An iterator over all messages of a scenario, in the order of arrival. Late ones arrive after the
/// end of the scenario, too.
#[derive(Debug, Clone)]
pub struct Deliveries {
    buses: Vec<BusDeliveries>,
    /// The next message of each bus.
    next: Vec<Option<Delivery>>,
    /// When they arrive, and whose they are.
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

    /// What really happened so far; all of it once the iterator has ended.
    pub fn truth(&self) -> Vec<TruthBus> {
        self.buses.iter().map(BusDeliveries::truth).collect()
    }

    /// Readings that wait for their delivery now.
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
