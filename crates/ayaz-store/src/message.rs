//! Input of ingest's write path: whole messages, since acknowledgements are by message.

use ayaz_model::{CellReading, UnixMicroseconds, VehicleKey};
use bytes::Bytes;

use crate::encoded::EncodedReadings;

/// A message as received. It is kept until it is stored, since it may become a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Topic of the message.
    pub topic: Bytes,
    /// Payload of the message.
    pub payload: Bytes,
    /// Time of receipt by the daemon's clock.
    pub received_at: UnixMicroseconds,
}

/// Reason why a message becomes a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Short name from a fixed list, for metrics.
    pub reason: &'static str,
    /// Details for a person.
    pub detail: String,
}

/// Decoded content of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Readings for `reading`.
    Readings(VehicleKey, EncodedReadings),
    /// Readings of all cells, for `cell_reading`.
    Cells(VehicleKey, Vec<CellReading>),
    /// A change of a vehicle's connection, for `vehicle_status`.
    Status {
        /// The vehicle.
        vehicle: VehicleKey,
        /// Whether it is connected.
        online: bool,
        /// Boot that sent the status.
        boot_id: u32,
    },
    /// Content that cannot be stored, for `dead_letter`.
    Rejected(Rejection),
}

/// A message and its content.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The message as received.
    pub envelope: Envelope,
    /// Its content.
    pub content: Content,
}

impl Content {
    /// The vehicle; `None` for a rejected message.
    pub fn vehicle(&self) -> Option<&VehicleKey> {
        match self {
            Self::Readings(vehicle, _) | Self::Cells(vehicle, _) => Some(vehicle),
            Self::Status { vehicle, .. } => Some(vehicle),
            Self::Rejected(_) => None,
        }
    }

    /// Number of rows of the message.
    pub fn rows(&self) -> usize {
        match self {
            Self::Readings(_, readings) => readings.len(),
            Self::Cells(_, cells) => cells.len(),
            Self::Status { .. } | Self::Rejected(_) => 1,
        }
    }
}
