//! The messages of one bus, with their truth.

use ayaz_model::VehicleId;

use crate::delivery::Delivery;
use crate::delivery::uplink::{Message, Uplink};
use crate::faults::{DataFaultPlan, Recording};
use crate::truth::TruthBus;

#[derive(Debug, Clone)]
pub(super) struct BusDeliveries {
    vehicle: VehicleId,
    recording: Recording,
    uplink: Uplink,
    ended: bool,
}

impl BusDeliveries {
    pub(super) fn new(vehicle: VehicleId, recording: Recording, plans: &[DataFaultPlan]) -> Self {
        Self {
            vehicle,
            recording,
            uplink: Uplink::new(plans),
            ended: false,
        }
    }

    pub(super) fn truth(&self) -> TruthBus {
        let faults = self.recording.faults().chain(self.uplink.faults());
        TruthBus::new(self.vehicle.clone(), self.recording.bus(), faults)
    }

    pub(super) fn held_readings(&self) -> usize {
        self.uplink.held_readings()
    }

    fn deliver(&self, message: Message) -> Delivery {
        let mut readings = message.readings;
        for reading in &mut readings {
            reading.received_at = message.due;
            reading.historical = message.historical;
        }
        Delivery {
            vehicle: self.vehicle.clone(),
            arrives_at: message.due,
            historical: message.historical,
            readings,
        }
    }
}

impl Iterator for BusDeliveries {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        loop {
            if let Some(message) = self.uplink.next_message() {
                return Some(self.deliver(message));
            }
            if self.ended {
                return None;
            }
            match self.recording.next() {
                Some(recorded) => self.uplink.take(recorded),
                None => {
                    self.uplink.finish();
                    self.ended = true;
                }
            }
        }
    }
}
