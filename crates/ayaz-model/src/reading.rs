//! One wide row per vehicle and instant.

use crate::instant::UnixMicroseconds;
use crate::measurements::Measurements;
use crate::signals::SignalSet;

/// What makes a reading of one vehicle the same reading, however often it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadingKey {
    /// The device's clock when it measured.
    pub recorded_at: UnixMicroseconds,
    /// Changes each time the device starts, so that its sequence may begin anew.
    pub boot_id: u32,
    /// Counts the readings of one boot.
    pub sequence: u64,
}

/// How far `recorded_at` can be believed. Rows that are not [`TimeQuality::Good`] are stored but
/// stay out of every aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeQuality {
    /// Within the accepted window.
    Good = 0,
    /// Later than the daemon's clock allows.
    Future = 1,
    /// Earlier than the accepted window.
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
    /// Its identity within the vehicle.
    pub key: ReadingKey,
    /// The daemon's clock when it arrived.
    pub received_at: UnixMicroseconds,
    /// Whether the device kept it back and sent it later: never an alarm, never "now".
    pub historical: bool,
    /// How far `recorded_at` can be believed.
    pub time_quality: TimeQuality,
    /// Signals that were sent with a value that cannot be true; they have no measurement.
    pub invalid: SignalSet,
    /// The values.
    pub measurements: Measurements,
}
