//! A bus with sensors, logger and device clock: the readings that the device records.

use std::collections::VecDeque;

use ayaz_model::{Reading, UnixMicroseconds};

use crate::bus::Bus;
use crate::faults::DataFaultPlan;
use crate::faults::device::Device;
use crate::faults::log::{FaultLog, TruthDataFault};
use crate::faults::logger::Logger;
use crate::faults::sensors::Sensors;

/// A recorded reading with its true time.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The reading as the device sends it.
    pub reading: Reading,
    /// True time of the measurement. It is unique for each bus.
    pub taken_at: UnixMicroseconds,
    /// When the device can send it: later than `taken_at` if the logger interpolated it.
    pub ready_at: UnixMicroseconds,
}

/// An iterator over the recorded readings of one bus until the end of the simulation.
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
    /// The readings of a bus up to `end`, the time of the last one, with the planned faults of its sensors,
    /// logger and device.
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

    /// The bus, with its truth.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The faults that have happened up to now.
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
            self.sensors.apply(&mut recorded, &mut self.log);
            self.logger.pass(recorded, &mut self.log, &mut self.ready);
        }
        self.ready.pop_front()
    }
}
