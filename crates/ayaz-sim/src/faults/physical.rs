//! Faults of the bus and of its operation.

use ayaz_model::UnixMicroseconds;

/// A kind of physical fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhysicalFaultKind {
    /// The cabin is not preheated before shifts.
    PreheatMissed,
    /// The resistive or the fuel heater of the cabin gives no heat. The heat pump works.
    CabinHeaterFailed,
    /// The battery heater gives no heat.
    BatteryHeaterFailed,
    /// The insulation resistance between high voltage and chassis falls by the same share each day, to
    /// 100 kΩ at the end.
    InsulationFalling,
    /// A group of cells has less capacity: the difference of cell voltages grows with load and at low
    /// charge.
    CellGroupWeak,
}

impl PhysicalFaultKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::PreheatMissed,
        Self::CabinHeaterFailed,
        Self::BatteryHeaterFailed,
        Self::InsulationFalling,
        Self::CellGroupWeak,
    ];

    /// In lower case with underscores.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreheatMissed => "preheat_missed",
            Self::CabinHeaterFailed => "cabin_heater_failed",
            Self::BatteryHeaterFailed => "battery_heater_failed",
            Self::InsulationFalling => "insulation_falling",
            Self::CellGroupWeak => "cell_group_weak",
        }
    }
}

/// A fault of a bus with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhysicalFault {
    /// The kind of fault.
    pub kind: PhysicalFaultKind,
    /// When it begins.
    pub from: UnixMicroseconds,
    /// When it is repaired. At that instant the bus is healthy.
    pub until: UnixMicroseconds,
}

impl PhysicalFault {
    /// Whether it is active at an instant.
    pub fn is_active(&self, at: UnixMicroseconds) -> bool {
        (self.from..self.until).contains(&at)
    }

    /// The share of its time that has passed, 0 to 1.
    pub(crate) fn progress(&self, at: UnixMicroseconds) -> f64 {
        let length = self.until.seconds_since(self.from).max(1.0);
        (at.seconds_since(self.from) / length).clamp(0.0, 1.0)
    }
}
