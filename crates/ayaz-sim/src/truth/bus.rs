//! The truth about one bus of a scenario.

use ayaz_model::VehicleId;

use crate::bus::Bus;
use crate::faults::{PhysicalFault, TruthDataFault};
use crate::truth::{TruthDay, TruthSession};

/// The truth about a bus.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthBus {
    /// The bus.
    pub vehicle: VehicleId,
    /// Its type.
    pub model: &'static str,
    /// Service days, in order.
    pub days: Vec<TruthDay>,
    /// Sessions, in the order of time, without gaps.
    pub sessions: Vec<TruthSession>,
    /// Faults of the bus, in the order of time.
    pub physical_faults: Vec<PhysicalFault>,
    /// Faults of its readings, in the order of time.
    pub data_faults: Vec<TruthDataFault>,
}

impl TruthBus {
    pub(crate) fn new<'a>(
        vehicle: VehicleId,
        bus: &Bus,
        data_faults: impl Iterator<Item = &'a TruthDataFault>,
    ) -> Self {
        let (mut days, mut sessions) = (Vec::new(), Vec::new());
        if let Some(ledger) = bus.ledger() {
            days = ledger.days();
            sessions = ledger.sessions();
        }
        let mut physical_faults = bus.config().faults.clone();
        physical_faults.retain(|fault| fault.from < bus.now());
        physical_faults.sort_by_key(|fault| (fault.from, fault.kind));
        let mut data_faults: Vec<TruthDataFault> = data_faults.cloned().collect();
        data_faults.sort_by_key(|fault| (fault.from, fault.kind));
        Self {
            vehicle,
            model: bus.config().model.name,
            days,
            sessions,
            physical_faults,
            data_faults,
        }
    }
}
