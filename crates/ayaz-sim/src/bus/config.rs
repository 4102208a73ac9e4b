//! The configuration of a simulated bus, with its faults.

use std::time::Duration;

use ayaz_model::UnixMicroseconds;

use crate::charger::ChargingWindow;
use crate::faults::{PhysicalFault, PhysicalFaultKind};
use crate::model::{BusModel, E12, Heating};

/// Which bus to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct BusConfig {
    /// Seed of the simulation, the same for all buses.
    pub seed: u64,
    /// Number of the bus within the fleet.
    pub index: usize,
    /// The type of bus.
    pub model: BusModel,
    /// What heats the cabin in the cold.
    pub heating: Heating,
    /// Whether the battery heater works. Without it, a cold bus loses regeneration, then charging.
    pub battery_heater_works: bool,
    /// Time between readings while the key is on; at least 1 ms.
    pub driving_period: Duration,
    /// Time between readings while parked without plug and heating; at least 1 ms.
    pub parked_period: Duration,
    /// Time between readings while parked and plugged in or heated; at least 1 ms and at most
    /// `parked_period`. While the cabin is preheated before a shift, it is `driving_period`.
    pub plugged_in_period: Duration,
    /// When the depot charger may charge; `None` is always.
    pub charging_window: Option<ChargingWindow>,
    /// Whether the cabin is preheated before a shift without a plug too.
    pub preheats_unplugged: bool,
    /// The share by which a dusty condenser raises the power of the air conditioning.
    pub condenser_fouling: f64,
    /// The faults of the bus.
    pub faults: Vec<PhysicalFault>,
}

impl BusConfig {
    /// A healthy E12 with electric heating and a reading every second, or every minute while parked.
    pub fn new(seed: u64, index: usize) -> Self {
        Self {
            seed,
            index,
            model: E12,
            heating: Heating::Electric,
            battery_heater_works: true,
            driving_period: Duration::from_secs(1),
            parked_period: Duration::from_secs(60),
            plugged_in_period: Duration::from_secs(10),
            charging_window: None,
            preheats_unplugged: false,
            condenser_fouling: 0.0,
            faults: Vec::new(),
        }
    }

    /// The fault of that kind that is active at an instant.
    pub(crate) fn fault(
        &self,
        kind: PhysicalFaultKind,
        at: UnixMicroseconds,
    ) -> Option<&PhysicalFault> {
        self.faults
            .iter()
            .find(|fault| fault.kind == kind && fault.is_active(at))
    }
}
