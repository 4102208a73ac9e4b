//! A reading: all measurements of a vehicle at one instant.

use crate::instant::UnixMicroseconds;
use crate::measurements::Measurements;
use crate::signals::SignalSet;

/// The identity of a reading within its vehicle. A reading with the same key is a duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadingKey {
    /// The time of the measurement by the device's clock.
    pub recorded_at: UnixMicroseconds,
    /// Changes each time the device starts, because the sequence may begin again.
    pub boot_id: u32,
    /// The number of the reading within its boot.
    pub sequence: u64,
}

/// Whether `recorded_at` is plausible. Rows that are not [`TimeQuality::Good`] are stored, but no aggregate
/// includes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeQuality {
    /// In the accepted time window.
    Good = 0,
    /// Later than the daemon's clock allows.
    Future = 1,
    /// Before the accepted time window.
    Ancient = 2,
}

impl TimeQuality {
    /// The code in the database.
    pub fn code(self) -> i16 {
        self as i16
    }
}

/// A reading that has passed validation.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its key within the vehicle.
    pub key: ReadingKey,
    /// The daemon's clock when it arrived.
    pub received_at: UnixMicroseconds,
    /// Whether the device sent it late. Such a reading is never an alarm or the current state.
    pub historical: bool,
    /// Whether `recorded_at` is plausible.
    pub time_quality: TimeQuality,
    /// Signals that were sent with an invalid value. They have no measurement.
    pub invalid: SignalSet,
    /// The values.
    pub measurements: Measurements,
}
