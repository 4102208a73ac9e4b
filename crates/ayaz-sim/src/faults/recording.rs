//! A bus behind its sensors, its logger and its device's clock: the readings as they are recorded.

use std::collections::VecDeque;

use ayaz_model::{Reading, UnixMicroseconds};

use crate::bus::Bus;
use crate::faults::DataFaultPlan;
use crate::faults::device::Device;
use crate::faults::log::{FaultLog, TruthDataFault};
use crate::faults::logger::Logger;
use crate::faults::sensors::Sensors;

/// A reading as it was recorded, and when that really was.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// As the device has it.
    pub reading: Reading,
    /// When it was measured, by a clock that is right. No two readings of a bus share it.
    pub taken_at: UnixMicroseconds,
    /// When the device has it ready to be sent; later than `taken_at` if the logger made it up.
    pub ready_at: UnixMicroseconds,
}

/// An iterator over what one bus records until the end of the simulation.
#[derive(Debug, Clone)]
pub struct Recording {
    bus: Bus,
    end: UnixMicroseconds,
    device: Device,
    sensors: Sensors,
    logger: Logger,
    ready: VecDeque<Recorded>,
    log: FaultLog,
}

impl Recording {
    /// What a bus records until an instant, which is its last reading, with those of the faults
    /// that happen on the bus.
    pub fn new(bus: Bus, end: UnixMicroseconds, plans: &[DataFaultPlan]) -> Self {
        Self {
            device: Device::new(&bus, plans),
            sensors: Sensors::new(plans),
            logger: Logger::new(plans),
            ready: VecDeque::new(),
            log: FaultLog::default(),
            bus,
            end,
        }
    }

    /// The bus itself, and what it really did.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The faults that have happened on the bus so far.
    pub fn faults(&self) -> impl Iterator<Item = &TruthDataFault> {
        self.log.faults()
    }
}

impl Iterator for Recording {
    type Item = Recorded;

    fn next(&mut self) -> Option<Recorded> {
        while self.ready.is_empty() {
            if self.bus.now() >= self.end {
                self.logger.finish(&mut self.log, &mut self.ready);
                break;
            }
            let reading = self.bus.next_reading_by(self.end);
            let mut recorded = Recorded {
                taken_at: reading.key.recorded_at,
                ready_at: reading.key.recorded_at,
                reading,
            };
            self.device.identify(&mut recorded, &mut self.log);
            self.sensors.disturb(&mut recorded, &mut self.log);
            self.logger.pass(recorded, &mut self.log, &mut self.ready);
        }
        self.ready.pop_front()
    }
}
