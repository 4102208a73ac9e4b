//! The kinds of data faults.

use ayaz_model::{Signal, UnixMicroseconds};

/// A data fault with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DataFault {
    /// No network: readings arrive after the fault and are marked historical.
    Blackout {
        /// From the end of the blackout to the delivery, s.
        delay_seconds: i64,
    },
    /// Readings are delivered twice with the same identity.
    Duplicates {
        /// From the end of the fault to the second delivery, s. From one hour on, that delivery is marked
        /// historical.
        delay_seconds: i64,
    },
    /// The device's clock is wrong.
    ClockJump {
        /// Shown time minus true time, s.
        offset_seconds: i64,
    },
    /// The device restarts: it has a new boot, and its sequence begins at 0.
    Reboot {
        /// The time that its clock shows at the start, until it is set; `None` if the clock is right.
        clock_starts_at: Option<UnixMicroseconds>,
    },
    /// Readings never arrive, and their sequence numbers are missing.
    Lost,
    /// A signal repeats the value that it has when the fault begins, while the bus drives.
    Stuck {
        /// The signal.
        signal: Signal,
    },
    /// The logger interpolates a gap: each analogue signal is linear from the last value before to the
    /// first one after, and all others keep their value. While the bus drives.
    Ramp,
    /// One reading shows another position, while the bus drives.
    PositionSpike {
        /// The position shown, ° north and east.
        to: (f64, f64),
    },
    /// One reading shows an impossible value, while the bus drives.
    Spike {
        /// The signal.
        signal: Signal,
        /// The value shown.
        value: SpikeValue,
    },
    /// A sensor reports its error code instead of a value. The fault begins when the true value differs
    /// by at least [`SENTINEL_DISTANCE`](DataFault::SENTINEL_DISTANCE).
    Sentinel {
        /// The signal.
        signal: Signal,
        /// The code, in the signal's unit.
        value: f64,
    },
    /// A sensor shows an offset, such as from the sun or a warm motor.
    Offset {
        /// The signal.
        signal: Signal,
        /// Added to the true value, in the signal's unit.
        by: f64,
    },
}

/// The value of a spike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SpikeValue {
    /// This value.
    Exactly(f64),
    /// The true value plus this.
    Above(f64),
}

impl DataFault {
    /// Smallest difference between the true value and the code at which a sentinel may begin, in the
    /// signal's unit.
    pub const SENTINEL_DISTANCE: f64 = 12.0;

    /// The kind of the fault.
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

/// A kind of data fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataFaultKind {
    /// Delivered a day late.
    Blackout,
    /// Delivered twice.
    Duplicates,
    /// `recorded_at` is wrong.
    ClockJump,
    /// `recorded_at` is wrong by decades after a new boot.
    ClockUnset,
    /// A new boot. The truth lists only its first reading, which is right.
    Reboot,
    /// Never delivered.
    Lost,
    /// A signal repeats its value.
    Stuck,
    /// Linear values over a gap.
    Ramp,
    /// One reading with an impossible value.
    Spike,
    /// An error code as a value.
    Sentinel,
    /// A sensor with an offset.
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

/// A planned data fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DataFaultPlan {
    /// The fault.
    pub fault: DataFault,
    /// Its earliest begin. A fault of a driving bus begins when the bus drives.
    pub from: UnixMicroseconds,
    /// Its duration, s. A spike always takes one reading.
    pub lasts_seconds: i64,
}

impl DataFaultPlan {
    /// Whether the fault is active at an instant, for faults that begin at `from`.
    pub(crate) fn holds_at(&self, at: UnixMicroseconds) -> bool {
        (self.from..self.until()).contains(&at)
    }

    /// The end of the fault, for faults that begin at `from`.
    pub(crate) fn until(&self) -> UnixMicroseconds {
        self.from.plus(self.lasts_seconds.saturating_mul(1_000_000))
    }
}
