//! Which bus to simulate, what it is told to do, and what breaks.

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
    /// What kind of bus.
    pub model: BusModel,
    /// What heats its cabin in the cold.
    pub heating: Heating,
    /// Whether the battery heater works; a bus without one loses regeneration, then charging.
    pub battery_heater_works: bool,
    /// Time between readings while the key is on; at least 1 ms.
    pub driving_period: Duration,
    /// Time between readings while parked at rest; at least 1 ms.
    pub parked_period: Duration,
    /// Time between readings while parked and plugged in; at least 1 ms, and no longer than at
    /// rest. Before a shift, while the cabin is warmed, it is `driving_period`.
    pub attended_period: Duration,
    /// When the night's charger may charge; at once where there is no window.
    pub charging_window: Option<ChargingWindow>,
    /// Whether the cabin is also warmed before a shift when it hangs on no charger.
    pub preheats_unplugged: bool,
    /// What dust in the condenser costs: the share by which the air conditioning takes more.
    pub condenser_fouling: f64,
    /// What breaks, and when.
    pub faults: Vec<PhysicalFault>,
}

impl BusConfig {
    /// A healthy E12 with electric heating that reports every second, parked every minute.
    pub fn new(seed: u64, index: usize) -> Self {
        Self {
            seed,
            index,
            model: E12,
            heating: Heating::Electric,
            battery_heater_works: true,
            driving_period: Duration::from_secs(1),
            parked_period: Duration::from_secs(60),
            attended_period: Duration::from_secs(10),
            charging_window: None,
            preheats_unplugged: false,
            condenser_fouling: 0.0,
            faults: Vec::new(),
        }
    }

    /// The fault of that kind that holds at an instant.
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
