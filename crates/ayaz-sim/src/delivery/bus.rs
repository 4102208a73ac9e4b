//! The messages of one bus, and the truth beside them.

use ayaz_model::VehicleId;

use crate::delivery::Delivery;
use crate::delivery::courier::{Courier, Message};
use crate::faults::{DataFaultPlan, Recording};
use crate::truth::TruthBus;

#[derive(Debug, Clone)]
pub(super) struct BusDeliveries {
    vehicle: VehicleId,
    recording: Recording,
    courier: Courier,
    ended: bool,
}

impl BusDeliveries {
    pub(super) fn new(vehicle: VehicleId, recording: Recording, plans: &[DataFaultPlan]) -> Self {
        Self {
            vehicle,
            recording,
            courier: Courier::new(plans),
            ended: false,
        }
    }

    pub(super) fn truth(&self) -> TruthBus {
        let happened = self.recording.faults().chain(self.courier.faults());
        TruthBus::new(self.vehicle.clone(), self.recording.bus(), happened)
    }

    pub(super) fn held_readings(&self) -> usize {
        self.courier.held_readings()
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
            if let Some(message) = self.courier.next_message() {
                return Some(self.deliver(message));
            }
            if self.ended {
                return None;
            }
            match self.recording.next() {
                Some(recorded) => self.courier.take(recorded),
                None => {
                    self.courier.finish();
                    self.ended = true;
                }
            }
        }
    }
}
