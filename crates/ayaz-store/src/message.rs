//! What ingest hands over to be written: whole messages, since a message is what is acknowledged.

use ayaz_model::{CellReading, UnixMicroseconds, VehicleKey};
use bytes::Bytes;

use crate::encoded::EncodedReadings;

/// A message as it arrived, kept until it is stored so that it can still become a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Where it was published.
    pub topic: Bytes,
    /// Its bytes.
    pub payload: Bytes,
    /// The daemon's clock when it arrived.
    pub received_at: UnixMicroseconds,
}

/// Why a message becomes a dead letter instead of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// One of a closed list, for counting.
    pub reason: &'static str,
    /// What exactly was wrong, for a person.
    pub detail: String,
}

/// What a message turned out to hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Readings, for `reading`.
    Readings(VehicleKey, EncodedReadings),
    /// Looks at all cells, for `cell_reading`.
    Cells(VehicleKey, Vec<CellReading>),
    /// The vehicle came or went, for `vehicle_status`.
    Status {
        /// Who.
        vehicle: VehicleKey,
        /// Whether it is there.
        online: bool,
        /// The boot that says so.
        boot_id: u32,
    },
    /// Nothing that can be stored, for `dead_letter`.
    Rejected(Rejection),
}

/// One message with what it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// As it arrived.
    pub envelope: Envelope,
    /// What it holds.
    pub content: Content,
}

impl Content {
    /// The vehicle, unless the message was rejected.
    pub fn vehicle(&self) -> Option<&VehicleKey> {
        match self {
            Self::Readings(vehicle, _) | Self::Cells(vehicle, _) => Some(vehicle),
            Self::Status { vehicle, .. } => Some(vehicle),
            Self::Rejected(_) => None,
        }
    }

    /// Rows it will become.
    pub fn rows(&self) -> usize {
        match self {
            Self::Readings(_, readings) => readings.len(),
            Self::Cells(_, cells) => cells.len(),
            Self::Status { .. } | Self::Rejected(_) => 1,
        }
    }
}
