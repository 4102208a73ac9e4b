//! What breaks in a bus, or what somebody forgets.

use ayaz_model::UnixMicroseconds;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhysicalFaultKind {
    /// Nobody warms the cabin before the shifts that begin meanwhile.
    PreheatMissed,
    /// The resistive or the fuel heater of the cabin gives no heat; the heat pump does.
    CabinHeaterFailed,
    /// The pack's heater gives no heat.
    BatteryHeaterFailed,
    /// The insulation between high voltage and chassis loses the same share of its resistance each
    /// day, down to 100 kΩ at the end.
    InsulationFalling,
    /// A group of cells holds less than the others: the spread of cell voltages grows with load and
    /// at low charge.
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

/// A fault of a bus, from when until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhysicalFault {
    /// What is wrong.
    pub kind: PhysicalFaultKind,
    /// Since when.
    pub from: UnixMicroseconds,
    /// When it is repaired, which instant is healthy again.
    pub until: UnixMicroseconds,
}

impl PhysicalFault {
    /// Whether it holds at an instant.
    pub fn is_active(&self, at: UnixMicroseconds) -> bool {
        (self.from..self.until).contains(&at)
    }

    /// How much of its time has passed, 0 to 1.
    pub(crate) fn progress(&self, at: UnixMicroseconds) -> f64 {
        let length = self.until.seconds_since(self.from).max(1.0);
        (at.seconds_since(self.from) / length).clamp(0.0, 1.0)
    }
}
