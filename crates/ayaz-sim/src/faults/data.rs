//! What happens to true readings on their way.

use ayaz_model::{Signal, UnixMicroseconds};

/// What goes wrong with readings, with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DataFault {
    /// No network: readings arrive so long after the end of the fault, marked historical.
    Blackout {
        /// From the end of the blackout to the delivery, s.
        delay_seconds: i64,
    },
    /// Readings are delivered, and after so long once more with the same identity.
    Duplicates {
        /// From the end of the stretch to its second delivery, s; from an hour on it is marked
        /// historical.
        delay_seconds: i64,
    },
    /// The device's clock is wrong by so much.
    ClockJump {
        /// Positive into the future, s.
        offset_seconds: i64,
    },
    /// The device starts anew: its sequence begins at 0 under another boot.
    Reboot {
        /// What its clock shows at the start until it is set; `None` if it went on meanwhile.
        clock_starts_at: Option<UnixMicroseconds>,
    },
    /// Readings never arrive, and their sequence numbers are missing.
    Lost,
    /// A signal keeps exactly the value that it has when the fault begins, while the bus drives.
    Stuck {
        /// Which one.
        signal: Signal,
    },
    /// The logger slept and bridged the gap: every analogue signal is a straight line from the last
    /// value before to the first one after, and all others keep their value. While the bus drives.
    Ramp,
    /// One reading shows another position, while the bus drives.
    PositionSpike {
        /// The position shown, ° north and east.
        to: (f64, f64),
    },
    /// One reading shows a value that cannot be, while the bus drives.
    Spike {
        /// Which signal.
        signal: Signal,
        /// The value shown.
        value: SpikeValue,
    },
    /// A sensor reports its error code instead of a value. Waits until the true value is at least
    /// [`SENTINEL_DISTANCE`](DataFault::SENTINEL_DISTANCE) away.
    Sentinel {
        /// Which signal.
        signal: Signal,
        /// The code, in the signal's unit.
        value: f64,
    },
    /// A sensor measures something else than it should: the sun, or the warmth of a motor.
    Offset {
        /// Which signal.
        signal: Signal,
        /// What is added to the true value, in the signal's unit.
        by: f64,
    },
}

/// What a spike shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SpikeValue {
    /// This value.
    Exactly(f64),
    /// The true one and this.
    Above(f64),
}

impl DataFault {
    /// A sentinel does not begin while the true value is nearer than this to its code, in the
    /// signal's unit.
    pub const SENTINEL_DISTANCE: f64 = 12.0;

    /// What kind of fault it is.
    pub fn kind(&self) -> DataFaultKind {
        match self {
            Self::Blackout { .. } => DataFaultKind::Blackout,
            Self::Duplicates { .. } => DataFaultKind::Duplicates,
            Self::ClockJump { .. } => DataFaultKind::ClockJump,
            Self::Reboot {
                clock_starts_at: None,
            } => DataFaultKind::Reboot,
            Self::Reboot { .. } => DataFaultKind::ClockUnset,
            Self::Lost => DataFaultKind::Lost,
            Self::Stuck { .. } => DataFaultKind::Stuck,
            Self::Ramp => DataFaultKind::Ramp,
            Self::PositionSpike { .. } | Self::Spike { .. } => DataFaultKind::Spike,
            Self::Sentinel { .. } => DataFaultKind::Sentinel,
            Self::Offset { .. } => DataFaultKind::Offset,
        }
    }
}

/// A kind of fault in the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataFaultKind {
    /// Delivered a day late.
    Blackout,
    /// Delivered twice.
    Duplicates,
    /// `recorded_at` is off.
    ClockJump,
    /// `recorded_at` is decades off after a new boot.
    ClockUnset,
    /// A new boot; only its first reading is noted, and nothing is wrong with it.
    Reboot,
    /// Never delivered.
    Lost,
    /// A signal holds its value.
    Stuck,
    /// Straight lines.
    Ramp,
    /// One reading with an impossible value.
    Spike,
    /// An error code as a value.
    Sentinel,
    /// A sensor that is off.
    Offset,
}

impl DataFaultKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Blackout,
        Self::Duplicates,
        Self::ClockJump,
        Self::ClockUnset,
        Self::Reboot,
        Self::Lost,
        Self::Stuck,
        Self::Ramp,
        Self::Spike,
        Self::Sentinel,
        Self::Offset,
    ];

    /// In lower case with underscores.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blackout => "blackout",
            Self::Duplicates => "duplicates",
            Self::ClockJump => "clock_jump",
            Self::ClockUnset => "clock_unset",
            Self::Reboot => "reboot",
            Self::Lost => "lost",
            Self::Stuck => "stuck",
            Self::Ramp => "ramp",
            Self::Spike => "spike",
            Self::Sentinel => "sentinel",
            Self::Offset => "offset",
        }
    }
}

/// A fault that is going to happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DataFaultPlan {
    /// What.
    pub fault: DataFault,
    /// Not before this; a fault that needs a bus that drives waits until it does.
    pub from: UnixMicroseconds,
    /// How long once it has begun, s; a spike takes one reading in any case.
    pub lasts_seconds: i64,
}

impl DataFaultPlan {
    /// Whether an instant lies in its time, for faults that wait for nothing.
    pub(crate) fn holds_at(&self, at: UnixMicroseconds) -> bool {
        (self.from..self.until()).contains(&at)
    }

    /// When it ends, for faults that wait for nothing.
    pub(crate) fn until(&self) -> UnixMicroseconds {
        self.from.plus(self.lasts_seconds.saturating_mul(1_000_000))
    }
}
